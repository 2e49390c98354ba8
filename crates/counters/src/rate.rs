//! A rate with a burst: the leaky bucket of nginx's `limit_req` with `nodelay`.

use std::hash::Hash;

use palisade_base::{Instant, Span};

use crate::{
    Verdict,
    table::{Counter, Table},
};

/// So many per span, and a burst on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many per `per`; 0 counts as 1.
    pub requests: u32,
    /// The span that they are counted over.
    pub per: Span,
    /// How many may come at once beyond the one that is due.
    pub burst: u32,
}

/// Counts requests of keys against a [`Rate`].
///
/// As in nginx: each request fills the bucket by one, the bucket leaks at the rate, and a request that would fill it
/// above the burst is refused and adds nothing. From a fresh start a burst of 20 lets 21 pass, and the 22nd is refused.
pub struct RateLimiter<K> {
    rate: Rate,
    table: Table<K, Bucket>,
}

/// When the bucket will have leaked empty.
struct Bucket {
    empty_at: Instant,
}

impl Counter for Bucket {
    /// The time that one request takes to leak out.
    type Terms = Span;

    /// A whole interval after it is empty: until then the next request would find the last one's interval unfinished.
    fn forgiven_at(&self, interval: &Span) -> Instant {
        self.empty_at + *interval
    }
}

impl<K: Hash> RateLimiter<K> {
    /// A limiter that remembers about `capacity` keys.
    #[must_use]
    pub fn new(rate: Rate, capacity: usize) -> Self {
        let interval = (rate.per.as_micros() / i64::from(rate.requests.max(1))).max(1);
        Self { rate, table: Table::new(Span::micros(interval), capacity) }
    }

    /// What it holds to.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Counts a request of this key, and says whether it passes.
    pub fn check(&self, key: &K, now: Instant) -> Verdict {
        let interval = self.table.terms().as_micros();
        let most = interval.saturating_mul(i64::from(self.rate.burst));
        // A fresh key has an empty bucket, and its first request leaves it empty: that one was due.
        let fresh = || Bucket { empty_at: now - Span::micros(interval) };
        self.table.update(key, now, fresh, |bucket| {
            // A clock that was set back must not lock anybody out for longer than a full bucket takes to leak.
            let before = bucket.empty_at.min(now + Span::micros(most));
            let filled = (before.since(now).as_micros() + interval).max(0);
            let allowed = filled <= most;
            bucket.empty_at = if allowed { now + Span::micros(filled) } else { before };
            self.verdict(allowed, bucket.empty_at.since(now).as_micros(), most)
        })
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn tracked(&self) -> usize {
        self.table.len()
    }

    fn verdict(&self, allowed: bool, filled: i64, most: i64) -> Verdict {
        let interval = self.table.terms().as_micros();
        let free = (most - filled).max(0) / interval;
        Verdict {
            allowed,
            limit: self.rate.burst.saturating_add(1),
            remaining: u32::try_from(free).unwrap_or(u32::MAX),
            window: Span::micros(most.saturating_add(interval)),
            reset: Span::micros(filled.saturating_add(interval).max(0)),
            retry_after: Span::micros((filled + interval - most).max(0)),
        }
    }
}
