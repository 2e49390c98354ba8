//! `palisade jail …`

use std::path::Path;

use palisade_server::control::Request;
use serde_json::Value;

use super::server::ask_for_items;
use crate::{
    cli::JailStatusArgs,
    failure::Failure,
    output::{Output, table, text},
};

const COLUMNS: [(&str, &str); 7] = [
    ("JAIL", "name"),
    ("FAILING", "failing"),
    ("BANNED", "banned"),
    ("FAILURES", "failures"),
    ("LAST FAILURE", "last_failure_at"),
    ("UNDECIDED", "undecided"),
    ("ONLY REPORTS", "shadow"),
];

pub(crate) async fn status(config: &Path, args: JailStatusArgs, output: &Output) -> Result<(), Failure> {
    let is_one = args.name.is_some();
    let mut jails = Vec::new();
    let request = Request::JailStatus { name: args.name };
    let report = ask_for_items(config, &request, output, |jail| {
        if output.is_json() {
            output.line(&jail.to_string());
        } else {
            jails.push(jail);
        }
    });
    let report = report.await?;
    if output.is_json() {
        output.line(&report.to_string());
        return Ok(());
    }
    let heads = COLUMNS.map(|(head, _)| head);
    let row = |jail: &Value| COLUMNS.iter().map(|(_, field)| text(jail, field)).collect();
    output.line(&table(&heads, &jails.iter().map(row).collect::<Vec<_>>()));
    for jail in &jails {
        say_each(output, &format!("{}: ", text(jail, "name")), &jail["problems"]);
        if is_one {
            say_each(output, "Reads ", &jail["log_paths"]);
            say_each(output, "Undecided: ", &jail["doubts"]);
        }
    }
    say_each(output, "Not used: ", &report["broken"]);
    say_each(output, "Note: ", &report["warnings"]);
    say_each(output, "", &report["problems"]);
    Ok(())
}

fn say_each(output: &Output, before: &str, lines: &Value) {
    for line in lines.as_array().into_iter().flatten().filter_map(Value::as_str) {
        output.line(&format!("{before}{line}"));
    }
}
