//! The store: opening it, reading from it, writing to it.

use std::{path::PathBuf, sync::Arc};

use palisade_base::{Env, TrailEntry, leaf::Leaf};
use thiserror::Error as ThisError;
use tokio::sync::Notify;

use crate::{
    DatabaseUrl, PoolConfig, StoreError, append,
    conn::{Conn, ConnInner, ReadConn},
    postgres::PostgresStore,
    sqlite::SqliteStore,
    write::WriteTx,
};

/// The two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, in one file.
    Sqlite,
    /// A PostgreSQL server, version 15 or later.
    Postgres,
}

/// Why a database was not opened. Each says what is wrong, where, and what to do.
#[derive(Debug, ThisError)]
pub enum OpenError {
    /// The file is not a whole SQLite database.
    #[error(
        "the database {path} is damaged: {finding}\n  \
         It was not opened, and nothing was changed. Move the file (with its -wal and -shm) aside, then restore the newest backup over it."
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the check found.
        finding: String,
    },
    /// Commits would not survive a power cut.
    #[error(
        "the database would not survive a power cut: journal_mode is {journal}, synchronous is {synchronous}; wal and full (2) are needed\n  \
         A network file system is the usual cause: put the data directory on a local disk."
    )]
    NotDurable {
        /// The journal mode found.
        journal: String,
        /// The synchronous level found.
        synchronous: String,
    },
    /// Another process serves from the file.
    #[error(
        "the database {path} is in use by another Palisade{}\n  \
         Stop that one first; to look after it while it runs, use commands such as `palisade status` and `palisade user`.",
        process.map_or(String::new(), |id| format!(" (process {id})"))
    )]
    InUse {
        /// The file.
        path: PathBuf,
        /// The other process, where it is known.
        process: Option<u32>,
    },
    /// The file is on a network file system.
    #[error(
        "the database {path} is on a network file system ({kind}), where locks and syncs do not do what SQLite needs\n  \
         Put the data directory on a local disk, or use PostgreSQL by DATABASE_URL."
    )]
    OnNetwork {
        /// The file.
        path: PathBuf,
        /// The file system, as the kernel names it.
        kind: String,
    },
    /// It can't be reached or used.
    #[error("the database {what} can't be used: {why}")]
    Unusable {
        /// Which database, without its password.
        what: String,
        /// Why.
        why: String,
    },
    /// The server is too old.
    #[error("the PostgreSQL server has version {found}; 15 or later is needed")]
    TooOld {
        /// What it says of itself.
        found: String,
    },
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    backend: Backend,
    env: Env,
    written: Arc<Notify>,
}

enum Backend {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Store {
    /// Opens the database that the URL names. Creates an SQLite file that is not there yet; never a PostgreSQL database.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(url: &DatabaseUrl, pool: &PoolConfig, env: Env) -> Result<Self, OpenError> {
        let written = Arc::new(Notify::new());
        let backend = match url {
            DatabaseUrl::Sqlite(path) => Backend::Sqlite(SqliteStore::open(path, pool, Arc::clone(&written)).await?),
            DatabaseUrl::Postgres(options) => Backend::Postgres(PostgresStore::open(options, pool).await?),
        };
        Ok(Self(Arc::new(Inner { backend, env, written })))
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.0.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// The clock and randomness that leaves are written with.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.0.env
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// The pool is exhausted or the database can't be reached.
    pub async fn read(&self) -> Result<ReadConn, StoreError> {
        Ok(ReadConn(Conn::new(match &self.0.backend {
            Backend::Sqlite(store) => ConnInner::SqliteRead(store.readers.acquire().await?),
            Backend::Postgres(store) => ConnInner::PostgresRead(store.readers.acquire().await?),
        })))
    }

    /// A writing transaction; dropping it undoes all it did. Keep it short: on SQLite it is the only one.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn write(&self) -> Result<WriteTx, StoreError> {
        let conn = Conn::new(match &self.0.backend {
            Backend::Sqlite(store) => ConnInner::SqliteWrite(store.begin().await?),
            Backend::Postgres(store) => ConnInner::PostgresWrite(store.writers.begin().await?),
        });
        Ok(WriteTx::new(conn, self.0.env.clone(), Arc::clone(&self.0.written)))
    }

    /// Writes trail entries of events that change no data (something was viewed, somebody was refused).
    /// Returns when they are durable.
    ///
    /// # Errors
    /// They could not be written; then what they tell of must not happen either.
    pub async fn append(&self, entries: &[TrailEntry]) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let now = self.0.env.now();
        let leaves: Vec<Leaf> = entries.iter().map(|entry| Leaf::of(entry, now, &self.0.env)).collect();
        match &self.0.backend {
            Backend::Sqlite(store) => store.append(leaves).await,
            Backend::Postgres(store) if append::is_one_statement(leaves.len()) => {
                append::postgres_insert(&mut *store.writers.acquire().await?, leaves).await?;
                self.0.written.notify_waiters();
                Ok(())
            }
            Backend::Postgres(store) => {
                let mut tx = store.writers.begin().await?;
                append::postgres_insert(&mut tx, leaves).await?;
                tx.commit().await?;
                self.0.written.notify_waiters();
                Ok(())
            }
        }
    }

    /// Fires whenever leaves have been written by this process: what the sequencer and the sealer wait for.
    #[must_use]
    pub fn leaves_written(&self) -> Arc<Notify> {
        Arc::clone(&self.0.written)
    }

    /// Commits what is queued, lets go of all connections, and on SQLite folds the write-ahead log into the file.
    pub async fn close(&self) {
        match &self.0.backend {
            Backend::Sqlite(store) => store.close().await,
            Backend::Postgres(store) => {
                store.readers.close().await;
                store.writers.close().await;
            }
        }
    }
}
