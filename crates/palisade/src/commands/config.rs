//! `palisade config …` and `palisade reload`

use std::path::Path;

use palisade_config::{Config, ConfigError, Finding};
use palisade_server::{control::Request, findings_as_json};
use serde_json::{Value, json};

use super::server::ask;
use crate::{
    cli::ConfigCommand,
    failure::{Code, Failure},
    output::{Output, text},
};

pub(crate) async fn run(path: &Path, command: &ConfigCommand, output: &Output) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check => check(path, output).await,
    }
}

async fn check(path: &Path, output: &Output) -> Result<(), Failure> {
    let read = Config::load(path).and_then(|config| config.with_environment(|name| std::env::var(name).ok()));
    let checked = match read {
        Err(error) => Err(error),
        Ok(config) => {
            let found = ConfigError::new(path.to_owned(), palisade_server::check_everything(&config).await);
            if found.is_fatal() { Err(found) } else { Ok((config, found)) }
        }
    };
    match checked {
        Ok((config, found)) => {
            say_sound(path, &config, &found, output);
            Ok(())
        }
        Err(error) => {
            if output.is_json() {
                output.line(&as_json(false, &error.path, &[], &error.findings).to_string());
            }
            Err(error.into())
        }
    }
}

fn say_sound(path: &Path, config: &Config, found: &ConfigError, output: &Output) {
    if !found.findings.is_empty() && !output.is_json() {
        output.progress(&found.to_string());
    }
    let sites: Vec<&str> = config.sites.iter().map(|site| site.name.as_str()).collect();
    output.result(&as_json(true, path, &sites, &found.findings), || {
        format!("{} is sound: {} and everything it names is there.", path.display(), count_sites(sites.len()))
    });
}

fn as_json(ok: bool, path: &Path, sites: &[&str], findings: &[Finding]) -> Value {
    json!({ "ok": ok, "file": path, "sites": sites, "findings": findings_as_json(findings) })
}

fn count_sites(sites: usize) -> String {
    if sites == 1 { "one site".to_owned() } else { format!("{sites} sites") }
}

/// Has the server read its file again. What is wrong with the file is told as `config check` tells it.
pub(crate) async fn reload(path: &Path, output: &Output) -> Result<(), Failure> {
    let answer = ask(path, &Request::Reload, output).await?;
    if answer["ok"] == Value::Bool(true) {
        output.result(&answer, || said(&answer));
        return Ok(());
    }
    if output.is_json() {
        output.line(&answer.to_string());
    }
    let message = format!("the old configuration stays in force\n{}", text(&answer, "message"));
    Err(Failure::new(Code::Wrong, "configuration", message))
}

fn said(answer: &Value) -> String {
    let changes = answer["changes"].as_array().cloned().unwrap_or_default();
    if changes.is_empty() {
        return "The configuration is as before.".to_owned();
    }
    let lines: Vec<&str> = changes.iter().filter_map(Value::as_str).collect();
    format!("In force now:\n  {}", lines.join("\n  "))
}

/// Reads the file of a server again, with what the environment says.
pub(crate) fn source(path: &Path) -> palisade_server::Source {
    let path = path.to_owned();
    std::sync::Arc::new(move || {
        Config::load(&path).and_then(|config| config.with_environment(|name| std::env::var(name).ok()))
    })
}
