//! The command line, as types.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use palisade_server::control::RoleName;

use crate::failure::EXIT_CODES;

/// Where the server's configuration is, unless said otherwise.
pub(crate) const USUAL_CONFIG: &str = "/etc/palisade/palisade.toml";

/// A safe home for a small company's business apps.
#[derive(Debug, Parser)]
#[command(name = "palisade", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The configuration file; for commands to a running server also its data directory; for `helper` its own file,
    /// /etc/palisade/helper.toml unless given.
    #[arg(long, global = true, value_name = "FILE", default_value = USUAL_CONFIG)]
    pub(crate) config: PathBuf,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) program: Program,
}

/// The helper begins before there is a second thread: a thread can take rights from itself and from those to come only.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one value, read once from the command line")]
pub(crate) enum Program {
    #[command(flatten)]
    Command(Command),
    /// Do as root what the server may not: bans in the kernel, other programs' logs, configured commands.
    Helper(HelperArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a living demo company on this machine, with a sign-in link for each role.
    Demo(DemoArgs),
    /// Serve what the configuration says, until told to stop (SIGTERM, Ctrl-C).
    Serve,
    /// Make what is missing (configuration, data directory, keys, schema), and print the first administrator's link.
    Setup(SetupArgs),
    /// Bring the database's schema up to this release.
    Migrate,
    /// Say how the running server is.
    Status,
    /// Have the running server read its configuration again and put it into force, without losing a request.
    Reload,
    /// See the sites.
    #[command(subcommand)]
    Site(SiteCommand),
    /// Look after the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look after users.
    #[command(subcommand)]
    User(UserCommand),
    /// See who is signed in, and sign people out.
    #[command(subcommand)]
    Session(SessionCommand),
    /// See who is banned, ban an address or a network, and lift bans.
    #[command(subcommand)]
    Ban(BanCommand),
    /// See how the jails are.
    #[command(subcommand)]
    Jail(JailCommand),
    /// Look whether what the guides ask for is in force: a tick or a cross for each point, with why and what to do.
    Verify(PostureArgs),
    /// See what the program can mend by itself, and have it done.
    #[command(subcommand)]
    Harden(HardenCommand),
    /// Read, verify and take out the trail.
    #[command(subcommand)]
    Trail(TrailCommand),
    /// Look after the certificates of the sites.
    #[command(subcommand)]
    Cert(CertCommand),
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
    /// For measuring: a company of so many people, each evaluated in every skill.
    #[arg(long, value_name = "NUMBER", requires = "quarters", hide = true)]
    pub(crate) people: Option<usize>,
    /// For measuring: in so many quarters.
    #[arg(long, value_name = "NUMBER", requires = "people", hide = true)]
    pub(crate) quarters: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct HelperArgs {
    /// Only say whether the helper's file, and what it names, is sound.
    #[arg(long, conflicts_with = "remove_rules")]
    pub(crate) check: bool,
    /// Only take all our rules out of the kernel.
    #[arg(long)]
    pub(crate) remove_rules: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// The host name that people will open; for a new configuration.
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// The company's name; for a new configuration.
    #[arg(long, value_name = "NAME")]
    pub(crate) company: Option<String>,
    /// The data directory; for a new configuration.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/palisade")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SiteCommand {
    /// List the sites with their hosts, applications and certificates.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// List the certificate of each host: who issued it, until when it is good, when it is renewed.
    List,
    /// Order certificates that are missing, without waiting for the next try.
    Issue {
        /// Of this site alone.
        site: Option<String>,
    },
    /// Renew the certificates that are due; with a site, its certificate now.
    Renew {
        /// Of this site alone, due or not.
        site: Option<String>,
        /// Do whole orders and throw away what is issued: shows that renewing would work.
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the root of your own CA, to be installed on devices.
    Root,
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
pub(crate) enum BanCommand {
    /// List bans, newest first: those in force, unless asked otherwise.
    List(BanListArgs),
    /// Shut an address or a network out, at once. An IPv6 address stands for its /64.
    Add(BanAddArgs),
    /// Lift the bans of an address or a network.
    Remove(BanTargetArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BanListArgs {
    /// Only those that have to do with this address or network.
    #[arg(value_name = "ADDRESS")]
    pub(crate) network: Option<String>,
    /// Only those of this jail; bans by hand are of `manual`.
    #[arg(long, value_name = "NAME")]
    pub(crate) jail: Option<String>,
    /// Those that are over: lifted, or run out.
    #[arg(long, conflicts_with = "all")]
    pub(crate) over: bool,
    /// All of them.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BanAddArgs {
    /// 192.0.2.7, 192.0.2.0/24, 2001:db8::/48.
    #[arg(value_name = "ADDRESS")]
    pub(crate) network: String,
    /// For how long: 30m, 1h, 7d.
    #[arg(long = "for", value_name = "LENGTH", default_value = "1h", conflicts_with = "until_lifted")]
    pub(crate) length: String,
    /// Until somebody lifts it.
    #[arg(long)]
    pub(crate) until_lifted: bool,
    /// Why; stands in the list and in the trail.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct BanTargetArgs {
    /// As `ban list` shows it.
    #[arg(value_name = "ADDRESS")]
    pub(crate) network: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JailCommand {
    /// Say what the jails have seen, whom they have banned, and what stands in their way.
    Status(JailStatusArgs),
}

#[derive(Debug, Args)]
pub(crate) struct JailStatusArgs {
    /// Only this one, with its last doubtful lines.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PostureArgs {
    /// Only what needs somebody.
    #[arg(long)]
    pub(crate) findings: bool,
    /// Only what stands for this point of the guides: T1.2, K9.1.
    #[arg(long, value_name = "POINT")]
    pub(crate) point: Option<String>,
    /// Only this site's.
    #[arg(long, value_name = "NAME")]
    pub(crate) site: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HardenCommand {
    /// Show what would be done, and change nothing.
    Plan,
    /// Carry out one plan, as it was shown.
    Apply(HardenApplyArgs),
    /// Have what was applied stay, where it goes by itself otherwise: the firewall, within 60 seconds.
    Confirm(HardenConfirmArgs),
    /// Print the machine's firewall rules for another program, from the configuration alone.
    Print(HardenPrintArgs),
}

#[derive(Debug, Args)]
pub(crate) struct HardenConfirmArgs {
    /// What was applied, as `harden plan` names it.
    #[arg(value_name = "NAME", default_value = "firewall")]
    pub(crate) mender: String,
}

#[derive(Debug, Args)]
pub(crate) struct HardenPrintArgs {
    /// For which program.
    #[arg(value_name = "FORM")]
    pub(crate) form: PrintForm,
}

/// For which program the firewall's rules are printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PrintForm {
    /// A file for `nft -f`.
    Nftables,
    /// Commands for ufw.
    Ufw,
    /// Commands for iptables and ip6tables.
    Iptables,
}

#[derive(Debug, Args)]
pub(crate) struct HardenApplyArgs {
    /// What to mend, as `harden plan` names it.
    #[arg(value_name = "NAME")]
    pub(crate) mender: String,
    /// Which plan was shown: 16 characters. What has changed since then is not done.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrailCommand {
    /// Show the newest entries, oldest of them first.
    Tail(TailArgs),
    /// Find entries, newest first.
    Search(SearchArgs),
    /// Recompute the whole trail, and say what was edited, removed, moved or rewritten.
    Verify(VerifyArgs),
    /// Take the whole trail out as JSON Lines, which `trail verify --export` checks anywhere.
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    /// How many entries.
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=500))]
    pub(crate) lines: u16,
    /// Go on with new entries as they come, until stopped.
    #[arg(short, long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// Some text in the entry: actor, action, resource, outcome, agent or detail.
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// The most entries.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub(crate) limit: u64,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// What entries must be like; all that is given must fit.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// authentication, administration, access, configuration, security or change.
    #[arg(long, value_name = "NAME")]
    pub(crate) category: Option<String>,
    /// Done by this user (user name or mail address).
    #[arg(long, value_name = "USER", conflicts_with = "actor")]
    pub(crate) user: Option<String>,
    /// Done by this actor, as the trail has it: user:ID, operator:NAME, job:NAME, anonymous.
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
    /// The action, or how it starts: session.start, employee.
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// What it was done to: employee:ID, or all of a kind: employee.
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) resource: Option<String>,
    /// Only what failed or was refused.
    #[arg(long)]
    pub(crate) failed: bool,
    /// From this address.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) address: Option<String>,
    /// Not before this instant: 2026-03-01T09:30:00Z.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) from: Option<String>,
    /// Before this instant.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A file with seals that were kept elsewhere (a seal sink's file, a log, a mail); may be repeated. Without one, a
    /// trail that was rewritten and signed anew by who has the keys can't be told from a true one.
    #[arg(long, value_name = "SEAL")]
    pub(crate) against: Vec<PathBuf>,
    /// The trail's public key, as it was noted down elsewhere.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Open the database directly. No server may be running on an embedded one.
    #[arg(long, conflicts_with = "export")]
    pub(crate) offline: bool,
    /// Verify this export instead of a database; needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Where to write; a file that is there already is not touched. Standard output by default.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Say which keys there are.
    Status,
    /// Make a new data key, and encrypt every secret value anew under it.
    Rotate,
    /// Make a new key file, and wrap the data keys by it. For when a copy of the key file got into wrong hands; rotate afterwards.
    Rewrap,
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
