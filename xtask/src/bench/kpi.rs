//! `cargo xtask bench kpi`: the app's pages with 500 people, after 8 quarters of evaluations and after 20.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::{Figure, build_release};
use crate::workspace::Workspace;

const PEOPLE: &str = "500";
/// The quarters of the two histories.
const HISTORIES: [&str; 2] = ["8", "20"];
/// What is measured, in words; the bar holds for both histories.
const PAGES: [(&str, &str, &str); 4] = [
    ("dashboard", "dashboard", "p50 ≤ 10 ms, p99 ≤ 40 ms"),
    ("profile", "an employee's own page", ""),
    ("coverage", "coverage map", ""),
    ("report", "report on everybody's team", ""),
];

pub(super) fn measure(workspace: &Workspace) -> Result<Vec<Figure>> {
    build_release(workspace, &["build", "--bin", "palisade"])?;
    build_release(workspace, &["build", "--package", "palisade-e2e", "--example", "kpi_load"])?;
    let mut figures = Vec::new();
    let mut texts = Vec::new();
    for quarters in HISTORIES {
        let text = load(workspace, quarters)?;
        figures.push(Figure { what: format!("{quarters} quarters: made in"), value: value(&text, "made")?, bar: "" });
        figures.push(Figure {
            what: format!("{quarters} quarters: database"),
            value: value(&text, "database")?,
            bar: "",
        });
        for (name, what, bar) in PAGES {
            let what = format!("{quarters} quarters: {what}, 8 at once");
            figures.push(Figure { what, value: value(&text, name)?, bar });
        }
        let what = format!("{quarters} quarters: dashboard, the first look after a change, one at a time");
        figures.push(Figure { what, value: value(&text, "changed")?, bar: "" });
        texts.push(text);
    }
    if let [short, long] = texts.as_slice() {
        for (name, what, _) in PAGES {
            let value =
                ratio(short, long, name).map_or_else(|| "not measured".to_owned(), |ratio| format!("{ratio:.2} ×"));
            figures.push(Figure { what: format!("p50 after 20 quarters against 8: {what}"), value, bar: "≈ 1 ×" });
        }
    }
    Ok(figures)
}

/// Runs the load of this history; gives the `name value` lines that it printed.
fn load(workspace: &Workspace, quarters: &str) -> Result<String> {
    let release = workspace.root.join("target/release");
    let output = Command::new(release.join("examples/kpi_load"))
        .args([PEOPLE, quarters])
        .env("PALISADE_BINARY", release.join("palisade"))
        .current_dir(&workspace.root)
        .stderr(Stdio::inherit())
        .output()
        .context("kpi_load could not be run")?;
    ensure!(output.status.success(), "kpi_load failed with {quarters} quarters (see above)");
    Ok(String::from_utf8(output.stdout)?)
}

fn value(text: &str, name: &str) -> Result<String> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map(str::to_owned).with_context(|| format!("kpi_load gave no {name}"))
}

/// How many times slower the median of a page is with the longer history.
fn ratio(short: &str, long: &str, name: &str) -> Option<f64> {
    let p50 = |text: &str| -> Option<f64> {
        let line = value(text, name).ok()?;
        line.strip_prefix("p50 ")?.split(' ').next()?.parse().ok()
    };
    Some(p50(long)? / p50(short)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_that_of_the_medians() {
        let short =
            "made 9 s\ndashboard p50 4.0 ms, p99 9.0 ms, 1.00 ms CPU each, 900/s\nreport none (/x answers 404)\n";
        let long = "dashboard p50 5.0 ms, p99 9.0 ms, 1.00 ms CPU each, 900/s\nreport none (/x answers 404)\n";
        assert_eq!(ratio(short, long, "dashboard"), Some(1.25));
        assert_eq!(ratio(short, long, "report"), None);
        assert!(value(short, "made").is_ok() && value(short, "profile").is_err());
    }
}
