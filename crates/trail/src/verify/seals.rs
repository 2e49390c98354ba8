//! The seals of the database in their order, with their signatures checked by several threads.

use std::collections::VecDeque;

use palisade_store::{Store, StoreError};

use super::checker::CheckedSeal;
use crate::{Seal, VerifierKey, store};

/// Leaf hashes that one page of seals should have, about.
const HASHES_PER_PAGE: usize = 131_072;
const SMALLEST_PAGE: i64 = 4;
const LARGEST_PAGE: i64 = 1_024;

pub(crate) struct SealReader {
    store: Store,
    key: VerifierKey,
    ready: VecDeque<CheckedSeal>,
    /// Size of the last seal read.
    after: u64,
    /// Size of the last seal to read; those made meanwhile cover leaves that are not looked at.
    last: u64,
    page: i64,
}

impl SealReader {
    pub(crate) const fn new(store: Store, key: VerifierKey, last: u64) -> Self {
        Self { store, key, ready: VecDeque::new(), after: 0, last, page: SMALLEST_PAGE }
    }

    /// The next seal; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<CheckedSeal>, StoreError> {
        if self.ready.is_empty() && self.after < self.last {
            self.read_page().await?;
        }
        Ok(self.ready.pop_front())
    }

    async fn read_page(&mut self) -> Result<(), StoreError> {
        let mut seals = store::read_seals(&mut *self.store.read().await?, self.after, self.page).await?;
        seals.retain(|seal| seal.size <= self.last);
        self.after = seals.last().map_or(self.last, |seal| seal.size);
        let hashes: usize = seals.iter().map(|seal| seal.leaves.len()).sum();
        let each = (hashes / seals.len().max(1)).max(1);
        self.page = i64::try_from(HASHES_PER_PAGE / each).unwrap_or(LARGEST_PAGE).clamp(SMALLEST_PAGE, LARGEST_PAGE);
        for checked in check_in_parallel(seals, &self.key) {
            let checked = checked.await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
            self.ready.extend(checked);
        }
        Ok(())
    }
}

/// A signature takes as long as sixty leaves.
fn check_in_parallel(mut seals: Vec<Seal>, key: &VerifierKey) -> Vec<tokio::task::JoinHandle<Vec<CheckedSeal>>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = seals.len().div_ceil(threads).max(1);
    let mut tasks = Vec::new();
    while !seals.is_empty() {
        let rest = seals.split_off(share.min(seals.len()));
        let (part, key) = (std::mem::replace(&mut seals, rest), key.clone());
        let check = move || part.into_iter().map(|seal| CheckedSeal::new(seal, &key)).collect();
        tasks.push(tokio::task::spawn_blocking(check));
    }
    tasks
}
