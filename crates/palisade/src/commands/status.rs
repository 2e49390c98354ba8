//! `palisade status`

use std::path::Path;

use palisade_server::control::Request;
use serde_json::Value;

use super::server::ask;
use crate::{
    failure::{Code, Failure},
    output::{Output, text},
};

pub(crate) async fn run(config: &Path, output: &Output) -> Result<(), Failure> {
    let status = ask(config, &Request::Status, output).await?;
    output.result(&status, || words(&status));
    let problems = text(&status, "problems");
    if problems.is_empty() { Ok(()) } else { Err(Failure::new(Code::NotDone, "problems", problems)) }
}

fn words(status: &Value) -> String {
    let (trail, keys) = (&status["trail"], &status["keys"]);
    let up = status["up_seconds"].as_i64().unwrap_or(0);
    let lines = [
        ("Palisade", format!("{}, process {}", text(status, "version"), text(status, "process"))),
        ("up", format!("{} since {}", duration(up), text(status, "started_at"))),
        ("console", text(status, "console")),
        ("sites", text(status, "sites")),
        ("warnings", text(status, "warnings")),
        ("database", text(status, "database")),
        (
            "trail",
            format!(
                "{} leaves, {} sealed, {} waiting",
                text(trail, "leaves"),
                text(trail, "sealed"),
                text(trail, "pending")
            ),
        ),
        ("last seal", text(trail, "sealed_at")),
        ("seal key", text(trail, "vkey")),
        ("keys", format!("{} data keys, key file {}", text(keys, "data_keys"), text(keys, "key_file"))),
        ("helper", helper(&status["helper"])),
    ];
    let said = lines.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(name, value)| format!("{name:9}  {value}")).collect::<Vec<_>>().join("\n")
}

/// What it keeps and how far it is confined; or what can't be done without it.
fn helper(helper: &Value) -> String {
    let (state, status) = (text(helper, "state"), &helper["status"]);
    match state.as_str() {
        "none" => format!("none: {}", text(helper, "without")),
        "connected" if status["ports"].as_array().is_some_and(|ports| !ports.is_empty()) => format!(
            "{} networks dropped at ports {}; {}",
            text(status, "bans"),
            text(status, "ports"),
            text(status, "confinement")
        ),
        "connected" => format!("no firewall; {}", text(status, "confinement")),
        _ => state,
    }
}

/// `2 days 3 h`, `3 h 20 min`, `20 min 5 s`, `5 s`.
fn duration(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(5), "5 s");
        assert_eq!(duration(1_205), "20 min 5 s");
        assert_eq!(duration(12_000), "3 h 20 min");
        assert_eq!(duration(183_600), "2 days 3 h");
    }
}
