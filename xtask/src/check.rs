//! `cargo xtask test`: everything that must hold before a change lands, in the order that finds mistakes soonest.

use std::{process::Command, time::Instant};

use anyhow::{Context as _, Result, ensure};

use crate::{coverage, setup, tidy, workspace::Workspace};

/// Runs every check; stops at the first that fails.
pub(crate) fn run_all(workspace: &Workspace) -> Result<()> {
    step("set up what the tests need", || setup::run(&workspace.root))?;
    step("format", || cargo(workspace, &["fmt", "--all", "--check"]))?;
    step("tidy", || tidy::run(workspace))?;
    step("lints", || {
        cargo(workspace, &["clippy", "--quiet", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"])
    })?;
    step("tests", || coverage::run(workspace))
}

fn step(name: &str, run: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n== {name}");
    let started = Instant::now();
    run().with_context(|| format!("step `{name}` failed"))?;
    println!("== {name}: done in {} s", started.elapsed().as_secs());
    Ok(())
}

fn cargo(workspace: &Workspace, args: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status =
        Command::new(cargo).args(args).current_dir(&workspace.root).status().context("cargo could not be started")?;
    ensure!(status.success(), "cargo {} found something (see above)", args[0]);
    Ok(())
}
