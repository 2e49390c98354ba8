//! Things that are known for a while.

use std::hash::Hash;

use palisade_base::{Instant, Span};

use crate::table::{Counter, Table};

/// Remembers a value for a key until it has not been asked for, or told again, for some time.
pub struct Remembered<K, V> {
    table: Table<K, Kept<V>>,
}

struct Kept<V> {
    value: V,
    used_at: Instant,
}

impl<V> Counter for Kept<V> {
    /// How long it is kept unused.
    type Terms = Span;

    fn forgiven_at(&self, life: &Span) -> Instant {
        self.used_at + *life
    }
}

impl<K: Hash, V: Clone> Remembered<K, V> {
    /// Remembers about `capacity` keys, each for `life` after its last use.
    #[must_use]
    pub fn new(life: Span, capacity: usize) -> Self {
        Self { table: Table::new(life, capacity) }
    }

    /// The value of this key, which is in use by that.
    pub fn get(&self, key: &K, now: Instant) -> Option<V> {
        self.table.update_known(key, now, |kept| {
            kept.used_at = now;
            kept.value.clone()
        })
    }

    /// Changes the value of this key, or begins with a `fresh` one.
    pub fn change(&self, key: &K, now: Instant, fresh: impl Fn() -> V, change: impl FnOnce(&mut V)) {
        let life = *self.table.terms();
        self.table.update(
            key,
            now,
            || Kept { value: fresh(), used_at: now },
            |kept| {
                if kept.forgiven_at(&life) <= now {
                    kept.value = fresh();
                }
                kept.used_at = now;
                change(&mut kept.value);
            },
        );
    }

    /// What was in use since an instant, in no order.
    #[must_use]
    pub fn since(&self, instant: Instant) -> Vec<V> {
        self.table.collect(|kept| (kept.used_at >= instant).then(|| kept.value.clone()))
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn tracked(&self) -> usize {
        self.table.len()
    }
}
