//! One module per noun.

mod ban;
mod cert;
mod config;
mod demo;
mod harden;
pub(crate) mod helper;
mod jail;
mod key;
mod serve;
mod server;
mod session;
mod setup;
mod site;
mod status;
mod trail;
mod user;
mod verify;

use std::path::Path;

use crate::{
    cli::{Command, JailCommand},
    failure::Failure,
    output::Output,
};

/// Does what the command line asks.
pub(crate) async fn run(config: &Path, command: Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(args, output).await,
        Command::Serve => serve::run(config).await,
        Command::Setup(args) => setup::setup(config, &args, output).await,
        Command::Migrate => setup::migrate(config, output).await,
        Command::Status => status::run(config, output).await,
        Command::Config(command) => config::run(config, &command, output).await,
        Command::Reload => config::reload(config, output).await,
        Command::Site(command) => site::run(config, &command, output).await,
        Command::User(command) => user::run(config, command, output).await,
        Command::Session(command) => session::run(config, command, output).await,
        Command::Ban(command) => ban::run(config, command, output).await,
        Command::Jail(JailCommand::Status(args)) => jail::status(config, args, output).await,
        Command::Verify(args) => verify::run(config, &args, output).await,
        Command::Harden(command) => harden::run(config, command, output).await,
        Command::Trail(command) => trail::run(config, command, output).await,
        Command::Cert(command) => cert::run(config, command, output).await,
        Command::Key(command) => key::run(config, &command, output).await,
    }
}
