//! Palisade's command line. Thin: what a command does is in `commands/`, what the server does in palisade-server.

mod cli;
mod commands;
mod failure;
mod output;

use std::{path::Path, process::ExitCode};

use clap::Parser as _;

use crate::{
    cli::{Cli, Command, Program},
    failure::Failure,
    output::Output,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    let done = match cli.program {
        Program::Command(command) => run(&cli.config, command, &output),
        Program::Helper(args) => commands::helper::run(&cli.config, &args, &output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            failure.code.into()
        }
    }
}

fn run(config: &Path, command: Command, output: &Output) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(commands::run(config, command, output))
}
