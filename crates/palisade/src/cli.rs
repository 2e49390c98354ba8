//! The command line, as types.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use palisade_server::control::RoleName;

use crate::failure::EXIT_CODES;

/// A safe home for a small company's business apps.
#[derive(Debug, Parser)]
#[command(name = "palisade", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/palisade/palisade.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a living demo company on this machine, with a sign-in link for each role.
    Demo(DemoArgs),
    /// Serve what the configuration says, until told to stop (SIGTERM, Ctrl-C).
    Serve,
    /// Say how the running server is.
    Status,
    /// Look after the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look after users.
    #[command(subcommand)]
    User(UserCommand),
    /// See who is signed in, and sign people out.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Look after the keys that secrets are encrypted under.
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where to listen for HTTPS; port 0 lets the system choose one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub(crate) listen: SocketAddr,
    /// Where the demo is kept; a second start goes on with it.
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    pub(crate) data: PathBuf,
    /// Makes another company; the same number makes the same one. Secrets are random whatever it is.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the configuration and everything that it names, without serving.
    Check,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List users.
    List(UserListArgs),
    /// Make a user; prints a link with which they choose a password.
    Add(UserAddArgs),
    /// Forget a user's failed tries, so that they can sign in again at once.
    Unlock(LoginArgs),
    /// Make a user choose a new password, by a link that is printed; or everybody, at the next sign-in.
    ResetPassword(ResetPasswordArgs),
    /// Remove a user's second factor, because the phone is lost and the recovery codes too.
    ResetFactor(LoginArgs),
    /// Keep a user out: every session ends, every key stops.
    Disable(LoginArgs),
    /// Let a disabled user in again.
    Enable(LoginArgs),
}

#[derive(Debug, Args)]
pub(crate) struct UserListArgs {
    /// Part of a user name, mail address or person's name.
    #[arg(default_value = "")]
    pub(crate) search: String,
    /// Only users who are disabled.
    #[arg(long, conflicts_with = "active")]
    pub(crate) disabled: bool,
    /// Only users who may sign in.
    #[arg(long)]
    pub(crate) active: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UserAddArgs {
    /// The name to sign in with.
    pub(crate) user_name: String,
    /// The person's given name.
    #[arg(long, value_name = "NAME")]
    pub(crate) given_name: String,
    /// The person's family name.
    #[arg(long, value_name = "NAME")]
    pub(crate) family_name: String,
    /// The person's mail address, a second name to sign in with.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// A role to give, for example kpi/Manager; may be repeated.
    #[arg(long = "role", value_name = "SITE/ROLE")]
    pub(crate) roles: Vec<RoleName>,
}

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// User name or mail address.
    #[arg(value_name = "USER")]
    pub(crate) login: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ResetPasswordArgs {
    /// User name or mail address.
    #[arg(value_name = "USER")]
    pub(crate) login: Option<String>,
    /// Everybody.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List who is signed in.
    List,
    /// Sign people out: one session, all of one user, or everybody.
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct RevokeArgs {
    /// One session, by its id.
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// Every session of this user (user name or mail address).
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Everybody's.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Say which keys there are.
    Status,
    /// Make a new data key, and encrypt every secret value anew under it.
    Rotate,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn whose_password_or_session_must_be_said_once() {
        for line in [
            &["palisade", "user", "reset-password"][..],
            &["palisade", "user", "reset-password", "ada", "--all"],
            &["palisade", "session", "revoke"],
            &["palisade", "session", "revoke", "--user", "ada", "--all"],
        ] {
            assert!(Cli::try_parse_from(line).is_err(), "{line:?}");
        }
    }
}
