//! So many within any stretch of a length: a sliding window, counted exactly.

use std::{collections::VecDeque, hash::Hash};

use palisade_base::{Instant, Span};

use crate::{
    Verdict,
    table::{Counter, Table},
};

/// So many within any stretch of that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many; 0 counts as 1.
    pub requests: u32,
    /// The stretch's length.
    pub length: Span,
}

/// Counts requests of keys against a [`Window`]. A refused request is not counted: who waits is let in again.
///
/// It keeps the instants of the requests that passed, 8 bytes each, so that no two windows' edges can be played against
/// each other. Meant for keys that not everybody can make up: users, API keys, addresses.
pub struct WindowLimiter<K> {
    table: Table<K, Passed>,
}

struct Passed {
    at: VecDeque<Instant>,
}

impl Counter for Passed {
    type Terms = Window;

    fn forgiven_at(&self, window: &Window) -> Instant {
        self.at.back().map_or(Instant::from_micros(i64::MIN), |last| *last + window.length)
    }

    /// The window's length counts as much as the window is full: one request of just now is worth less than a hundred of
    /// half a minute ago.
    fn rank(&self, window: &Window) -> Instant {
        let used = i64::try_from(self.at.len()).unwrap_or(i64::MAX);
        let share = (window.length.as_micros() / i64::from(window.requests)).saturating_mul(used);
        self.at.back().map_or(Instant::from_micros(i64::MIN), |last| *last + Span::micros(share))
    }
}

impl<K: Hash> WindowLimiter<K> {
    /// A limiter that remembers about `capacity` keys.
    #[must_use]
    pub fn new(window: Window, capacity: usize) -> Self {
        let window = Window { requests: window.requests.max(1), ..window };
        Self { table: Table::new(window, capacity) }
    }

    /// What it holds to.
    #[must_use]
    pub const fn window(&self) -> Window {
        *self.table.terms()
    }

    /// Counts a request of this key, and says whether it passes.
    pub fn check(&self, key: &K, now: Instant) -> Verdict {
        let Window { requests, length } = self.window();
        let fresh = || Passed { at: VecDeque::new() };
        self.table.update(key, now, fresh, |passed| {
            passed.forget_before(now, length);
            let used = u32::try_from(passed.at.len()).unwrap_or(u32::MAX);
            let allowed = used < requests;
            if allowed {
                passed.at.push_back(now);
            }
            let (first, last) = (passed.at.front().copied().unwrap_or(now), passed.at.back().copied().unwrap_or(now));
            let remaining = requests - used.min(requests) - u32::from(allowed);
            let retry_after = if remaining > 0 { Span::ZERO } else { (first + length).since(now) };
            let reset = (last + length).since(now);
            Verdict { allowed, limit: requests, remaining, window: length, reset, retry_after }
        })
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn tracked(&self) -> usize {
        self.table.len()
    }
}

impl Passed {
    /// Forgets what is out of the window; and what lies in the future, since then the clock was set back.
    fn forget_before(&mut self, now: Instant, length: Span) {
        while self.at.front().is_some_and(|at| now.since(*at) >= length) {
            self.at.pop_front();
        }
        while self.at.back().is_some_and(|at| *at > now) {
            self.at.pop_back();
        }
    }
}
