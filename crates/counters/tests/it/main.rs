//! What the limiters let pass, to the microsecond.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::VecDeque;

use palisade_base::{AddressKey, Instant, Span};
use palisade_counters::{
    ConnectionLimiter, ConnectionRefusal, LimitBoard, LimitFacts, LimitKey, Rate, RateLimiter, Remembered, Tally,
    Verdict, Window, WindowLimiter,
};
use proptest::prelude::*;

const API: Rate = Rate { requests: 10, per: Span::seconds(1), burst: 20 };
const LOGIN: Rate = Rate { requests: 5, per: Span::seconds(60), burst: 5 };

fn at(micros: i64) -> Instant {
    Instant::from_micros(1_000_000_000_000_000 + micros)
}

fn passed(limiter: &RateLimiter<u64>, now: Instant, tries: usize) -> usize {
    (0..tries).filter(|_| limiter.check(&1, now).allowed).count()
}

/// covers T4.2 (part)
#[test]
fn a_burst_of_21_passes_and_the_22nd_is_refused() {
    let limiter = RateLimiter::new(API, 1_000);
    assert_eq!(passed(&limiter, at(0), 21), 21);
    let refused = limiter.check(&1, at(0));
    assert_eq!(
        refused,
        Verdict {
            allowed: false,
            limit: 21,
            remaining: 0,
            window: Span::millis(2_100),
            reset: Span::millis(2_100),
            retry_after: Span::millis(100),
        }
    );
    // A tenth of a second later one has leaked out, and only one.
    assert!(!limiter.check(&1, at(99_999)).allowed);
    assert_eq!(passed(&limiter, at(100_000), 3), 1);
    // Being refused costs nothing: after 2.1 s of silence the whole burst is there again.
    assert_eq!(passed(&limiter, at(2_200_000), 30), 21);
}

/// covers T4.3 (part)
#[test]
fn six_tries_to_sign_in_pass_and_then_one_every_twelve_seconds() {
    let limiter = RateLimiter::new(LOGIN, 1_000);
    assert_eq!(passed(&limiter, at(0), 10), 6);
    assert_eq!(limiter.check(&1, at(0)).retry_after, Span::seconds(12));
    assert_eq!(passed(&limiter, at(11_999_999), 1), 0);
    assert_eq!(passed(&limiter, at(12_000_000), 2), 1);
}

/// covers T4.2 (part)
#[test]
fn clients_do_not_share_a_bucket_but_an_ipv6_network_does() {
    let limiter = RateLimiter::new(API, 1_000);
    let key = |text: &str| AddressKey::from(text.parse::<std::net::IpAddr>().unwrap());
    for host in 0..21 {
        assert!(limiter.check(&key(&format!("2001:db8::{host:x}")), at(0)).allowed);
    }
    assert!(!limiter.check(&key("2001:db8::ffff"), at(0)).allowed);
    assert!(limiter.check(&key("2001:db8:0:1::1"), at(0)).allowed);
    assert!(limiter.check(&key("192.0.2.1"), at(0)).allowed);
}

/// covers T4.1 (part)
#[test]
fn the_101st_request_within_60_seconds_is_refused() {
    let limiter = WindowLimiter::new(Window { requests: 100, length: Span::seconds(60) }, 1_000);
    for n in 0..100 {
        let verdict = limiter.check(&7_u64, at(n * 500_000));
        assert!(verdict.allowed);
        assert_eq!(i64::from(verdict.remaining), 99 - n);
    }
    let refused = limiter.check(&7, at(50_000_000));
    assert!(!refused.allowed);
    assert_eq!((refused.limit, refused.remaining), (100, 0));
    assert_eq!(refused.retry_after, Span::seconds(10));
    assert_eq!(refused.reset, Span::micros(59_500_000));
    // The window slides: at 60 s only the first one has left it.
    assert!(!limiter.check(&7, at(59_999_999)).allowed);
    assert!(limiter.check(&7, at(60_000_000)).allowed);
    assert!(!limiter.check(&7, at(60_000_000)).allowed);
    assert!(limiter.check(&8, at(60_000_000)).allowed);
}

/// A client at its limit is not forgotten because ten thousand others come by.
#[test]
fn a_flood_of_fresh_keys_does_not_free_a_limited_one() {
    let limiter = RateLimiter::new(LOGIN, 640);
    assert_eq!(passed(&limiter, at(0), 10), 6);
    for stranger in 2..10_000_u64 {
        let _ = limiter.check(&stranger, at(1_000));
    }
    assert!(limiter.tracked() <= 640);
    assert!(!limiter.check(&1, at(2_000)).allowed);
}

/// A million addresses fill the table: it does not grow beyond, the idle are forgotten first, and neither who is at a
/// limit nor who is half-way to it is let off by those who come after.
#[test]
fn a_million_keys_are_the_most_and_the_busy_are_kept() {
    const MILLION: u64 = 1_000_000;
    let rate = RateLimiter::new(LOGIN, 1_000_000);
    let window = WindowLimiter::new(Window { requests: 100, length: Span::seconds(60) }, 1_000_000);
    // In even numbers, so that no shard has to do without one of them.
    let (limited, half) = (MILLION * 10, MILLION * 10 + 1);
    assert_eq!((0..9).filter(|_| rate.check(&limited, at(0)).allowed).count(), 6);
    assert_eq!((0..3).filter(|_| rate.check(&half, at(0)).allowed).count(), 3);
    assert_eq!((0..120).filter(|_| window.check(&limited, at(0)).allowed).count(), 100);
    assert_eq!((0..50).filter(|_| window.check(&half, at(0)).allowed).count(), 50);
    for key in 0..MILLION + MILLION / 10 {
        let now = at(i64::try_from(key).unwrap() * 10);
        assert!(rate.check(&key, now).allowed && window.check(&key, now).allowed);
    }
    // 64 shards of 15 625 each are a million exactly; a shard that nobody drew often enough may be short of a few.
    for tracked in [rate.tracked(), window.tracked()] {
        assert!((999_000..=1_000_000).contains(&tracked), "{tracked}");
    }
    // Twelve seconds later: of the six tries one has leaked out, of the three all but two; no window has moved on.
    let now = at(12_000_000);
    assert_eq!((0..9).filter(|_| rate.check(&limited, now).allowed).count(), 1);
    assert_eq!((0..9).filter(|_| rate.check(&half, now).allowed).count(), 4);
    assert!(!window.check(&limited, now).allowed);
    assert_eq!((0..120).filter(|_| window.check(&half, now).allowed).count(), 50);
}

#[test]
fn what_is_remembered_lasts_as_long_as_it_is_used() {
    let known = Remembered::new(Span::seconds(60), 160);
    assert_eq!(known.get(&1_u64, at(0)), None);
    known.change(&1, at(0), || "first", |_| ());
    assert_eq!(known.get(&1, at(59_000_000)), Some("first"));
    assert_eq!(known.get(&1, at(118_000_000)), Some("first"));
    assert_eq!(known.since(at(118_000_000)), ["first"]);
    assert_eq!(known.get(&1, at(178_000_000)), None);
    known.change(&1, at(178_000_000), || "second", |value| *value = "changed");
    assert_eq!(known.get(&1, at(178_000_000)), Some("changed"));
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out_for_long() {
    let limiter = RateLimiter::new(LOGIN, 160);
    assert_eq!(passed(&limiter, at(86_400_000_000), 10), 6);
    assert_eq!(limiter.check(&1, at(0)).retry_after, Span::seconds(12));
    let limiter = WindowLimiter::new(Window { requests: 2, length: Span::seconds(60) }, 160);
    assert!(limiter.check(&1_u64, at(86_400_000_000)).allowed);
    assert!(limiter.check(&1, at(0)).allowed);
}

#[test]
fn connections_are_counted_in_all_and_by_key_and_given_back() {
    let limiter = ConnectionLimiter::new(3, 2);
    let first = limiter.enter(Some(1)).unwrap_or_else(|_| panic!("a free place"));
    let _second = limiter.enter(Some(1)).unwrap_or_else(|_| panic!("a free place"));
    assert_eq!(limiter.enter(Some(1)).err(), Some(ConnectionRefusal::KeyFull));
    let _exempt = limiter.enter(None).unwrap_or_else(|_| panic!("a free place"));
    assert_eq!(limiter.enter(Some(2)).err(), Some(ConnectionRefusal::Full));
    drop(first);
    assert_eq!(limiter.open(), 2);
    assert!(limiter.enter(Some(1)).is_ok());
}

fn facts(name: &str, requests: u32) -> LimitFacts {
    let text = String::new;
    LimitFacts { name: name.into(), holds_for: text(), counts_by: text(), requests, seconds: 60, burst: None }
}

#[test]
fn the_board_tells_what_was_refused_lately_and_whom() {
    let board = LimitBoard::default();
    board.put_up(vec![board.figures_of(facts("api", 10)), board.figures_of(facts("login", 5))]);
    let limits = board.limits();
    let address = |text: &str| text.parse::<std::net::IpAddr>().unwrap();
    let key = |text: &str| LimitKey::Address(AddressKey::from(address(text)));
    let minute = |number: i64| at(number * 60_000_000);
    limits[1].refused(key("192.0.2.1"), address("192.0.2.1"), minute(0));
    limits[1].refused(key("192.0.2.1"), address("192.0.2.1"), minute(50));
    limits[1].refused(key("2001:db8::1"), address("2001:db8::1"), minute(55));
    limits[1].refused(key("2001:db8::2"), address("2001:db8::2"), minute(55));
    let now = minute(59);
    assert_eq!((limits[1].refused_within(60, now), limits[1].refused_within(1_440, now)), (4, 4));
    assert_eq!((limits[1].refused_within(60, minute(60)), limits[1].refused_within(1_440, minute(60))), (3, 4));
    assert_eq!(limits[1].refused_within(1_440, minute(1_440 + 55)), 0);
    assert_eq!(limits[0].refused_within(60, now), 0);
    let who: Vec<(String, u64)> = limits[1].who(now).iter().map(|one| (one.address.to_string(), one.count)).collect();
    assert_eq!(who, [("2001:db8::2".to_owned(), 2), ("192.0.2.1".to_owned(), 1)]);
    // A limit that stays keeps its figures over a change of the others.
    board.put_up(vec![board.figures_of(facts("login", 6)), board.figures_of(facts("uploads", 1))]);
    let limits = board.limits();
    assert_eq!((limits[0].facts().requests, limits[0].refused_within(1_440, now)), (6, 4));
    assert_eq!(limits[1].refused_within(1_440, now), 0);
}

/// covers K6.1 (part)
#[test]
fn a_flood_is_told_once_per_period_with_its_size() {
    let tally = Tally::new(Span::seconds(60), 160);
    assert_eq!(tally.count(&1_u64, at(0), "first"), Some(("first", 1)));
    for n in 1..1_000 {
        assert_eq!(tally.count(&1, at(n * 1_000), "held"), None);
    }
    assert_eq!(tally.count(&1, at(60_000_000), "next"), Some(("next", 1_000)));
    assert_eq!(tally.count(&1, at(60_000_001), "held"), None);
    assert_eq!(tally.count(&2, at(60_000_001), "other"), Some(("other", 1)));
}

/// covers K6.1 (part)
#[test]
fn a_flood_that_ends_is_told_to_its_end() {
    let tally = Tally::new(Span::seconds(60), 160);
    for event in ["first", "second", "third"] {
        let _ = tally.count(&1_u64, at(0), event);
    }
    let _ = tally.count(&2, at(0), "alone");
    assert_eq!(tally.overdue(at(59_999_999)), []);
    assert_eq!(tally.overdue(at(60_000_000)), [("third", 2)]);
    assert_eq!(tally.overdue(at(60_000_000)), []);
}

/// nginx's own arithmetic (ngx_http_limit_req_lookup), in thousandths of a request and milliseconds.
struct Nginx {
    rate: i64,
    burst: i64,
    state: Option<(i64, i64)>,
}

impl Nginx {
    fn passes(&mut self, now_ms: i64) -> bool {
        let Some((excess, last)) = self.state else {
            self.state = Some((0, now_ms));
            return true;
        };
        let excess = (excess - self.rate * (now_ms - last) / 1_000 + 1_000).max(0);
        let passes = excess <= self.burst;
        if passes {
            self.state = Some((excess, now_ms));
        }
        passes
    }
}

proptest! {
    /// covers T4.2 (part)
    #[test]
    fn every_request_is_judged_as_nginx_judges_it(pauses in proptest::collection::vec(0_i64..400, 1..200)) {
        let limiter = RateLimiter::new(API, 100);
        let mut nginx = Nginx { rate: 10_000, burst: 20_000, state: None };
        let mut now = 0;
        for pause in pauses {
            now += pause;
            prop_assert_eq!(limiter.check(&1_u64, at(now * 1_000)).allowed, nginx.passes(now));
        }
    }

    /// covers T4.1 (part)
    #[test]
    fn no_window_ever_holds_more_than_its_number(pauses in proptest::collection::vec(0_i64..30_000, 1..300)) {
        let limiter = WindowLimiter::new(Window { requests: 10, length: Span::millis(100) }, 100);
        let (mut now, mut window) = (0, VecDeque::new());
        for pause in pauses {
            now += pause;
            window.retain(|then| now - then < 100_000);
            let expected = window.len() < 10;
            prop_assert_eq!(limiter.check(&1_u64, at(now)).allowed, expected);
            if expected {
                window.push_back(now);
            }
        }
    }

    /// Whatever retry_after says is enough, and nothing less is.
    #[test]
    fn waiting_as_told_is_enough(tries in 1_usize..40, wait in 0_i64..100_000) {
        let limiter = RateLimiter::new(API, 100);
        let _ = passed(&limiter, at(0), tries);
        let verdict = limiter.check(&1, at(wait));
        prop_assume!(!verdict.allowed);
        let then = wait + verdict.retry_after.as_micros();
        prop_assert!(!limiter.check(&1, at(then - 1)).allowed);
        prop_assert!(limiter.check(&1, at(then)).allowed);
    }

    #[test]
    fn memory_stays_bounded(keys in proptest::collection::vec((any::<u64>(), 0_i64..1_000_000), 1..2_000)) {
        let limiter = RateLimiter::new(API, 64);
        for (key, when) in keys {
            let _ = limiter.check(&key, at(when));
        }
        prop_assert!(limiter.tracked() <= 64);
    }
}
