//! The leaves of the database in their order, read and hashed by several threads ahead of who checks them.

use std::{collections::VecDeque, ops::Range};

use futures_util::StreamExt as _;
use palisade_base::leaf::Leaf;
use palisade_store::{Engine, Row, Store, StoreError, leaf_from_row};
use tokio::task::JoinHandle;

use super::{checker::Observed, packed};
use crate::store;

/// Leaves in one chunk.
const CHUNK: u64 = 2_048;

pub(crate) type Chunk = Vec<(u64, Observed)>;

/// Reads chunks ahead, in order.
pub(crate) struct LeafReader {
    store: Store,
    /// Chunks under way: where they end, and their task.
    ahead: VecDeque<(u64, JoinHandle<Result<Chunk, StoreError>>)>,
    /// Where the next chunk starts.
    next: u64,
    /// One more than the last leaf to read.
    end: u64,
    parallel: usize,
}

impl LeafReader {
    pub(crate) fn new(store: Store, end: u64) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // One thread of each pair waits for the database while the other hashes. Others need connections too.
        let parallel = (cores * 2).min(4);
        Self { store, ahead: VecDeque::new(), next: 0, end, parallel }
    }

    /// The next leaves; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Chunk>, StoreError> {
        loop {
            self.read_ahead();
            let Some((end, task)) = self.ahead.pop_front() else { return Ok(None) };
            let chunk = task.await.map_err(|e| StoreError::Unavailable(e.to_string()))??;
            if !chunk.is_empty() {
                return Ok(Some(chunk));
            }
            // A gap, perhaps a huge one: on to the next leaf that there is.
            self.ahead.clear();
            let next = store::next_seq(&mut *self.store.read().await?, end).await?;
            self.next = next.unwrap_or(self.end);
        }
    }

    fn read_ahead(&mut self) {
        while self.ahead.len() < self.parallel && self.next < self.end {
            let range = self.next..(self.next.saturating_add(CHUNK)).min(self.end);
            self.next = range.end;
            self.ahead.push_back((range.end, tokio::spawn(read_chunk(self.store.clone(), range))));
        }
    }
}

impl Drop for LeafReader {
    fn drop(&mut self) {
        self.ahead.iter().for_each(|(_, task)| task.abort());
    }
}

async fn read_chunk(store: Store, range: Range<u64>) -> Result<Chunk, StoreError> {
    if store.engine() == Engine::Sqlite {
        // Rows too large to pack are an error here; read plainly, they are a finding.
        let packed = store::read_packed(&mut *store.read().await?, range.clone()).await.ok().flatten();
        let hashed = tokio::task::spawn_blocking(move || packed.as_ref().and_then(packed::check)).await;
        if let Some(chunk) = hashed.map_err(|e| StoreError::Unavailable(e.to_string()))? {
            return Ok(chunk);
        }
    }
    read_plainly(&store, range).await
}

/// Row by row.
async fn read_plainly(store: &Store, range: Range<u64>) -> Result<Chunk, StoreError> {
    let mut conn = store.read().await?;
    let mut rows = store::read_leaves(&mut conn, range);
    let mut chunk = Vec::new();
    while let Some(row) = rows.next().await {
        chunk.push(observe(&row?)?);
        if chunk.len() % 64 == 0 {
            tokio::task::consume_budget().await;
        }
    }
    Ok(chunk)
}

fn observe(row: &Row) -> Result<(u64, Observed), StoreError> {
    let seq = store::unsigned(row.get("seq")?);
    Ok((seq, leaf_from_row(row).map_or(Observed::Unreadable, |leaf| judge(&leaf, remains(row)))))
}

/// Whether texts are left where their salt was erased: nothing vouches for them any more.
fn remains(row: &Row) -> bool {
    let is_some = |column| row.get::<Option<String>>(column).is_ok_and(|text| text.is_some());
    let is_erased = |column| row.get::<Option<Vec<u8>>>(column).is_ok_and(|salt| salt.is_none());
    let origin = ["address", "session", "request", "agent"].into_iter().any(is_some);
    (is_erased("origin_salt") && origin) || (is_erased("detail_salt") && is_some("detail"))
}

/// What a leaf's own parts and commitments say of it.
pub(crate) fn judge(leaf: &Leaf, remains: bool) -> Observed {
    let hash = leaf.hash();
    match leaf.edited_part() {
        Some(part) => Observed::Edited(hash, part),
        None if remains => Observed::Edited(hash, "a part that was erased, and has text again,"),
        None if leaf.whence.is_none() || leaf.detail.is_none() => Observed::Erased(hash),
        None => Observed::Genuine(hash),
    }
}
