//! Asking the running server.

use std::path::{Path, PathBuf};

use palisade_config::Config;
use palisade_server::control::{self, Reply, Request};
use serde_json::Value;

use crate::{failure::Failure, output::Output};

/// Reads the configuration file, with what the environment says.
pub(crate) fn load(config: &Path) -> Result<Config, Failure> {
    Ok(Config::load(config)?.with_environment(|name| std::env::var(name).ok())?)
}

/// Asks, and gives the result; progress is shown as it comes.
pub(crate) async fn ask(config: &Path, request: &Request, output: &Output) -> Result<Value, Failure> {
    ask_for_items(config, request, output, |_| {}).await
}

/// Asks for many results, which are handed on as they come.
pub(crate) async fn ask_for_items(
    config: &Path,
    request: &Request,
    output: &Output,
    mut on_item: impl FnMut(Value),
) -> Result<Value, Failure> {
    let socket = socket(config)?;
    let result = control::call(&socket, request, |reply| match reply {
        Reply::Progress(text) => output.progress(&text),
        Reply::Item(item) => on_item(item),
        Reply::Waiting | Reply::Done(_) | Reply::Failed(_) => {}
    });
    Ok(result.await?)
}

/// Asks for a list: for programs one JSON object a line, for people a table of these columns.
pub(crate) async fn list(
    config: &Path,
    request: &Request,
    output: &Output,
    columns: &[(&str, &str)],
) -> Result<Value, Failure> {
    let mut rows = Vec::new();
    let result = ask_for_items(config, request, output, |item| {
        if output.is_json() {
            output.line(&item.to_string());
        } else {
            rows.push(columns.iter().map(|(_, field)| crate::output::text(&item, field)).collect());
        }
    });
    let result = result.await?;
    if !output.is_json() && !rows.is_empty() {
        let heads: Vec<&str> = columns.iter().map(|(head, _)| *head).collect();
        output.line(&crate::output::table(&heads, &rows));
    }
    Ok(result)
}

/// The socket of the server that runs with this configuration, or with this data directory.
pub(crate) fn socket(config: &Path) -> Result<PathBuf, Failure> {
    if config.is_dir() {
        return Ok(control::socket_path(config));
    }
    Ok(control::socket_path(&load(config)?.data_dir))
}
