//! What a key costs, and what a request: `cargo run --release -p palisade-counters --example measure`.
#![expect(clippy::print_stdout, reason = "a measurement, run by hand")]

use std::{hint::black_box, thread, time};

use palisade_base::{AddressKey, Instant, Span};
use palisade_counters::{Rate, RateLimiter, Window, WindowLimiter};

const KEYS: u32 = 1_000_000;

fn address(number: u32) -> AddressKey {
    AddressKey::from(std::net::IpAddr::from(number.to_be_bytes()))
}

/// Memory that the process holds, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

fn measure(name: &str, check: impl Fn(&AddressKey, Instant) -> bool + Sync) {
    let (before, now) = (resident(), Instant::from_micros(1_000_000_000_000_000));
    for number in 0..KEYS {
        black_box(check(&address(number), now));
    }
    println!("{name}: {} bytes for each of a million keys", (resident() - before) / u64::from(KEYS));
    for threads in [1_u32, 2, 4] {
        let begun = time::Instant::now();
        thread::scope(|scope| {
            for thread in 0..threads {
                let check = &check;
                scope.spawn(move || {
                    for number in (0..KEYS).map(|number| number.wrapping_mul(2_654_435_761) % KEYS) {
                        black_box(check(&address(number ^ thread), now));
                    }
                });
            }
        });
        let each = begun.elapsed().as_nanos() / u128::from(KEYS) / u128::from(threads);
        println!("{name}: {each} ns of wall-clock time a request, {threads} threads at once");
    }
}

fn main() {
    let rate = RateLimiter::new(Rate { requests: 10, per: Span::seconds(1), burst: 20 }, 1_000_000);
    measure("rate", |key, now| rate.check(key, now).allowed);
    let window = WindowLimiter::new(Window { requests: 100, length: Span::seconds(60) }, 1_000_000);
    measure("window", |key, now| window.check(key, now).allowed);
}
