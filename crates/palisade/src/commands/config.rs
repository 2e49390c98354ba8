//! `palisade config …`

use std::path::Path;

use palisade_config::{Config, ConfigError};
use serde_json::{Value, json};

use crate::{cli::ConfigCommand, failure::Failure, output::Output};

pub(crate) fn run(path: &Path, command: &ConfigCommand, output: &Output) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check => check(path, output),
    }
}

fn check(path: &Path, output: &Output) -> Result<(), Failure> {
    let checked = Config::load(path)
        .and_then(|config| config.with_environment(|name| std::env::var(name).ok()))
        .and_then(|config| config.check().map(|()| config))
        .and_then(|config| palisade_server::check_certificates(&config).map(|()| config));
    match checked {
        Ok(config) => {
            let sites: Vec<&str> = config.sites.iter().map(|site| site.name.as_str()).collect();
            output.result(&json!({ "ok": true, "file": path, "sites": sites, "findings": [] }), || {
                format!("{} is sound: {} and everything it names is there.", path.display(), count_sites(sites.len()))
            });
            Ok(())
        }
        Err(error) => {
            if output.is_json() {
                output.line(&json!({ "ok": false, "file": error.path, "findings": findings(&error) }).to_string());
            }
            Err(error.into())
        }
    }
}

fn count_sites(sites: usize) -> String {
    if sites == 1 { "one site".to_owned() } else { format!("{sites} sites") }
}

fn findings(error: &ConfigError) -> Vec<Value> {
    let finding = |finding: &palisade_config::Finding| {
        let place = finding.place.as_ref();
        json!({
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "what": finding.what,
            "hint": finding.hint,
        })
    };
    error.findings.iter().map(finding).collect()
}
