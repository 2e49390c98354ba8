//! `cargo xtask fuzz`: libFuzzer on the parsers of foreign input, with the stable compiler.

use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::Workspace;

/// The compiler's own coverage instrumentation, as libFuzzer reads it. `cargo fuzz` passes the same.
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1";
/// An input that takes longer, or more memory, breaks a promise.
const LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=2048"];

/// Runs the target of this name, or all, for so many seconds each.
pub(crate) fn run(workspace: &Workspace, seconds: &str, only: Option<&str>) -> Result<()> {
    ensure!(seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0), "`{seconds}` is no number of seconds");
    let targets: Vec<&str> =
        targets(workspace).into_iter().filter(|name| only.is_none_or(|only| only == *name)).collect();
    if targets.is_empty() {
        bail!("there is no such target; they are the files of fuzz/targets/");
    }
    let host = host()?;
    build(workspace, &host)?;
    for target in targets {
        println!("== {target}: {seconds} s");
        run_target(workspace, &host, target, seconds)?;
    }
    Ok(())
}

fn targets(workspace: &Workspace) -> Vec<&str> {
    let names = workspace.files.iter().filter_map(|file| file.path.strip_prefix("fuzz/targets/")?.strip_suffix(".rs"));
    names.collect()
}

/// The platform that the compiler builds for. Naming it keeps the instrumentation out of build scripts and macros.
fn host() -> Result<String> {
    let version = Command::new("rustc").arg("-vV").output().context("rustc could not be run")?;
    let text = String::from_utf8(version.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say its host")?.to_owned())
}

fn build(workspace: &Workspace, host: &str) -> Result<()> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz"])
        .args(["--target", host])
        .env("RUSTFLAGS", INSTRUMENTED)
        .current_dir(&workspace.root)
        .status()?;
    ensure!(status.success(), "the fuzz targets do not build (see above)");
    Ok(())
}

fn run_target(workspace: &Workspace, host: &str, target: &str, seconds: &str) -> Result<()> {
    let folder = workspace.root.join("target/fuzz");
    let (corpus, artifacts) = (folder.join("corpus").join(target), folder.join("artifacts").join(target));
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&artifacts)?;
    let status = Command::new(folder.join(host).join("release").join(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(LIMITS)
        .args(["-print_final_stats=1", "-verbosity=1"])
        .arg(&corpus)
        .status()?;
    ensure!(status.success(), "{target} found an input that breaks a promise: see {}", artifacts.display());
    Ok(())
}
