//! Slow, greedy and rude clients over a wire, while others want to be served.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use palisade_testkit::{CLIENT, HOST, OTHER_CLIENT};
use reqwest::Method;

use crate::wire::{Host, PORT, SITE};

/// What others may have to wait meanwhile. On two cores that also run the attackers, and without optimisation.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the server's memory may grow by under attack, in KiB.
const ROOM: u64 = 96 << 10;

/// Asks again and again as somebody else until it is over; the longest wait.
fn longest_wait(host: &Host, mut is_over: impl FnMut() -> bool) -> Duration {
    let (mut longest, mut asked) = (Duration::ZERO, 0);
    while !is_over() || asked < 3 {
        let got = host.get(OTHER_CLIENT).expect("others are served");
        assert_eq!(got.status, 200, "{got:?}");
        longest = longest.max(got.took);
        asked += 1;
        // Not so often that the limit of requests a minute answers.
        std::thread::sleep(Duration::from_millis(700));
    }
    longest
}

/// The attacker's tool; 300 connections for some seconds.
fn slow_http_test(host: &Host, mode: &[&str]) -> Command {
    let mut tool = host.namespaces.client_command("slowhttptest");
    let url = format!("https://{HOST}:{PORT}/login");
    tool.args(mode).args(["-c", "300", "-r", "150", "-l", "10", "-p", "5", "-u", &url]);
    tool.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    tool
}

#[test]
fn slow_headers_bodies_and_readers_stop_nobody_else() {
    let host = Host::start("[timeouts]\nheaders_ms = 3000\nbody_pause_ms = 3000\nstalled_ms = 3000\n");
    let before = host.memory();
    let modes: [(&str, &[&str]); 3] = [
        ("headers", &["-H", "-i", "1"]),
        ("body", &["-B", "-i", "1", "-s", "65536"]),
        ("read", &["-X", "-w", "16", "-y", "32", "-n", "1", "-z", "8", "-k", "3"]),
    ];
    for (name, mode) in modes {
        let mut tool = slow_http_test(&host, mode).spawn().expect("slowhttptest is needed: run `cargo xtask setup`");
        let longest = longest_wait(&host, || tool.try_wait().unwrap().is_some());
        assert!(longest < PATIENCE, "slow {name}: others waited {longest:?}");
        let grown = host.memory().saturating_sub(before);
        assert!(grown < ROOM, "slow {name}: {grown} KiB");
    }
}

/// A connection with TLS that speaks HTTP/2 in whatever bytes it is given.
fn http_2(host: &Host) -> std::process::Child {
    let mut openssl = host.namespaces.client_command("openssl");
    openssl.args(["s_client", "-quiet", "-alpn", "h2", "-servername", SITE, "-connect", &format!("{HOST}:{PORT}")]);
    openssl.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("openssl is needed")
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A frame: its kind, flags and stream.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET /login` of the site, with the fixed table of HPACK alone.
fn get() -> Vec<u8> {
    let text = |name: u8, value: &str| [&[name, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
    [vec![0x82, 0x87], text(0x04, "/login"), text(0x01, SITE)].concat()
}

/// Writes all that `frames` gives until the server hangs up or the time is over; how many were taken.
fn pour(host: &Host, time: Duration, mut frames: impl FnMut(u32) -> Vec<u8>) -> u32 {
    let mut connection = http_2(host);
    let mut input = connection.stdin.take().unwrap();
    let (start, mut number) = (Instant::now(), 0);
    if input.write_all(PREFACE).is_ok() {
        while start.elapsed() < time && input.write_all(&frames(number)).is_ok() {
            number += 1;
        }
    }
    drop(input);
    let _ = connection.kill();
    let _ = connection.wait();
    number
}

/// Pours from three connections at once, each made anew when it is closed, while others are served.
fn attack(host: &Host, what: &str, frames: impl Fn(u32) -> Vec<u8> + Sync) {
    let (before, end) = (host.memory(), Instant::now() + Duration::from_secs(5));
    let poured = std::sync::atomic::AtomicU32::new(0);
    let longest = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while Instant::now() < end {
                    let taken = pour(host, end.saturating_duration_since(Instant::now()), &frames);
                    poured.fetch_add(taken, std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
        longest_wait(host, || Instant::now() >= end)
    });
    let (poured, grown) = (poured.into_inner(), host.memory().saturating_sub(before));
    assert!(poured > 100, "{what}: the attacker did not attack");
    assert!(longest < PATIENCE, "{what}: others waited {longest:?}");
    assert!(grown < ROOM, "{what}: {grown} KiB");
}

#[test]
fn rapid_resets_over_and_over_stop_nobody_else() {
    let host = Host::start("");
    attack(&host, "rapid reset", |number| {
        let stream = number * 2 + 1;
        [frame(1, 5, stream, &get()), frame(3, 0, stream, &[0, 0, 0, 8])].concat()
    });
}

#[test]
fn floods_of_frames_that_cost_the_sender_nothing_stop_nobody_else() {
    let host = Host::start("");
    // Headers that never end (CONTINUATION), settings and pings that must each be answered.
    attack(&host, "continuation", |number| match number {
        0 => frame(1, 1, 1, &get()),
        _ => frame(9, 0, 1, &[&[0x00, 1, b'x', 100][..], &[b'y'; 100]].concat().repeat(100)),
    });
    attack(&host, "settings", |_| frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]).repeat(100));
    attack(&host, "ping", |_| frame(6, 0, 0, &[7; 8]).repeat(100));
}

#[test]
fn headers_that_are_too_large_or_too_many_are_refused_and_cost_nothing() {
    let host = Host::start("");
    let before = host.memory();
    for _ in 0..20 {
        let large = host.ask(CLIENT, Method::GET, "/login", |request| request.header("x-large", "x".repeat(300 << 10)));
        let many = host.ask(CLIENT, Method::GET, "/login", |request| {
            (0..400).fold(request, |request, number| request.header(format!("x-{number}"), "x"))
        });
        for got in [large, many] {
            // Who is refused while still sending may lose the answer with the connection.
            assert!(got.as_ref().is_none_or(|got| got.status == 431), "{got:?}");
        }
    }
    assert!(host.serves(OTHER_CLIENT));
    let grown = host.memory().saturating_sub(before);
    assert!(grown < ROOM, "{grown} KiB");
}
