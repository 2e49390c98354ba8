//! A bounded table of counters, in shards so that cores do not wait for each other.

use std::{
    collections::{BTreeSet, HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash},
    sync::{Mutex, MutexGuard, PoisonError},
};

use palisade_base::Instant;

const SHARDS: usize = 16;

/// Counters by key. Which shard a key is in depends on a secret seed, so nobody can aim at one shard.
pub(crate) struct Table<K, C> {
    hasher: RandomState,
    shards: Vec<Mutex<Shard<K, C>>>,
    capacity_per_shard: usize,
}

struct Shard<K, C> {
    counters: HashMap<K, C>,
    /// The same keys by the instant at which their counter means nothing any more.
    by_end: BTreeSet<(Instant, K)>,
}

/// A counter that is worth remembering only until some instant.
pub(crate) trait Counter {
    /// From then on it is as good as a new one.
    fn forgiven_at(&self) -> Instant;
}

impl<K: Hash + Ord + Copy, C: Counter> Table<K, C> {
    /// A table of at most about `capacity` keys, at least one per shard.
    pub(crate) fn new(capacity: usize) -> Self {
        let shard = || Mutex::new(Shard { counters: HashMap::new(), by_end: BTreeSet::new() });
        Self {
            hasher: RandomState::new(),
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            capacity_per_shard: capacity.div_ceil(SHARDS).max(1),
        }
    }

    /// Runs `change` on the key's counter, which is a fresh one where there is none.
    pub(crate) fn update<R>(
        &self,
        key: K,
        now: Instant,
        fresh: impl FnOnce() -> C,
        change: impl FnOnce(&mut C) -> R,
    ) -> R {
        let mut shard = self.shard(&key);
        let mut counter = shard.take(&key).unwrap_or_else(fresh);
        let result = change(&mut counter);
        shard.put(key, counter, now, self.capacity_per_shard);
        result
    }

    /// Takes out the counters that `wanted` picks.
    pub(crate) fn take_where(&self, wanted: impl Fn(&C) -> bool) -> Vec<C> {
        let mut taken = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            let keys: Vec<K> =
                shard.counters.iter().filter(|(_, counter)| wanted(counter)).map(|(key, _)| *key).collect();
            taken.extend(keys.iter().filter_map(|key| shard.take(key)));
        }
        taken
    }

    /// How many keys are remembered.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).counters.len()).sum()
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, C>> {
        let number = (self.hasher.hash_one(key) >> 32) as usize % SHARDS;
        // `number` is always below SHARDS, which is how many there are.
        lock(&self.shards[number])
    }
}

/// A panic while counting can leave a count one off; that is no reason to stop counting.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Hash + Ord + Copy, C: Counter> Shard<K, C> {
    fn take(&mut self, key: &K) -> Option<C> {
        let counter = self.counters.remove(key)?;
        self.by_end.remove(&(counter.forgiven_at(), *key));
        Some(counter)
    }

    fn put(&mut self, key: K, counter: C, now: Instant, capacity: usize) {
        self.drop_forgiven(now);
        self.by_end.insert((counter.forgiven_at(), key));
        self.counters.insert(key, counter);
        // The new key itself is the one to go, where all others are nearer to their limit than it is.
        while self.counters.len() > capacity {
            let Some((_, nearest)) = self.by_end.pop_first() else { return };
            self.counters.remove(&nearest);
        }
    }

    /// A few at a time: each call adds one key at most, so the table shrinks faster than it grows.
    fn drop_forgiven(&mut self, now: Instant) {
        for _ in 0..4 {
            match self.by_end.first() {
                Some((end, key)) if *end <= now => {
                    let entry = (*end, *key);
                    self.counters.remove(&entry.1);
                    self.by_end.remove(&entry);
                }
                _ => return,
            }
        }
    }
}
