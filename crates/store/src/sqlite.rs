//! SQLite: one writer whose commits are grouped, and a pool of readers beside it.
//!
//! `file.rs` opens the file (lock, checks), `writer.rs` is the writer, `codes.rs` translates result codes.

mod codes;
mod file;
mod writer;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use palisade_base::leaf::Leaf;
use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, Sqlite, SqliteConnection, SqlitePool, pool::PoolOptions,
};
use tokio::{
    sync::{Notify, Semaphore, mpsc, oneshot},
    time::timeout,
};

pub(crate) use codes::classify;
pub(crate) use writer::Member;

use crate::{OpenError, PoolConfig, StoreError};
use file::FileLock;
use writer::{Committed, Request, Writer, outcome};

/// The most leaves that wait to be written at one time (about 16 MiB); whoever brings more waits before bringing them.
const LEAVES_WAITING: u32 = 16_384;
/// The most writers that wait for their turn in the queue itself; more of them wait in front of it.
const WRITERS_WAITING: usize = 4_096;
/// How long closing waits for readers that are still at work.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

pub(crate) struct SqliteStore {
    pub(crate) readers: SqlitePool,
    requests: mpsc::Sender<Request>,
    room: Semaphore,
    turn_timeout: Duration,
    lock: Mutex<Option<FileLock>>,
}

impl SqliteStore {
    /// Takes the file's lock, checks that it is whole and durable, and starts the writer.
    pub(crate) async fn open(path: &Path, pool: &PoolConfig, written: Arc<Notify>) -> Result<Self, OpenError> {
        let (lock, conn) = open_exclusive(path).await?;
        let readers = PoolOptions::<Sqlite>::new()
            .max_connections(pool.max_connections)
            .acquire_timeout(pool.acquire_timeout)
            .connect_lazy_with(file::connect_options(path).pragma("query_only", "ON"));
        let (requests, inbox) = mpsc::channel(WRITERS_WAITING);
        tokio::spawn(Writer::new(conn, file::connect_options(path), written).run(inbox));
        let (room, turn_timeout) = (Semaphore::new(LEAVES_WAITING as usize), pool.acquire_timeout);
        Ok(Self { readers, requests, room, turn_timeout, lock: Mutex::new(Some(lock)) })
    }

    /// Starts a writing transaction; waits its turn, but no longer than for a connection.
    pub(crate) async fn begin(&self) -> Result<Member, StoreError> {
        let turn = async {
            let (give, given) = oneshot::channel();
            self.requests.send(Request::Write(give)).await.map_err(|_| closed())?;
            given.await.map_err(|_| closed())?
        };
        timeout(self.turn_timeout, turn).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(format!("waited {:?} for other writers to finish", self.turn_timeout)))
        })
    }

    /// Writes leaves that belong to no other change; returns when they are on disk.
    pub(crate) async fn append(&self, leaves: Vec<Leaf>) -> Result<(), StoreError> {
        let size = u32::try_from(leaves.len()).unwrap_or(u32::MAX).min(LEAVES_WAITING);
        let _room = self.room.acquire_many(size).await.map_err(|_| closed())?;
        let (committed, result) = Committed::new(leaves);
        self.requests.send(Request::Append(committed)).await.map_err(|_| closed())?;
        outcome(result).await
    }

    /// Commits what is queued, folds the write-ahead log back into the file, and lets go of it.
    pub(crate) async fn close(&self) {
        if timeout(CLOSE_LIMIT, self.readers.close()).await.is_err() {
            tracing::warn!("a reader was still at work when the database was closed");
        }
        let (done, closed) = oneshot::channel();
        if self.requests.send(Request::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database has been closed".into())
}

/// A checked connection of one's own, for as long as the lock is held: nothing else uses the file.
pub(crate) async fn open_exclusive(path: &Path) -> Result<(FileLock, SqliteConnection), OpenError> {
    let lock = FileLock::take(path)?;
    file::prepare(path)?;
    let mut conn = file::connect_options(path).connect().await.map_err(|e| file::refused(path, e))?;
    file::check(&mut conn, path).await?;
    file::check_durability(&mut conn).await?;
    Ok((lock, conn))
}

/// Folds the write-ahead log into the file and closes the connection.
pub(crate) async fn close_connection(mut conn: SqliteConnection) {
    if let Err(error) = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").await {
        tracing::warn!(%error, "the write-ahead log could not be folded into the database; it will be at the next start");
    }
    let _ = conn.close().await;
}
