//! The jail engine from outside: configurations in, verdicts and bans out.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests do")]

mod config;
mod counting;
mod exchanges;
mod frappe;
mod hostile;
mod stock;

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use jiff::tz::TimeZone;
use palisade_base::Instant;
use palisade_jail::{Filter, Host, Judge, MemoryFiles, Verdict};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn now() -> Instant {
    at("2026-03-01T10:00:00Z")
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A filter of these lines alone.
fn filter(definition: &str) -> Filter {
    let text = format!("[Definition]\n{definition}\n");
    Filter::read(&MemoryFiles::new(&[("filter.d/test.conf", &text)]), "test").unwrap()
}

fn judge(definition: &str) -> Judge {
    Judge::new(Arc::new(filter(definition)), TimeZone::UTC)
}

/// Whom a line accuses, or what else is said of it.
fn accused(judge: &mut Judge, line: &str) -> String {
    match judge.judge(line.as_bytes(), now()) {
        Verdict::Failure(failure) => match failure.host {
            Host::Name(name) => format!("name {name}"),
            Host::Id(id) => format!("id {id}"),
            host => host.to_string(),
        },
        Verdict::Ambiguous { addresses, .. } => format!("ambiguous {addresses:?}"),
        other => format!("{other:?}"),
    }
}
