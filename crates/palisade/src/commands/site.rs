//! `palisade site …`

use std::path::Path;

use palisade_server::control::Request;
use serde_json::Value;

use super::server::ask_for_items;
use crate::{
    cli::SiteCommand,
    failure::Failure,
    output::{Output, table, text},
};

pub(crate) async fn run(config: &Path, command: &SiteCommand, output: &Output) -> Result<(), Failure> {
    match command {
        SiteCommand::List => list(config, output).await,
    }
}

async fn list(config: &Path, output: &Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    ask_for_items(config, &Request::SiteList, output, |site| {
        if output.is_json() {
            output.line(&site.to_string());
        } else {
            rows.push(row(&site));
        }
    })
    .await?;
    if !output.is_json() {
        output.line(&table(&["SITE", "HOSTS", "APP", "PRESET", "CERTIFICATE", "SIGN-IN"], &rows));
    }
    Ok(())
}

fn row(site: &Value) -> Vec<String> {
    let list = |key: &str| site[key].as_array().cloned().unwrap_or_default();
    let hosts: Vec<String> = list("hosts").iter().filter_map(|host| host.as_str().map(str::to_owned)).collect();
    let upstream: Vec<String> = list("upstream").iter().map(address).collect();
    let app = if upstream.is_empty() { text(site, "app") } else { upstream.join(", ") };
    vec![
        text(site, "name"),
        hosts.join(", "),
        app,
        text(site, "preset"),
        certificate(&list("certificates")),
        text(site, "sign_in"),
    ]
}

fn address(address: &Value) -> String {
    let health = match address["state"].as_str() {
        Some("answers") => "answers",
        Some("last-failed") => "the last request failed",
        Some("silent") => "does not answer",
        _ => "not asked yet",
    };
    format!("{} ({health})", text(address, "address"))
}

/// The one that ends first.
fn certificate(certificates: &[Value]) -> String {
    let first = certificates.iter().min_by_key(|certificate| certificate["days_left"].as_i64());
    first.map_or_else(String::new, |first| format!("{}, {} days left", text(first, "source"), text(first, "days_left")))
}
