//! The writing transaction: no commit without its trail entry.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use palisade_base::{Env, TrailEntry, leaf::Leaf};
use tokio::sync::Notify;

use crate::{
    Sql, StoreError, append,
    conn::{Conn, ConnInner},
};

/// Why a transaction may commit without a trail entry: it changes no business data. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Housekeeping {
    /// When a session or key was last used.
    LastUse,
    /// Counters of failed attempts and spent one-time codes; the attempt itself has an entry.
    Counters,
    /// Rows that have run out: sessions, one-time tokens.
    Expiry,
    /// Numbering of leaves that are written already.
    Sequencing,
    /// A seal over leaves that are written already.
    Sealing,
    /// Encrypted values under another data key: what they say stays the same, and the rotation has entries.
    Reencryption,
    /// How far a log file has been read; what it led to has entries.
    Position,
    /// The record that a migration ran.
    Migration,
}

/// A writing transaction. Dropped, it leaves nothing behind; committed, its trail entry is in the same transaction.
#[must_use = "a transaction that is not committed changes nothing"]
pub struct WriteTx {
    conn: Conn,
    env: Env,
    written: Arc<Notify>,
}

impl WriteTx {
    pub(crate) const fn new(conn: Conn, env: Env, written: Arc<Notify>) -> Self {
        Self { conn, env, written }
    }

    /// Runs a statement; gives the number of rows it touched.
    ///
    /// # Errors
    /// The database refuses or can't be reached. After that the transaction refuses everything, its commit too: where
    /// a duplicate is expected, write `ON CONFLICT DO NOTHING` and look at the number.
    pub async fn execute(&mut self, sql: Sql) -> Result<u64, StoreError> {
        self.conn.execute(sql).await
    }

    /// Commits the change together with its entry; returns when both are durable.
    ///
    /// # Errors
    /// Nothing was changed and nothing written; except after [`StoreError::Uncertain`], when both or neither was.
    pub async fn commit(self, entry: TrailEntry) -> Result<(), StoreError> {
        self.commit_all(entry, Vec::new()).await
    }

    /// Commits a change that is several events: the first, and the rest.
    ///
    /// # Errors
    /// As [`WriteTx::commit`].
    pub async fn commit_all(self, first: TrailEntry, rest: Vec<TrailEntry>) -> Result<(), StoreError> {
        let now = self.env.now();
        let leaves = std::iter::once(&first).chain(&rest).map(|entry| Leaf::of(entry, now, &self.env)).collect();
        self.finish(leaves).await
    }

    /// Commits without an entry, for one of the closed list of reasons.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn commit_housekeeping(self, _reason: Housekeeping) -> Result<(), StoreError> {
        self.finish(Vec::new()).await
    }

    async fn finish(self, leaves: Vec<Leaf>) -> Result<(), StoreError> {
        match self.conn.into_whole()? {
            // The flusher tells who waits for leaves.
            ConnInner::SqliteWrite(member) => member.commit(leaves).await,
            ConnInner::PostgresWrite(mut tx) => {
                let wrote = !leaves.is_empty();
                append::postgres_insert(&mut tx, leaves).await?;
                tx.commit().await.map_err(|error| match error {
                    sqlx::Error::Io(error) => StoreError::Uncertain(error.to_string()),
                    other => other.into(),
                })?;
                if wrote {
                    self.written.notify_waiters();
                }
                Ok(())
            }
            ConnInner::SqliteRead(_) | ConnInner::PostgresRead(_) => {
                Err(StoreError::Other("a reading connection can't commit".into()))
            }
        }
    }
}

impl Deref for WriteTx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for WriteTx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
