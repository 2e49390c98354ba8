//! `cargo xtask bench …`: figures for docs/benchmarks.md. Measured by hand on a quiet machine, never a test.

mod core;
mod gate;
mod jail;
mod kpi;

use std::{fmt::Write as _, path::Path, process::Command};

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::Workspace;

/// Where the figures stand, each bench between its own two marks.
const DOCUMENT: &str = "docs/benchmarks.md";

/// One measured figure.
struct Figure {
    what: String,
    value: String,
    bar: &'static str,
}

/// Runs the bench of this name and writes its table into the document.
pub(crate) fn run(workspace: &Workspace, name: &str) -> Result<()> {
    let figures = match name {
        "core" => core::measure(workspace)?,
        "gate" => gate::measure(workspace)?,
        "jail" => jail::measure(workspace)?,
        "kpi" => kpi::measure(workspace)?,
        other => bail!("there is no bench `{other}`; there are: core, gate, jail, kpi"),
    };
    let table = table(workspace, &figures)?;
    print!("{table}");
    let path = workspace.root.join(DOCUMENT);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{DOCUMENT} can't be read"))?;
    let text = replaced(&text, name, &table).with_context(|| format!("{DOCUMENT} has no marks for `{name}`"))?;
    std::fs::write(path, text).with_context(|| format!("{DOCUMENT} can't be written"))
}

fn table(workspace: &Workspace, figures: &[Figure]) -> Result<String> {
    let mut text = format!("Measured at commit {} on {}.\n\n", commit(workspace)?, machine());
    text.push_str("| what | measured | bar |\n|---|---|---|\n");
    for Figure { what, value, bar } in figures {
        writeln!(text, "| {what} | {value} | {bar} |")?;
    }
    Ok(text)
}

fn commit(workspace: &Workspace) -> Result<String> {
    let output = Command::new("git").args(["describe", "--always", "--dirty"]).current_dir(&workspace.root).output()?;
    ensure!(output.status.success(), "git describe failed");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The machine in a few words: processor, cores, and how busy it was.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let model =
        processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("?", |(_, m)| m);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg");
    format!("{cores} × {model}, load average {} at the end", load.split(' ').next().unwrap_or("?"))
}

/// The document with the text between `<!-- name -->` and `<!-- end name -->` replaced.
fn replaced(document: &str, name: &str, table: &str) -> Option<String> {
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end {name} -->"));
    let (head, rest) = document.split_once(&start)?;
    let (_, tail) = rest.split_once(&end)?;
    Some(format!("{head}{start}\n{table}\n{end}{tail}"))
}

/// Builds with the release profile.
fn build_release(workspace: &Workspace, args: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status =
        Command::new(cargo).args(args).args(["--release", "--locked"]).current_dir(&workspace.root).status()?;
    ensure!(status.success(), "cargo {} failed", args.join(" "));
    Ok(())
}

/// The middle one.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A field of `/proc/PID/status` in KiB.
fn process_kib(process: u32, field: &str) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(Path::new(&path)).with_context(|| format!("{path} can't be read"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()).context("the process has no such field")?;
    Ok(number.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_replaces_the_one_before_it_and_nothing_else() {
        let document = "# A\n<!-- core -->\nold\n<!-- end core -->\n<!-- gate -->\nkept\n<!-- end gate -->\n";
        let text = replaced(document, "core", "new\n").unwrap();
        assert_eq!(text, "# A\n<!-- core -->\n\nnew\n\n<!-- end core -->\n<!-- gate -->\nkept\n<!-- end gate -->\n");
        assert_eq!(replaced(document, "kpi", "new"), None);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(Vec::new()), None);
    }
}
