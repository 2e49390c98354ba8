//! `cargo xtask …`: the project's own chores. What each does stands in [`USAGE`].
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod bench;
mod check;
mod claims;
mod coverage;
mod fail2ban;
mod fuzz;
mod setup;
mod source;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test                    everything: setup, format, lints, tidy, all tests, which requirements they cover
  ci                      the same, as .ci/run calls it
  setup                   install what the tests need (Debian packages, and tools under target/)
  tidy                    check the rules of ARCHITECTURE.md that the compiler can't
  coverage [--from FILE]  run the tests (or read a saved run) and list the covered requirements
  fuzz SECONDS [TARGET]   run the fuzz targets (see fuzz/README.md), each that long
  fail2ban [DIR]          fail2ban's own filters on its own sample lines (of a source tree, or Debian's)
  bench core              measure memory, start and trail; writes docs/benchmarks.md
  bench gate              compare the gate with nginx; writes docs/benchmarks.md
  bench jail              judge log lines beside fail2ban; writes docs/benchmarks.md
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<()> {
    let workspace = Workspace::find()?;
    match args {
        ["test" | "ci"] => check::run_all(&workspace),
        ["setup"] => setup::run(&workspace.root),
        ["tidy"] => tidy::run(&workspace),
        ["coverage"] => coverage::run(&workspace),
        ["coverage", "--from", file] => coverage::report_saved(&workspace, file.as_ref()),
        ["bench", name] => bench::run(&workspace, name),
        ["fail2ban"] => fail2ban::run(&workspace.root, None),
        ["fail2ban", dir] => fail2ban::run(&workspace.root, Some(dir)),
        ["fuzz", seconds] => fuzz::run(&workspace, seconds, None),
        ["fuzz", seconds, target] => fuzz::run(&workspace, seconds, Some(target)),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        [] => bail!("no command given\n\n{USAGE}"),
        other => bail!("unknown command: {}\n\n{USAGE}", other.join(" ")),
    }
}
