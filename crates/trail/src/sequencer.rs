//! Numbering leaves on PostgreSQL.
//!
//! Writers there run side by side and put their leaves into `trail_pending`. One sequencer moves them into
//! `trail_leaf`, numbered without gaps in the order of their arrival, a batch per transaction.
//!
//! Any node may be the sequencer; who holds an advisory lock is, for the length of one transaction. A lease with an
//! expiry was the other way: it depends on clocks, leaves the trail waiting after a crash until it runs out, and a
//! holder that slept too long may write beside its successor. A lock that belongs to the very transaction that numbers
//! has none of these.

use palisade_store::{Engine, Housekeeping, Store};

use crate::{TrailError, store};

/// Numbers what is pending until nothing is left or another node is at it; gives how many leaves it numbered.
pub(crate) async fn sequence_all(store: &Store) -> Result<u64, TrailError> {
    if store.engine() == Engine::Sqlite {
        return Ok(0);
    }
    let mut numbered = 0;
    while store::is_pending(&mut *store.read().await?).await? {
        let mut tx = store.write().await?;
        let Some(batch) = store::sequence(&mut tx).await? else { break };
        tx.commit_housekeeping(Housekeeping::Sequencing).await?;
        numbered += batch;
    }
    Ok(numbered)
}
