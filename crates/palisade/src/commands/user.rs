//! `palisade user …`

use std::path::Path;

use palisade_server::control::Request;
use serde_json::Value;

use super::server::{ask, list};
use crate::{
    cli::{LoginArgs, UserAddArgs, UserCommand, UserListArgs},
    failure::Failure,
    output::{Output, text},
};

pub(crate) async fn run(config: &Path, command: UserCommand, output: &Output) -> Result<(), Failure> {
    match command {
        UserCommand::List(args) => list_users(config, args, output).await,
        UserCommand::Add(args) => add(config, args, output).await,
        UserCommand::Unlock(LoginArgs { login }) => {
            tell(config, &Request::UserUnlock { login }, output, "Failed tries are forgotten for").await
        }
        UserCommand::Disable(LoginArgs { login }) => {
            tell(config, &Request::UserDisable { login }, output, "Disabled, with every session and key:").await
        }
        UserCommand::Enable(LoginArgs { login }) => {
            tell(config, &Request::UserEnable { login }, output, "May sign in again:").await
        }
        UserCommand::ResetFactor(LoginArgs { login }) => {
            tell(
                config,
                &Request::UserResetFactor { login },
                output,
                "The second factor is removed, sessions are ended:",
            )
            .await
        }
        UserCommand::ResetPassword(args) => match args.login {
            Some(login) => reset_password(config, login, output).await,
            None => reset_all_passwords(config, output).await,
        },
    }
}

async fn list_users(config: &Path, args: UserListArgs, output: &Output) -> Result<(), Failure> {
    let disabled = (args.disabled || args.active).then_some(args.disabled);
    let request = Request::UserList { search: args.search, disabled };
    let columns = [
        ("USER", "user"),
        ("NAME", "name"),
        ("STATUS", "status"),
        ("FACTOR", "second_factor"),
        ("LOCKED UNTIL", "locked_until"),
        ("LAST SIGN-IN", "last_sign_in_at"),
        ("ROLES", "roles"),
    ];
    let result = list(config, &request, output, &columns).await?;
    if !output.is_json() && result["users"] == 0 {
        output.line("No user fits.");
    }
    Ok(())
}

async fn add(config: &Path, args: UserAddArgs, output: &Output) -> Result<(), Failure> {
    let UserAddArgs { user_name, given_name, family_name, email, roles } = args;
    let request = Request::UserAdd { user_name, given_name, family_name, email, roles };
    let made = ask(config, &request, output).await?;
    output.result(&made, || {
        let waiting = text(&made, "roles_waiting_for_a_second_factor");
        let waits = if waiting.is_empty() {
            String::new()
        } else {
            format!("\nThese roles wait until they have a second factor: {waiting}")
        };
        format!("Made the user {}.{waits}\n{}", text(&made, "user"), link_words(&made))
    });
    Ok(())
}

async fn reset_password(config: &Path, login: String, output: &Output) -> Result<(), Failure> {
    let reset = ask(config, &Request::UserResetPassword { login }, output).await?;
    output.result(&reset, || {
        format!("{} must choose a new password; every session is ended.\n{}", text(&reset, "user"), link_words(&reset))
    });
    Ok(())
}

async fn reset_all_passwords(config: &Path, output: &Output) -> Result<(), Failure> {
    let reset = ask(config, &Request::UserResetAllPasswords, output).await?;
    output.result(&reset, || {
        format!(
            "{} users must choose a new password at the next sign-in; every session is ended.",
            text(&reset, "users")
        )
    });
    Ok(())
}

/// Does it to one user, and says so.
async fn tell(config: &Path, request: &Request, output: &Output, words: &str) -> Result<(), Failure> {
    let done = ask(config, request, output).await?;
    output.result(&done, || format!("{words} {}", text(&done, "user")));
    Ok(())
}

fn link_words(result: &Value) -> String {
    format!(
        "They choose their password here (works once, until {}):\n{}",
        text(result, "expires_at"),
        text(result, "link")
    )
}
