//! `palisade ban …`

use std::path::Path;

use palisade_server::control::Request;

use super::server::{ask, list};
use crate::{
    cli::{BanAddArgs, BanCommand, BanListArgs, BanTargetArgs},
    failure::Failure,
    output::{Output, text},
};

pub(crate) async fn run(config: &Path, command: BanCommand, output: &Output) -> Result<(), Failure> {
    match command {
        BanCommand::List(args) => list_bans(config, args, output).await,
        BanCommand::Add(args) => add(config, args, output).await,
        BanCommand::Remove(BanTargetArgs { network }) => {
            let lifted = ask(config, &Request::BanRemove { network }, output).await?;
            output.result(&lifted, || format!("{} may come in again.", text(&lifted, "network")));
            Ok(())
        }
    }
}

async fn list_bans(config: &Path, args: BanListArgs, output: &Output) -> Result<(), Failure> {
    let BanListArgs { network, jail, over, all } = args;
    let live = (!all).then_some(!over);
    let columns = [
        ("ADDRESS", "network"),
        ("MEASURE", "measure"),
        ("JAIL", "jail"),
        ("BY", "by"),
        ("SINCE", "since"),
        ("ENDS", "ends"),
        ("LIFTED", "lifted_at"),
        ("REASON", "reason"),
    ];
    let columns: Vec<_> =
        columns.into_iter().filter(|(_, field)| *field != "lifted_at" || live != Some(true)).collect();
    let result = list(config, &Request::BanList { live, network, jail }, output, &columns).await?;
    if !output.is_json() && result["bans"] == 0 {
        output.line(if live == Some(true) { "Nobody is banned." } else { "There is no such ban." });
    }
    Ok(())
}

async fn add(config: &Path, args: BanAddArgs, output: &Output) -> Result<(), Failure> {
    let BanAddArgs { network, length, until_lifted, reason } = args;
    let length = (!until_lifted).then_some(length);
    let ban = ask(config, &Request::BanAdd { network, length, reason }, output).await?;
    output.result(&ban, || match text(&ban, "until").as_str() {
        "" => format!("{} is shut out until it is lifted.", text(&ban, "network")),
        until => format!("{} is shut out until {until}.", text(&ban, "network")),
    });
    Ok(())
}
