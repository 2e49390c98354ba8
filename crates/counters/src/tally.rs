//! One event for many.

use std::hash::Hash;

use palisade_base::{Instant, Span};

use crate::table::{Counter, Table};

/// Lets one event of a key through per period, with the number of those that were held back since the last.
///
/// The trail gets one entry per address and minute for a flood of denials this way, not one per denial.
pub struct Tally<K> {
    period: Span,
    table: Table<K, Held>,
}

struct Held {
    told_at: Option<Instant>,
    since: u64,
    period: Span,
}

impl Counter for Held {
    /// Twice the period: a count that nobody asks for any more is given up after a while.
    fn forgiven_at(&self) -> Instant {
        self.told_at.map_or(Instant::from_micros(i64::MIN), |at| at + self.period + self.period)
    }
}

impl<K: Hash + Ord + Copy> Tally<K> {
    /// One event per key and period; remembers about `capacity` keys.
    #[must_use]
    pub fn new(period: Span, capacity: usize) -> Self {
        Self { period, table: Table::new(capacity) }
    }

    /// Counts an event. `Some(n)`: tell of it now, it stands for `n` events; `None`: it is counted and told later.
    pub fn count(&self, key: K, now: Instant) -> Option<u64> {
        let fresh = || Held { told_at: None, since: 0, period: self.period };
        self.table.update(key, now, fresh, |held| {
            held.since += 1;
            // An instant in the future means that the clock was set back; then the period starts anew.
            let due = held.told_at.is_none_or(|at| now.since(at) >= self.period || at > now);
            due.then(|| {
                held.told_at = Some(now);
                std::mem::take(&mut held.since)
            })
        })
    }
}
