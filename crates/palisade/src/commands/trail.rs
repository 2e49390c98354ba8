//! `palisade trail …`

use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Read as _, Seek as _, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use palisade_server::{
    control::{Request, TrailQuery},
    host,
};
use serde_json::Value;

use super::server::{ask, ask_for_items, load};
use crate::{
    cli::{ExportArgs, FilterArgs, SearchArgs, TailArgs, TrailCommand, VerifyArgs},
    failure::{Code, Failure},
    output::{Output, text},
};

/// Of a longer file of seals, the last part is taken: a day of seals, one a second, is 20 MiB.
const SEALS_READ: u64 = 24 * 1024 * 1024;

pub(crate) async fn run(config: &Path, command: TrailCommand, output: &Output) -> Result<(), Failure> {
    match command {
        TrailCommand::Tail(args) => tail(config, args, output).await,
        TrailCommand::Search(args) => search(config, args, output).await,
        TrailCommand::Verify(args) => verify(config, args, output).await,
        TrailCommand::Export(args) => export(config, args, output).await,
    }
}

async fn tail(config: &Path, args: TailArgs, output: &Output) -> Result<(), Failure> {
    let request =
        Request::TrailTail { filter: query(args.filter, None), lines: args.lines.into(), follow: args.follow };
    ask_for_items(config, &request, output, |entry| show(&entry, output)).await.map(drop)
}

async fn search(config: &Path, args: SearchArgs, output: &Output) -> Result<(), Failure> {
    let request = Request::TrailSearch { filter: query(args.filter, args.text), limit: args.limit };
    let found = ask_for_items(config, &request, output, |entry| show(&entry, output)).await?;
    if found["entries"] == 0 && !output.is_json() {
        output.line("No entry fits.");
    }
    if found["more"] == true {
        output.progress("There are more; --limit takes a greater number.");
    }
    Ok(())
}

fn query(args: FilterArgs, wanted: Option<String>) -> TrailQuery {
    let FilterArgs { category, user, actor, action, resource, failed, address, from, until } = args;
    TrailQuery { category, user, actor, action, resource, failed, address, from, until, text: wanted }
}

/// An entry as one line: number, instant, who, what, to what, with what success, from where.
fn show(entry: &Value, output: &Output) {
    if output.is_json() {
        return output.line(&entry.to_string());
    }
    let actor = if entry["actor_name"].is_null() { "actor" } else { "actor_name" };
    let fields = ["seq", "at", actor, "action", "resource", "outcome", "address"];
    let mut line = fields.map(|field| text(entry, field)).join("  ").trim_end().to_owned();
    if !entry["detail"].is_null() {
        line.push_str(&format!("\n        {}", entry["detail"]));
    }
    output.line(&line);
}

async fn export(config: &Path, args: ExportArgs, output: &Output) -> Result<(), Failure> {
    let mut out: Box<dyn Write> = match &args.output {
        None => Box::new(std::io::stdout()),
        Some(path) => {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            Box::new(file.map_err(|error| file_failure("the export can't be written to", path, &error))?)
        }
    };
    let mut out = BufWriter::new(&mut out);
    let mut written = Ok(());
    let summary = ask_for_items(config, &Request::TrailExport, output, |line| {
        if written.is_ok() {
            written = writeln!(out, "{line}");
        }
    });
    let summary = summary.await.inspect_err(|_| {
        // What is not whole must not be taken for an export.
        if let Some(path) = &args.output {
            let _ = std::fs::remove_file(path);
        }
    })?;
    written.and_then(|()| out.flush())?;
    output.progress(&format!("Exported {} leaves and {} seals.", text(&summary, "leaves"), text(&summary, "seals")));
    Ok(())
}

fn file_failure(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::Unusable, "file", format!("{what} {}: {error}", path.display()))
}

async fn verify(config: &Path, args: VerifyArgs, output: &Output) -> Result<(), Failure> {
    let mut against = String::new();
    for path in &args.against {
        against.push_str(&read_seals(path, output)?);
        against.push('\n');
    }
    let report = if let Some(path) = &args.export {
        output.progress("Reading the whole export.");
        let file = File::open(path).map_err(|error| file_failure("no export can be read from", path, &error))?;
        host::verify_export(file, args.key.as_deref(), &against)?
    } else if args.offline {
        output.progress("Reading the whole trail.");
        host::verify_trail(load(config)?, args.key.as_deref(), &against).await?
    } else {
        ask(config, &Request::TrailVerify { against, key: args.key }, output).await?
    };
    output.result(&report, || words(&report));
    if report["ok"] == true {
        return Ok(());
    }
    let findings = report["findings"].as_array().map_or(0, Vec::len);
    let more = report["more_findings"].as_u64().unwrap_or(0);
    let message = format!(
        "the trail does not hold: {} finding(s)\n  Keep the database as it is and a copy of it apart; the findings say where to look.",
        findings as u64 + more
    );
    Err(Failure::new(Code::Tampered, "tampered", message))
}

fn read_seals(path: &Path, output: &Output) -> Result<String, Failure> {
    let failed = |error: std::io::Error| file_failure("no seals can be read from", path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > SEALS_READ {
        output.progress(&format!("Of {}, the last {} MiB are compared.", path.display(), SEALS_READ / 1024 / 1024));
        file.seek(SeekFrom::Start(length - SEALS_READ)).map_err(failed)?;
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8_lossy(&bytes);
    // The cut may go through a seal; the first whole one begins after an empty line.
    let whole = if length > SEALS_READ { text.split_once("\n\n").map_or("", |(_, rest)| rest) } else { &text };
    Ok(whole.to_owned())
}

fn words(report: &Value) -> String {
    let mut lines = Vec::new();
    for finding in report["findings"].as_array().into_iter().flatten() {
        lines.push(format!("{}: {}", text(finding, "kind"), text(finding, "message")));
    }
    if report["ok"] == true {
        lines.push("The trail holds.".to_owned());
    }
    lines.push(format!(
        "{} leaves ({} with erased parts), {} seals over {} of them, {} after the last seal, {} without a number; {} seals \
         from outside compared; {} ms",
        text(report, "leaves"),
        text(report, "erased"),
        text(report, "seals"),
        text(report, "sealed"),
        text(report, "unsealed"),
        text(report, "pending"),
        text(report, "outside"),
        text(report, "duration_ms"),
    ));
    lines.join("\n")
}
