//! `palisade helper`

use std::path::Path;

use palisade_config::{LogConfig, LogFormat};
use palisade_helper::{
    HelperFile, USUAL_FILE,
    firewall::{Firewall, HostFirewall},
    process::{Helper, HelperSocket, confine},
};
use palisade_server::logging;
use serde_json::json;
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};

use crate::{
    cli::{HelperArgs, USUAL_CONFIG},
    failure::{Code, Failure},
    output::Output,
};

/// Runs the helper until it is told to stop. Called on the only thread there is.
pub(crate) fn run(config: &Path, args: &HelperArgs, output: &Output) -> Result<(), Failure> {
    let path = if config == Path::new(USUAL_CONFIG) { Path::new(USUAL_FILE) } else { config };
    let file = HelperFile::load(path)?;
    if args.remove_rules {
        return remove_rules(&file, output);
    }
    let problems = file.provision(path)?;
    if args.check {
        return check(path, &file, &problems, output);
    }
    logging::start(&LogConfig {
        format: if output.is_json() { LogFormat::Json } else { LogFormat::Text },
        ..LogConfig::default()
    });
    let socket = HelperSocket::bind(&file)?;
    file.make_folders()?;
    let confinement = confine(&file);
    // From here on it can do no more than its work.
    runtime()?.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        let stop = async {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        };
        Ok(Helper::new(file, confinement, problems).serve(socket, stop).await?)
    })
}

/// One thread is enough for what waits for the kernel most of the time.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn remove_rules(file: &HelperFile, output: &Output) -> Result<(), Failure> {
    let firewall = file.firewall.clone().unwrap_or_default();
    let removed = runtime()?.block_on(async {
        HostFirewall::new(&firewall).remove().await?;
        Firewall::new(firewall).remove().await
    });
    removed.map_err(|failure| Failure::new(Code::NotDone, failure.kind.word(), failure.message))?;
    output.result(&json!({ "ok": true }), || "No rule of ours is left in the kernel.".to_owned());
    Ok(())
}

fn check(path: &Path, file: &HelperFile, problems: &[String], output: &Output) -> Result<(), Failure> {
    let (logs, commands) = (file.logs.len(), file.commands.len());
    let value =
        json!({ "ok": problems.is_empty(), "file": path, "logs": logs, "commands": commands, "problems": problems });
    output.result(&value, || format!("{} is sound. Logs: {logs}, commands: {commands}.", path.display()));
    if problems.is_empty() { Ok(()) } else { Err(Failure::new(Code::NotDone, "problems", problems.join("\n"))) }
}
