//! `cargo xtask bench gate`: the gate before an application, beside nginx before the same one.
//!
//! Two nginx are compared with: one configured as the guide has it (a new connection to the application for each request),
//! and one that also keeps its connections to the application open. All three have one worker, pinned to one core; the
//! application (an nginx with two files) and the load are pinned to another. Each test asks them in turn, round by round,
//! and what is compared is the processor time for each request, round by round: it bears a busy machine better than rates.

mod load;
mod peer;
mod process;

use anyhow::{Context as _, Result};

use super::{Figure, build_release, median};
use crate::{setup, workspace::Workspace};
use load::{Run, Test};
use peer::{Peer, Stage};

/// How often each test asks each of the three.
const ROUNDS: usize = 3;
/// How many connections rest while memory is looked at.
const RESTING: u64 = 1_000;

/// A test in words, with its bars: CPU for each request against the guide's nginx, and against the other.
const TESTS: [(Test, &str, &str); 7] = [
    (Test::Http1 { path: "/1k" }, "HTTP/1.1, kept connections, 1 KiB", "≤ 1.0 × the guide's"),
    (Test::Http1 { path: "/64k" }, "HTTP/1.1, kept connections, 64 KiB", "≤ 1.0 × the guide's"),
    (Test::Http2 { path: "/1k" }, "HTTP/2, 8 connections, 1 KiB", "≤ 1.0 × the guide's"),
    (Test::Http2 { path: "/64k" }, "HTTP/2, 8 connections, 64 KiB", "≤ 1.0 × the guide's"),
    (Test::FullHandshakes, "a full handshake and one request", "≤ 0.85 × the guide's"),
    (Test::ResumedHandshakes, "a resumed handshake and one request", ""),
    (Test::FixedRate, "1000 requests a second, kept connections, 1 KiB", "p99 ≤ 1.0 × the guide's"),
];

pub(super) fn measure(workspace: &Workspace) -> Result<Vec<Figure>> {
    setup::install_for_bench()?;
    build_release(workspace, &["build", "--bin", "palisade"])?;
    let stage = Stage::build(workspace)?;
    let application = stage.start_application()?;
    let peers = [stage.start_gate()?, stage.start_nginx("guide", false)?, stage.start_nginx("kept", true)?];
    let mut figures = Vec::new();
    for (test, words, bar) in TESTS {
        let rounds = (0..ROUNDS).map(|_| round(&stage, &test, &peers)).collect::<Result<Vec<_>>>()?;
        figures.push(Figure { what: words.into(), value: compared(&test, &rounds)?, bar });
    }
    drop(peers);
    figures.push(memory(&stage)?);
    drop(application);
    Ok(figures)
}

/// What a test gave of the gate and of the two nginx, one after the other.
type Round = [Run; 3];

fn round(stage: &Stage, test: &Test, peers: &[Peer; 3]) -> Result<Round> {
    let [gate, guide, kept] = peers;
    Ok([test.run(stage, gate)?, test.run(stage, guide)?, test.run(stage, kept)?])
}

/// The medians, and how the gate compares with each nginx round by round.
fn compared(test: &Test, rounds: &[Round]) -> Result<String> {
    let column = |at: usize, of: fn(&Run) -> f64| rounds.iter().map(|round| of(&round[at])).collect::<Vec<_>>();
    let middle = |at: usize, of: fn(&Run) -> f64| median(column(at, of)).context("no round");
    let ratio = |at: usize, of: fn(&Run) -> f64| {
        let ratios: Vec<f64> = column(0, of).iter().zip(column(at, of)).map(|(ours, theirs)| ours / theirs).collect();
        let (low, high) =
            ratios.iter().fold((f64::MAX, 0_f64), |(low, high), ratio| (low.min(*ratio), high.max(*ratio)));
        Ok::<_, anyhow::Error>(format!("**{:.2} ×** ({low:.2}–{high:.2})", median(ratios).context("no round")?))
    };
    let cpu = |run: &Run| run.cpu_micros;
    let mut text = format!(
        "CPU {:.0} µs; guide's nginx {:.0}: {}; with kept connections {:.0}: {}. Rates {:.0}/{:.0}/{:.0} a second",
        middle(0, cpu)?,
        middle(1, cpu)?,
        ratio(1, cpu)?,
        middle(2, cpu)?,
        ratio(2, cpu)?,
        middle(0, |run| run.rate)?,
        middle(1, |run| run.rate)?,
        middle(2, |run| run.rate)?,
    );
    if matches!(test, Test::FixedRate) {
        let p99 = |run: &Run| run.p99_micros / 1_000.0;
        let times = [middle(0, p99)?, middle(1, p99)?, middle(2, p99)?].map(|time| format!("{time:.1}"));
        text.push_str(&format!("; p99 {} ms: {} and {}", times.join("/"), ratio(1, p99)?, ratio(2, p99)?));
    }
    Ok(text)
}

/// Memory of fresh processes with nobody connected, and with many connections at rest.
fn memory(stage: &Stage) -> Result<Figure> {
    let mut words = Vec::new();
    for (name, peer) in [("the gate", stage.start_gate()?), ("the guide's nginx", stage.start_nginx("guide", false)?)] {
        let before = process::memory_kib(peer.process())?;
        let resting = load::rest(stage, &peer, RESTING)?;
        let after = process::memory_kib(peer.process())?;
        drop(resting);
        let each = after.saturating_sub(before) as f64 / RESTING as f64;
        words.push(format!("{name} {each:.1} KiB (in all {:.1} → {:.1} MiB)", mib(before), mib(after)));
    }
    Ok(Figure {
        what: format!("memory of each of {RESTING} TLS connections at rest (PSS)"),
        value: words.join("; "),
        bar: "≤ 25 KiB, then ≤ 15",
    })
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(cpu_micros: f64, rate: f64) -> Run {
        Run { cpu_micros, rate, p99_micros: 2_000.0 }
    }

    #[test]
    fn rounds_are_compared_one_by_one_and_the_middle_one_counts() {
        let rounds = [
            [run(30.0, 100.0), run(60.0, 90.0), run(30.0, 95.0)],
            [run(90.0, 80.0), run(100.0, 70.0), run(60.0, 75.0)],
            [run(40.0, 90.0), run(50.0, 85.0), run(80.0, 70.0)],
        ];
        assert_eq!(
            compared(&Test::FullHandshakes, &rounds).unwrap(),
            "CPU 40 µs; guide's nginx 60: **0.80 ×** (0.50–0.90); with kept connections 60: **1.00 ×** (0.50–1.50). \
             Rates 90/85/75 a second"
        );
    }
}
