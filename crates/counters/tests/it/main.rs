//! What the limiters let pass, to the microsecond.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::VecDeque;

use palisade_base::{AddressKey, Instant, Span};
use palisade_counters::{
    ConnectionLimiter, ConnectionRefusal, Rate, RateLimiter, Tally, Verdict, Window, WindowLimiter,
};
use proptest::prelude::*;

const API: Rate = Rate { requests: 10, per: Span::seconds(1), burst: 20 };
const LOGIN: Rate = Rate { requests: 5, per: Span::seconds(60), burst: 5 };

fn at(micros: i64) -> Instant {
    Instant::from_micros(1_000_000_000_000_000 + micros)
}

fn passed(limiter: &RateLimiter<u64>, now: Instant, tries: usize) -> usize {
    (0..tries).filter(|_| limiter.check(1, now).allowed).count()
}

/// covers T4.2 (part)
#[test]
fn a_burst_of_21_passes_and_the_22nd_is_refused() {
    let limiter = RateLimiter::new(API, 1_000);
    assert_eq!(passed(&limiter, at(0), 21), 21);
    let refused = limiter.check(1, at(0));
    assert_eq!(
        refused,
        Verdict { allowed: false, limit: 21, remaining: 0, reset: Span::millis(2_100), retry_after: Span::millis(100) }
    );
    // A tenth of a second later one has leaked out, and only one.
    assert!(!limiter.check(1, at(99_999)).allowed);
    assert_eq!(passed(&limiter, at(100_000), 3), 1);
    // Being refused costs nothing: after 2.1 s of silence the whole burst is there again.
    assert_eq!(passed(&limiter, at(2_200_000), 30), 21);
}

/// covers T4.3 (part)
#[test]
fn six_tries_to_sign_in_pass_and_then_one_every_twelve_seconds() {
    let limiter = RateLimiter::new(LOGIN, 1_000);
    assert_eq!(passed(&limiter, at(0), 10), 6);
    assert_eq!(limiter.check(1, at(0)).retry_after, Span::seconds(12));
    assert_eq!(passed(&limiter, at(11_999_999), 1), 0);
    assert_eq!(passed(&limiter, at(12_000_000), 2), 1);
}

/// covers T4.2 (part)
#[test]
fn clients_do_not_share_a_bucket_but_an_ipv6_network_does() {
    let limiter = RateLimiter::new(API, 1_000);
    let key = |text: &str| AddressKey::from(text.parse::<std::net::IpAddr>().unwrap());
    for host in 0..21 {
        assert!(limiter.check(key(&format!("2001:db8::{host:x}")), at(0)).allowed);
    }
    assert!(!limiter.check(key("2001:db8::ffff"), at(0)).allowed);
    assert!(limiter.check(key("2001:db8:0:1::1"), at(0)).allowed);
    assert!(limiter.check(key("192.0.2.1"), at(0)).allowed);
}

/// covers T4.1 (part)
#[test]
fn the_101st_request_within_60_seconds_is_refused() {
    let limiter = WindowLimiter::new(Window { requests: 100, length: Span::seconds(60) }, 1_000);
    for n in 0..100 {
        let verdict = limiter.check(7_u64, at(n * 500_000));
        assert!(verdict.allowed);
        assert_eq!(i64::from(verdict.remaining), 99 - n);
    }
    let refused = limiter.check(7, at(50_000_000));
    assert!(!refused.allowed);
    assert_eq!((refused.limit, refused.remaining), (100, 0));
    assert_eq!(refused.retry_after, Span::seconds(10));
    assert_eq!(refused.reset, Span::micros(59_500_000));
    // The window slides: at 60 s only the first one has left it.
    assert!(!limiter.check(7, at(59_999_999)).allowed);
    assert!(limiter.check(7, at(60_000_000)).allowed);
    assert!(!limiter.check(7, at(60_000_000)).allowed);
    assert!(limiter.check(8, at(60_000_000)).allowed);
}

/// A client at its limit is not forgotten because ten thousand others come by.
#[test]
fn a_flood_of_fresh_keys_does_not_free_a_limited_one() {
    let limiter = RateLimiter::new(LOGIN, 160);
    assert_eq!(passed(&limiter, at(0), 10), 6);
    for stranger in 2..10_000_u64 {
        let _ = limiter.check(stranger, at(1_000));
    }
    assert!(limiter.tracked() <= 160);
    assert!(!limiter.check(1, at(2_000)).allowed);
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out_for_long() {
    let limiter = RateLimiter::new(LOGIN, 160);
    assert_eq!(passed(&limiter, at(86_400_000_000), 10), 6);
    assert_eq!(limiter.check(1, at(0)).retry_after, Span::seconds(12));
    let limiter = WindowLimiter::new(Window { requests: 2, length: Span::seconds(60) }, 160);
    assert!(limiter.check(1_u64, at(86_400_000_000)).allowed);
    assert!(limiter.check(1, at(0)).allowed);
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

/// covers K6.1 (part)
#[test]
fn a_flood_is_told_once_per_period_with_its_size() {
    let tally = Tally::new(Span::seconds(60), 160);
    assert_eq!(tally.count(1_u64, at(0), "first"), Some(("first", 1)));
    for n in 1..1_000 {
        assert_eq!(tally.count(1, at(n * 1_000), "held"), None);
    }
    assert_eq!(tally.count(1, at(60_000_000), "next"), Some(("next", 1_000)));
    assert_eq!(tally.count(1, at(60_000_001), "held"), None);
    assert_eq!(tally.count(2, at(60_000_001), "other"), Some(("other", 1)));
}

/// covers K6.1 (part)
#[test]
fn a_flood_that_ends_is_told_to_its_end() {
    let tally = Tally::new(Span::seconds(60), 160);
    for event in ["first", "second", "third"] {
        let _ = tally.count(1_u64, at(0), event);
    }
    let _ = tally.count(2, at(0), "alone");
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
            prop_assert_eq!(limiter.check(1_u64, at(now * 1_000)).allowed, nginx.passes(now));
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
            prop_assert_eq!(limiter.check(1_u64, at(now)).allowed, expected);
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
        let verdict = limiter.check(1, at(wait));
        prop_assume!(!verdict.allowed);
        let then = wait + verdict.retry_after.as_micros();
        prop_assert!(!limiter.check(1, at(then - 1)).allowed);
        prop_assert!(limiter.check(1, at(then)).allowed);
    }

    #[test]
    fn memory_stays_bounded(keys in proptest::collection::vec((any::<u64>(), 0_i64..1_000_000), 1..2_000)) {
        let limiter = RateLimiter::new(API, 64);
        for (key, when) in keys {
            let _ = limiter.check(key, at(when));
        }
        prop_assert!(limiter.tracked() <= 64);
    }
}
