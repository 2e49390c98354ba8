//! One event for many.

use std::hash::Hash;

use palisade_base::{Instant, Span};

use crate::table::{Counter, Table};

/// Lets one event of a key through per period, with the number of those that it stands for.
///
/// The trail gets one entry per address and minute for a flood of denials this way, not one per denial. What was held
/// back comes out with the next event after the period, or by [`Tally::overdue`], which is to be asked now and then.
pub struct Tally<K, E> {
    table: Table<K, Held<E>>,
}

struct Held<E> {
    told_at: Option<Instant>,
    /// How many were held back, and the last of them.
    since: u64,
    last: Option<E>,
}

impl<E> Counter for Held<E> {
    /// The period.
    type Terms = Span;

    /// Twice the period: a count that nobody asks for is given up after a while.
    fn forgiven_at(&self, period: &Span) -> Instant {
        self.told_at.map_or(Instant::from_micros(i64::MIN), |at| at + *period + *period)
    }
}

impl<K: Hash, E> Tally<K, E> {
    /// One event per key and period; remembers about `capacity` keys.
    #[must_use]
    pub fn new(period: Span, capacity: usize) -> Self {
        Self { table: Table::new(period, capacity) }
    }

    /// Counts an event. `Some`: tell of it now, and that it stands for so many; `None`: it is held back.
    pub fn count(&self, key: &K, now: Instant, event: E) -> Option<(E, u64)> {
        let fresh = || Held { told_at: None, since: 0, last: None };
        self.table.update(key, now, fresh, |held| {
            held.since += 1;
            // An instant in the future means that the clock was set back; then the period starts anew.
            let due = held.told_at.is_none_or(|at| now.since(at) >= *self.table.terms() || at > now);
            if !due {
                held.last = Some(event);
                return None;
            }
            held.told_at = Some(now);
            held.last = None;
            Some((event, std::mem::take(&mut held.since)))
        })
    }

    /// The held-back events of keys whose period has passed: the last one of each, and how many it stands for.
    pub fn overdue(&self, now: Instant) -> Vec<(E, u64)> {
        let period = *self.table.terms();
        let passed = |held: &Held<E>| held.last.is_some() && held.told_at.is_none_or(|at| now.since(at) >= period);
        let taken = self.table.take_where(passed);
        taken.into_iter().filter_map(|held| Some((held.last?, held.since))).collect()
    }
}
