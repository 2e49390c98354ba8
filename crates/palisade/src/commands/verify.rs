//! `palisade verify`

use std::path::Path;

use palisade_server::control::Request;
use serde_json::Value;

use super::server::ask_for_items;
use crate::{
    cli::PostureArgs,
    failure::{Code, Failure},
    output::{Output, text},
};

pub(crate) async fn run(config: &Path, args: &PostureArgs, output: &Output) -> Result<(), Failure> {
    let mut entries = Vec::new();
    let summary = ask_for_items(config, &Request::Verify, output, |entry| entries.push(entry)).await?;
    let shown: Vec<&Value> = entries.iter().filter(|entry| is_wanted(args, entry)).collect();
    if output.is_json() {
        shown.iter().for_each(|entry| output.line(&entry.to_string()));
        output.line(&summary.to_string());
    } else {
        show(&shown, output);
        output.line(&count(&shown));
    }
    let wanting = shown.iter().filter(|entry| needs_somebody(entry)).count();
    match wanting {
        0 if shown.is_empty() && !entries.is_empty() && is_narrowed(args) => {
            Err(Failure::new(Code::NotDone, "not_found", "No check fits. Leave out --point, --site or --findings."))
        }
        0 => Ok(()),
        n => Err(Failure::new(Code::NotInForce, "not_in_force", format!("{n} checks need somebody."))),
    }
}

/// Nothing with `--findings` alone is good news; nothing for a point or a site is a question that nobody answers.
const fn is_narrowed(args: &PostureArgs) -> bool {
    args.point.is_some() || args.site.is_some()
}

fn is_wanted(args: &PostureArgs, entry: &Value) -> bool {
    let has_point = |id: &String| {
        let mut points = entry["points"].as_array().into_iter().flatten().filter_map(Value::as_str);
        points.any(|point| point.eq_ignore_ascii_case(id))
    };
    (!args.findings || needs_somebody(entry))
        && args.point.as_ref().is_none_or(has_point)
        && args.site.as_ref().is_none_or(|site| entry["site"] == site.as_str())
}

fn needs_somebody(entry: &Value) -> bool {
    entry["verdict"] == "finding" || entry["verdict"] == "unseen"
}

/// Under the guide's eight first, then under each place.
fn show(entries: &[&Value], output: &Output) {
    let mut heading = String::new();
    for group in entries.chunk_by(|one, other| one["group"] == other["group"]) {
        let [entry, ..] = group else { continue };
        let here = heading_of(entry);
        if here != heading {
            output.line(&format!("{}{here}", if heading.is_empty() { "" } else { "\n" }));
            heading = here;
        }
        show_group(entry, group, output);
    }
    if !entries.is_empty() {
        output.line("");
    }
}

fn heading_of(entry: &Value) -> String {
    if !entry["guide_number"].is_null() {
        return "The guide's eight checks (TEMS, section 14)".to_owned();
    }
    match entry["site"].as_str() {
        Some(site) => format!("Site {site}"),
        None => "This installation".to_owned(),
    }
}

/// What they saw and what mends it is the same for all of a group.
fn show_group(entry: &Value, group: &[&Value], output: &Output) {
    let number = entry["guide_number"].as_u64().map_or_else(String::new, |number| format!("{number}. "));
    let site = match (entry["guide_number"].is_null(), entry["site"].as_str()) {
        (false, Some(site)) => format!(" [{site}]"),
        _ => String::new(),
    };
    let titles: Vec<String> = group.iter().map(|entry| text(entry, "title")).collect();
    output.line(&format!("  {} {number}{}{site}: {}", mark(entry), titles.join("; "), text(entry, "seen")));
    if !needs_somebody(entry) {
        return;
    }
    for line in entry["evidence"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        output.line(&format!("      {line}"));
    }
    output.line(&format!("    → {}", text(entry, "mend")));
    if let Some(command) = entry["command"].as_str() {
        output.line(&format!("      {command}"));
    }
}

fn mark(entry: &Value) -> &'static str {
    match entry["verdict"].as_str() {
        Some("in_force") => "✓",
        Some("finding") => "✗",
        Some("unseen") => "?",
        _ => "–",
    }
}

fn count(entries: &[&Value]) -> String {
    let of = |verdict: &str| entries.iter().filter(|entry| entry["verdict"] == verdict).count();
    format!(
        "{} in force, {} not, {} could not be looked at, {} do not apply.",
        of("in_force"),
        of("finding"),
        of("unseen"),
        of("not_applicable")
    )
}
