//! `cargo xtask bench core`: idle memory, start time, trail appends and verification, all on SQLite.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use super::{Figure, build_release, median, process_kib};
use crate::workspace::Workspace;

/// How often the program is started; the median counts.
const STARTS: usize = 7;
/// How long it is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(10);

pub(super) fn measure(workspace: &Workspace) -> Result<Vec<Figure>> {
    build_release(workspace, &["build", "--bin", "palisade"])?;
    let mut figures = measure_program(&workspace.root.join("target/release/palisade"), &workspace.root)?;
    figures.extend(measure_trail(workspace)?);
    Ok(figures)
}

fn measure_program(binary: &Path, root: &Path) -> Result<Vec<Figure>> {
    let data = root.join("target/xtask/bench-data");
    let _ = std::fs::remove_dir_all(&data);
    // The first start makes the company; it is no measure of anything but itself.
    let (first, made) = start(binary, &data)?;
    stop(first)?;
    let mut millis = Vec::new();
    for _ in 0..STARTS {
        let (child, took) = start(binary, &data)?;
        millis.push(took.as_secs_f64() * 1000.0);
        stop(child)?;
    }
    let (child, _) = start(binary, &data)?;
    thread::sleep(IDLE);
    let (now, peak) = (process_kib(child.id(), "VmRSS")?, process_kib(child.id(), "VmHWM")?);
    stop(child)?;
    let ready = median(millis).context("it was never started")?;
    Ok(vec![
        Figure {
            what: "the demo's company made from nothing, until ready".into(),
            value: format!("{:.1} s", made.as_secs_f64()),
            bar: "",
        },
        Figure {
            what: "start on existing data, until ready (median of 7)".into(),
            value: format!("{ready:.0} ms"),
            bar: "< 300 ms",
        },
        Figure {
            what: "resident memory, idle for 10 s after the start".into(),
            value: format!("{:.1} MiB (peak {:.1})", mib(now), mib(peak)),
            bar: "≤ 60 MiB",
        },
    ])
}

#[expect(clippy::cast_precision_loss, reason = "a figure with one decimal")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// Starts a demo; gives it and the time until it said that it is ready.
fn start(binary: &Path, data: &Path) -> Result<(Child, Duration)> {
    let started = Instant::now();
    let mut child = Command::new(binary)
        .args(["demo", "--json", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{} could not be started", binary.display()))?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
    ensure!(line.starts_with('{'), "the demo did not become ready");
    Ok((child, started.elapsed()))
}

/// Asks it to stop as a service manager does, and waits until it has.
fn stop(mut child: Child) -> Result<()> {
    Command::new("kill").arg(child.id().to_string()).status()?;
    child.wait()?;
    Ok(())
}

/// Runs the trail's own bench, which prints `name value` lines.
fn measure_trail(workspace: &Workspace) -> Result<Vec<Figure>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--locked", "--package", "palisade-trail", "--bench", "throughput"])
        .current_dir(&workspace.root)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the trail's bench failed (see above)");
    let text = String::from_utf8(output.stdout)?;
    let value = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(|value| format!("{value}/s")).with_context(|| format!("the trail's bench gave no {name}"))
    };
    Ok(vec![
        Figure {
            what: "trail: changes committed with their leaf, 64 writers at once, synchronous=FULL".into(),
            value: value("commits")?,
            bar: "",
        },
        Figure {
            what: "trail: leaves of events appended, 256 at once, grouped, synchronous=FULL".into(),
            value: value("appends")?,
            bar: "≥ 50,000/s",
        },
        Figure { what: "trail: leaves verified".into(), value: value("verified")?, bar: "≥ 1,000,000/s" },
    ])
}
