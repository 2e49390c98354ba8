//! `palisade key …`

use std::path::Path;

use palisade_server::control::Request;

use super::server::ask;
use crate::{
    cli::KeyCommand,
    failure::Failure,
    output::{Output, text},
};

pub(crate) async fn run(config: &Path, command: &KeyCommand, output: &Output) -> Result<(), Failure> {
    match command {
        KeyCommand::Status => {
            let status = ask(config, &Request::KeyStatus, output).await?;
            output.result(&status, || {
                format!(
                    "key file   {}\nimprint    {}\ndata keys  {}\nvalues under the current one: {}",
                    text(&status, "key_file"),
                    text(&status, "fingerprint"),
                    text(&status, "data_keys"),
                    text(&status, "values_under_current_key"),
                )
            });
        }
        KeyCommand::Rotate => {
            let done = ask(config, &Request::KeyRotate, output).await?;
            output.result(&done, || {
                format!(
                    "A new data key is in use ({}). {} values were encrypted anew, {} older keys retired.",
                    text(&done, "key"),
                    text(&done, "values"),
                    text(&done, "retired"),
                )
            });
        }
        KeyCommand::Rewrap => {
            let done = ask(config, &Request::KeyRewrap, output).await?;
            output.result(&done, || {
                format!(
                    "A new key file is in use: {} (imprint {}).\nCopy it to where you keep the old one's copy. Backups \
                     from before today need the old one: it lies in {}.",
                    text(&done, "key_file"),
                    text(&done, "fingerprint"),
                    text(&done, "retired"),
                )
            });
        }
    }
    Ok(())
}
