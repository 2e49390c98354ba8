//! `palisade session …`

use std::path::Path;

use palisade_server::control::{Request, Revoke};

use super::server::{ask, list};
use crate::{
    cli::{RevokeArgs, SessionCommand},
    failure::Failure,
    output::{Output, text},
};

pub(crate) async fn run(config: &Path, command: SessionCommand, output: &Output) -> Result<(), Failure> {
    match command {
        SessionCommand::List => {
            let columns = [
                ("SESSION", "id"),
                ("USER", "user"),
                ("NAME", "name"),
                ("CLASS", "class"),
                ("SINCE", "created_at"),
                ("LAST USED", "last_used_at"),
                ("FROM", "address"),
            ];
            let result = list(config, &Request::SessionList, output, &columns).await?;
            if !output.is_json() && result["sessions"] == 0 {
                output.line("Nobody is signed in.");
            }
            Ok(())
        }
        SessionCommand::Revoke(args) => revoke(config, args, output).await,
    }
}

async fn revoke(config: &Path, args: RevokeArgs, output: &Output) -> Result<(), Failure> {
    let whose = match args {
        RevokeArgs { session: Some(id), .. } => Revoke::Session { id },
        RevokeArgs { user: Some(login), .. } => Revoke::User { login },
        RevokeArgs { .. } => Revoke::All,
    };
    let ended = ask(config, &Request::SessionRevoke(whose), output).await?;
    output.result(&ended, || format!("Sessions ended: {}", text(&ended, "ended")));
    Ok(())
}
