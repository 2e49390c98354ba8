//! Judges a log file by a filter, and says how often each verdict was given: `judge FOLDER FILTER LOG`.
#![expect(clippy::print_stdout, reason = "a command-line tool talks to its terminal")]

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    io::{BufRead as _, BufReader},
    sync::Arc,
};

use jiff::tz::TimeZone;
use palisade_base::{Clock as _, SystemClock};
use palisade_jail::{Filter, Folder, Judge, Verdict};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, call, log] = args.as_slice() else { return Err("usage: judge FOLDER FILTER LOG".into()) };
    let filter = Arc::new(Filter::read(&Folder::new(folder), call)?);
    for warning in filter.warnings() {
        println!("warning: {warning}");
    }
    let mut judge = Judge::new(filter, TimeZone::system());
    let mut counts = BTreeMap::<&str, u64>::new();
    let (mut log, mut line) = (BufReader::new(File::open(log)?), Vec::new());
    let now = SystemClock.now();
    while log.read_until(b'\n', &mut line)? > 0 {
        *counts.entry(name(&judge.judge(&line, now))).or_default() += 1;
        line.clear();
    }
    for (verdict, count) in counts {
        println!("{verdict} {count}");
    }
    Ok(())
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Ignored => "ignored",
        Verdict::Pending => "pending",
        Verdict::Failure(_) => "failure",
        Verdict::Ambiguous { .. } => "ambiguous",
        Verdict::NoAddress { .. } => "no-address",
        Verdict::GaveUp => "gave-up",
    }
}
