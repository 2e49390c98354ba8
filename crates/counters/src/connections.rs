//! What is open at the moment, in all and by key.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Counts open connections. Cheap to clone.
pub struct ConnectionLimiter<K: Hash + Eq + Copy>(Arc<Inner<K>>);

struct Inner<K> {
    most: AtomicUsize,
    most_per_key: AtomicUsize,
    open: Mutex<Open<K>>,
}

struct Open<K> {
    total: usize,
    by_key: HashMap<K, usize>,
}

/// Why a connection is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionRefusal {
    /// There are as many as there can be.
    Full,
    /// This key has as many as it may.
    KeyFull,
}

/// A place for one connection; given back when dropped.
pub struct ConnectionPermit<K: Hash + Eq + Copy> {
    limiter: ConnectionLimiter<K>,
    key: Option<K>,
}

impl<K: Hash + Eq + Copy> ConnectionLimiter<K> {
    /// At most `most` in all and `most_per_key` of one key.
    #[must_use]
    pub fn new(most: usize, most_per_key: usize) -> Self {
        let open = Mutex::new(Open { total: 0, by_key: HashMap::new() });
        Self(Arc::new(Inner { most: most.into(), most_per_key: most_per_key.into(), open }))
    }

    /// Other limits from now on. What is open stays open, even where it is more than there could be now.
    pub fn resize(&self, most: usize, most_per_key: usize) {
        self.0.most.store(most, Ordering::Relaxed);
        self.0.most_per_key.store(most_per_key, Ordering::Relaxed);
    }

    /// Takes a place. Without a key it counts in all only: for who is exempt from the limit by key.
    ///
    /// # Errors
    /// There is none.
    pub fn enter(&self, key: Option<K>) -> Result<ConnectionPermit<K>, ConnectionRefusal> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.0.most.load(Ordering::Relaxed) {
            return Err(ConnectionRefusal::Full);
        }
        if let Some(key) = key {
            let count = open.by_key.get(&key).copied().unwrap_or(0);
            if count >= self.0.most_per_key.load(Ordering::Relaxed) {
                return Err(ConnectionRefusal::KeyFull);
            }
            open.by_key.insert(key, count + 1);
        }
        open.total += 1;
        Ok(ConnectionPermit { limiter: Self(Arc::clone(&self.0)), key })
    }

    /// How many are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

impl<K: Hash + Eq + Copy> Clone for ConnectionLimiter<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Hash + Eq + Copy> Drop for ConnectionPermit<K> {
    fn drop(&mut self) {
        let mut open = self.limiter.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total = open.total.saturating_sub(1);
        let Some(key) = self.key else { return };
        match open.by_key.get_mut(&key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.by_key.remove(&key)),
        }
    }
}
