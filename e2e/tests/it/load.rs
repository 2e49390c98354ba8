//! Slow, greedy and rude clients over a wire, while others want to be served.

use std::{
    io::Write as _,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use palisade_testkit::{CLIENT, HOST, OTHER_CLIENT};
use reqwest::Method;

use crate::wire::{Host, PORT, SITE};

/// What others may have to wait meanwhile. On two cores that also run the attackers and other tests, and without optimisation;
/// no attack ends before the others were served, so who is kept out waits for longer than this.
const PATIENCE: Duration = Duration::from_secs(30);
/// So often others ask while an attack goes on.
const ASKED: u32 = 5;
/// What the server's memory may grow by under attack, in KiB.
const ROOM: u64 = 96 << 10;

/// Asks as somebody else, while an attack goes on.
fn others_are_served(host: &Host, what: &str) {
    for _ in 0..ASKED {
        let got = host.get(OTHER_CLIENT).expect("others are served");
        assert_eq!(got.status, 200, "{what}: {got:?}");
        assert!(got.took < PATIENCE, "{what}: others waited {:?}", got.took);
        // The attack goes on meanwhile, and the limit of requests a minute has nothing to say.
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// The attacker's tool; 300 connections, until it is stopped.
fn slow_http_test(host: &Host, mode: &[&str]) -> Command {
    let mut tool = host.namespaces.client_command("slowhttptest");
    let url = format!("https://{HOST}:{PORT}/login");
    tool.args(mode).args(["-c", "300", "-r", "150", "-l", "600", "-p", "5", "-u", &url]);
    tool.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    tool
}

#[test]
fn slow_headers_bodies_and_readers_stop_nobody_else() {
    // The gate would give them up, and the attack would be over: not before others were served.
    let host = Host::start("[timeouts]\nheaders_ms = 600000\nbody_pause_ms = 600000\nstalled_ms = 600000\n");
    let before = host.memory();
    let modes: [(&str, &[&str]); 3] = [
        ("headers", &["-H", "-i", "1"]),
        ("body", &["-B", "-i", "1", "-s", "65536"]),
        ("read", &["-X", "-w", "16", "-y", "32", "-n", "1", "-z", "8", "-k", "3"]),
    ];
    for (name, mode) in modes {
        let tool = slow_http_test(&host, mode).spawn().expect("slowhttptest is needed: run `cargo xtask setup`");
        let mut tool = Tool(tool);
        host.until("the attacker's connections", |host| host.open_connections() > 60);
        others_are_served(&host, name);
        assert!(tool.0.try_wait().unwrap().is_none(), "slow {name}: the attack goes on");
        drop(tool);
        host.until("their end", |host| host.open_connections() < 10);
        let grown = host.memory().saturating_sub(before);
        assert!(grown < ROOM, "slow {name}: {grown} KiB");
    }
}

/// A program that ends with the test.
struct Tool(Child);

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A connection with TLS that speaks HTTP/2 in whatever bytes it is given.
fn http_2(host: &Host) -> Tool {
    let mut openssl = host.namespaces.client_command("openssl");
    openssl.args(["s_client", "-quiet", "-alpn", "h2", "-servername", SITE, "-connect", &format!("{HOST}:{PORT}")]);
    openssl.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    Tool(openssl.spawn().expect("openssl is needed"))
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

/// An attack that goes on until it is told to stop, or the test fails.
#[derive(Default)]
struct Attack {
    is_over: AtomicBool,
    /// Frames that were taken.
    poured: AtomicU32,
}

impl Attack {
    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    /// Writes all that `frames` gives until the server hangs up.
    fn pour(&self, host: &Host, frames: impl Fn(u32) -> Vec<u8>) {
        let mut connection = http_2(host);
        let mut input = connection.0.stdin.take().unwrap();
        let mut number = 0;
        let mut is_open = input.write_all(PREFACE).is_ok();
        while is_open && self.goes_on() {
            is_open = input.write_all(&frames(number)).is_ok();
            number += 1;
            self.poured.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Ends the attack however the test ends.
struct Ending<'a>(&'a Attack);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// Pours from three connections at once, each made anew when it is closed, while others are served.
fn attack(host: &Host, what: &str, frames: impl Fn(u32) -> Vec<u8> + Sync) {
    let (before, attack) = (host.memory(), Attack::default());
    std::thread::scope(|scope| {
        let ending = Ending(&attack);
        for _ in 0..3 {
            scope.spawn(|| {
                while attack.goes_on() {
                    attack.pour(host, &frames);
                }
            });
        }
        host.until("the attacker's frames", |_| attack.poured.load(Ordering::Relaxed) > 100);
        others_are_served(host, what);
        drop(ending);
    });
    let grown = host.memory().saturating_sub(before);
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
