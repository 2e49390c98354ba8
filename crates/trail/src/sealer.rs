//! Making seals.

use palisade_base::leaf::{Hash, stored_leaf_hash};
use palisade_store::{Housekeeping, Store, StoreError};

use crate::{Frontier, Seal, TrailError, key::SigningKey, seal, store};

/// How often to go on after another node was faster, before giving up.
const ATTEMPTS: usize = 20;

/// What stands in the tree for a leaf that was gone before it was sealed. No entry can have this hash.
pub(crate) fn missing_leaf() -> Hash {
    stored_leaf_hash(0, &[0; 96])
}

/// Seals everything that has a number and no seal; gives the size of the last seal.
///
/// Every round starts from the last seal in the database, checked anew: nothing is remembered between rounds, so a
/// restart and a second node need no care.
pub(crate) async fn seal_all(store: &Store, key: &SigningKey) -> Result<u64, TrailError> {
    let mut attempts = 0;
    loop {
        let mut frontier = read_frontier(store, key).await?;
        let leaves = read_leaves(store, frontier.size()).await?;
        if leaves.is_empty() {
            return Ok(frontier.size());
        }
        let seal = seal::make(&mut frontier, leaves, key, store.env().now());
        match add(store, &seal).await {
            Ok(()) => attempts = 0,
            // Another node continued from the same seal.
            Err(StoreError::Unique(_)) if attempts < ATTEMPTS => attempts += 1,
            Err(StoreError::Unique(_)) => return Err(TrailError::Contended),
            Err(error) => return Err(error.into()),
        }
    }
}

/// What the last seal left, after checking that it is what this key signed.
async fn read_frontier(store: &Store, key: &SigningKey) -> Result<Frontier, TrailError> {
    let Some(head) = store::read_head(&mut *store.read().await?).await? else { return Ok(Frontier::default()) };
    let size = head.size;
    head.into_frontier(key.verifier()).ok_or(TrailError::ForgedSeal { size })
}

/// The hashes of the next leaves. A gap is filled with a marker: somebody who deletes a fresh leaf must not be able to
/// stop the seals as well, and verification names the gap.
async fn read_leaves(store: &Store, from: u64) -> Result<Vec<Hash>, TrailError> {
    let rows = store::read_unsealed(&mut *store.read().await?, from, seal::MOST_LEAVES).await?;
    let mut leaves = Vec::with_capacity(rows.len());
    for (seq, hash) in rows {
        let expected = from + leaves.len() as u64;
        let gap = usize::try_from(seq - expected).unwrap_or(usize::MAX).min(seal::MOST_LEAVES - leaves.len());
        if gap > 0 {
            tracing::error!(from = expected, gap, "leaves of the trail are missing before they were sealed");
            leaves.resize(leaves.len() + gap, missing_leaf());
        }
        if leaves.len() == seal::MOST_LEAVES {
            break;
        }
        leaves.push(hash);
    }
    Ok(leaves)
}

async fn add(store: &Store, seal: &Seal) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    store::add_seal(&mut tx, seal).await?;
    tx.commit_housekeeping(Housekeeping::Sealing).await
}
