//! What the kernel says of a process and its children.

use std::fs;

use anyhow::{Context as _, Result};

/// The kernel counts processor time in hundredths of a second.
const MICROS_PER_TICK: f64 = 10_000.0;

/// The process and all below it that are still there.
fn tree(process: u32) -> Vec<u32> {
    let mut all = vec![process];
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    for task in tasks {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|id| id.parse().ok()) {
            all.extend(tree(child));
        }
    }
    all
}

/// Processor time of the tree so far, in microseconds.
pub(super) fn cpu_micros(process: u32) -> Result<f64> {
    let mut ticks = 0.0;
    for process in tree(process) {
        let path = format!("/proc/{process}/stat");
        let stat = fs::read_to_string(&path).with_context(|| format!("{path} can't be read"))?;
        // The name in brackets may hold spaces; user and system time are the 12th and 13th field behind it.
        let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat is not understood")?;
        for field in fields.split_whitespace().skip(11).take(2) {
            ticks += field.parse::<f64>()?;
        }
    }
    Ok(ticks * MICROS_PER_TICK)
}

/// Memory of the tree in KiB, where what several processes share counts once (PSS).
pub(super) fn memory_kib(process: u32) -> Result<u64> {
    let mut sum = 0;
    for process in tree(process) {
        let path = format!("/proc/{process}/smaps_rollup");
        let text = fs::read_to_string(&path).with_context(|| format!("{path} can't be read"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("there is no Pss")?;
        sum += line.split_whitespace().next().context("Pss is empty")?.parse::<u64>()?;
    }
    Ok(sum)
}
