//! A bounded table of counters, in shards so that cores do not wait for each other.

use std::{
    collections::{BTreeSet, HashMap, hash_map::RandomState},
    hash::{BuildHasher, BuildHasherDefault, Hash, Hasher},
    marker::PhantomData,
    sync::{Mutex, MutexGuard, PoisonError},
};

use palisade_base::Instant;

const SHARDS: usize = 64;

/// Counters by key.
///
/// A key is kept as its hash of 64 bits alone, under a secret seed: a million keys of whatever length share one with a
/// probability of three in a hundred million, and nobody can aim at somebody else's, or at one shard.
pub(crate) struct Table<K, C: Counter> {
    hasher: RandomState,
    shards: Vec<Mutex<Shard<C>>>,
    capacity_per_shard: usize,
    terms: C::Terms,
    keys: PhantomData<fn(&K)>,
}

struct Shard<C> {
    counters: HashMap<u64, C, BuildHasherDefault<AsItIs>>,
    /// The same keys by their rank: the first is the first to go.
    by_rank: BTreeSet<(Instant, u64)>,
}

/// A counter that is worth remembering only until some instant.
pub(crate) trait Counter {
    /// What all counters of a table have in common.
    type Terms;

    /// From then on it is as good as a new one.
    fn forgiven_at(&self, terms: &Self::Terms) -> Instant;

    /// A full table forgets the lowest first. It rises with how much is forgotten: whoever is at a limit must not be let
    /// off because strangers came by later.
    fn rank(&self, terms: &Self::Terms) -> Instant {
        self.forgiven_at(terms)
    }
}

impl<K: Hash, C: Counter> Table<K, C> {
    /// A table of at most about `capacity` keys, at least one per shard.
    pub(crate) fn new(terms: C::Terms, capacity: usize) -> Self {
        let shard = || Mutex::new(Shard { counters: HashMap::default(), by_rank: BTreeSet::new() });
        Self {
            hasher: RandomState::new(),
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            capacity_per_shard: capacity.div_ceil(SHARDS).max(1),
            terms,
            keys: PhantomData,
        }
    }

    pub(crate) const fn terms(&self) -> &C::Terms {
        &self.terms
    }

    /// Runs `change` on the key's counter, which is a fresh one where there is none.
    pub(crate) fn update<R>(
        &self,
        key: &K,
        now: Instant,
        fresh: impl FnOnce() -> C,
        change: impl FnOnce(&mut C) -> R,
    ) -> R {
        let (hash, mut shard) = self.shard(key);
        let mut counter = shard.take(hash, &self.terms).unwrap_or_else(fresh);
        let result = change(&mut counter);
        shard.put(hash, counter, now, self);
        result
    }

    /// Runs `change` on the key's counter where there is one that is not forgiven yet.
    pub(crate) fn update_known<R>(&self, key: &K, now: Instant, change: impl FnOnce(&mut C) -> R) -> Option<R> {
        let (hash, mut shard) = self.shard(key);
        let mut counter = shard.take(hash, &self.terms)?;
        if counter.forgiven_at(&self.terms) <= now {
            return None;
        }
        let result = change(&mut counter);
        shard.put(hash, counter, now, self);
        Some(result)
    }

    /// Takes out the counters that `wanted` picks.
    pub(crate) fn take_where(&self, wanted: impl Fn(&C) -> bool) -> Vec<C> {
        let mut taken = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            let keys: Vec<u64> =
                shard.counters.iter().filter(|(_, counter)| wanted(counter)).map(|(key, _)| *key).collect();
            taken.extend(keys.into_iter().filter_map(|key| shard.take(key, &self.terms)));
        }
        taken
    }

    /// What `wanted` makes of each counter.
    pub(crate) fn collect<R>(&self, wanted: impl Fn(&C) -> Option<R>) -> Vec<R> {
        let of_shard = |shard: &Mutex<Shard<C>>| lock(shard).counters.values().filter_map(&wanted).collect::<Vec<R>>();
        self.shards.iter().flat_map(of_shard).collect()
    }

    /// How many keys are remembered.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).counters.len()).sum()
    }

    fn shard(&self, key: &K) -> (u64, MutexGuard<'_, Shard<C>>) {
        let hash = self.hasher.hash_one(key);
        // Bits that the map of the shard does not look at first. The number is always below SHARDS, which is how many
        // there are.
        let number = (hash >> 32) as usize % SHARDS;
        (hash, lock(&self.shards[number]))
    }
}

/// A panic while counting can leave a count one off; that is no reason to stop counting.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<C: Counter> Shard<C> {
    fn take(&mut self, key: u64, terms: &C::Terms) -> Option<C> {
        let counter = self.counters.remove(&key)?;
        self.by_rank.remove(&(counter.rank(terms), key));
        Some(counter)
    }

    fn put<K>(&mut self, key: u64, counter: C, now: Instant, table: &Table<K, C>) {
        self.drop_forgiven(now, &table.terms);
        self.by_rank.insert((counter.rank(&table.terms), key));
        self.counters.insert(key, counter);
        // The new key itself is the one to go, where all others are nearer to their limit than it is.
        while self.counters.len() > table.capacity_per_shard {
            let Some((_, lowest)) = self.by_rank.pop_first() else { return };
            self.counters.remove(&lowest);
        }
    }

    /// A few at a time: each call adds one key at most, so the table shrinks faster than it grows.
    fn drop_forgiven(&mut self, now: Instant, terms: &C::Terms) {
        for _ in 0..4 {
            let Some(&(rank, key)) = self.by_rank.first() else { return };
            let over = self.counters.get(&key).is_none_or(|counter| counter.forgiven_at(terms) <= now);
            if !over {
                return;
            }
            self.by_rank.remove(&(rank, key));
            self.counters.remove(&key);
        }
    }
}

/// The keys are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Not asked for `u64`, and right for anything all the same.
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }
}
