//! SQLite: one writer whose commits are grouped, and a pool of readers beside it.
//!
//! Every [`Member`] works in a savepoint of one outer transaction. A member that commits releases its savepoint and
//! queues its leaves; the *flusher*, which stands in the same fair queue as the writers, then writes the leaves of
//! all who committed meanwhile in one go and commits the outer transaction: one disk sync for the whole group.
//! Nobody is told "committed" before that sync. If it fails, the whole group fails and nothing of it stays.

use std::{
    path::Path,
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use palisade_base::leaf::Leaf;
use sqlx::{
    ConnectOptions as _, Executor as _, Sqlite, SqliteConnection, SqlitePool,
    pool::PoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};

use crate::{OpenError, PoolConfig, StoreError, UniqueViolation, Value, append, conn::sqlite_query};

/// How long a reader or the migrator waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Files up to this size are checked page by page at every start; larger ones would hold the start up too long.
const CHECKED_AT_START_BYTES: u64 = 256 * 1024 * 1024;

pub(crate) struct SqliteStore {
    pub(crate) readers: SqlitePool,
    writer: Arc<Mutex<Writer>>,
    queue: Arc<Queue>,
}

/// What waits for the next flush.
struct Queue {
    flush: Notify,
    /// Fires after each group that wrote leaves.
    written: Arc<Notify>,
    /// Leaves of events that change nothing else (reads, denials): they need no savepoint and no writer.
    appended: StdMutex<Vec<Committed>>,
}

/// The leaves of one member, and whom to tell.
struct Committed {
    leaves: Vec<Leaf>,
    done: oneshot::Sender<Result<(), String>>,
}

struct Writer {
    conn: SqliteConnection,
    /// The outer transaction is open.
    open: bool,
    /// The last member left without committing; its savepoint must be rolled back first.
    abandoned: bool,
    group: Vec<Committed>,
    /// The number of the next leaf; `None` until it is read from the table.
    next_seq: Option<i64>,
}

/// One writing transaction: the right to use the writer's connection until commit or drop.
pub(crate) struct Member {
    /// `None` only while committing.
    writer: Option<OwnedMutexGuard<Writer>>,
    queue: Arc<Queue>,
}

impl SqliteStore {
    /// Opens the file, checks that it is whole and durable, and starts the flusher.
    pub(crate) async fn open(path: &Path, pool: &PoolConfig, written: Arc<Notify>) -> Result<Self, OpenError> {
        let options = connect_options(path);
        let mut conn = options.clone().create_if_missing(true).connect().await.map_err(|e| refused(path, e))?;
        check_file(&mut conn, path).await?;
        check_durability(&mut conn).await?;
        let readers = PoolOptions::<Sqlite>::new()
            .max_connections(pool.max_connections)
            .acquire_timeout(pool.acquire_timeout)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        let writer = Writer { conn, open: false, abandoned: false, group: Vec::new(), next_seq: None };
        let queue = Arc::new(Queue { flush: Notify::new(), written, appended: StdMutex::default() });
        let store = Self { readers, writer: Arc::new(Mutex::new(writer)), queue };
        tokio::spawn(flush_forever(Arc::downgrade(&store.writer), Arc::clone(&store.queue)));
        Ok(store)
    }

    /// Starts a writing transaction; waits its turn.
    pub(crate) async fn begin(&self) -> Result<Member, StoreError> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        writer.start_member().await?;
        Ok(Member { writer: Some(writer), queue: Arc::clone(&self.queue) })
    }

    /// Writes leaves that belong to no other change; returns when they are on disk.
    pub(crate) async fn append(&self, leaves: Vec<Leaf>) -> Result<(), StoreError> {
        let (done, result) = oneshot::channel();
        self.queue.appended.lock().unwrap_or_else(PoisonError::into_inner).push(Committed { leaves, done });
        self.queue.flush.notify_one();
        outcome(result).await
    }

    /// Commits what is queued and folds the write-ahead log back into the file.
    pub(crate) async fn close(&self) {
        let mut writer = self.writer.lock().await;
        writer.flush(&self.queue).await;
        self.readers.close().await;
        if let Err(error) = writer.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").await {
            tracing::warn!(%error, "the write-ahead log could not be folded into the database; it will be at the next start");
        }
    }
}

impl Writer {
    async fn start_member(&mut self) -> Result<(), StoreError> {
        self.clean_up().await?;
        if !self.open {
            self.conn.execute("BEGIN IMMEDIATE").await?;
            self.open = true;
        }
        self.conn.execute("SAVEPOINT member").await?;
        self.abandoned = true; // until it commits
        Ok(())
    }

    /// Undoes what an abandoned member did.
    async fn clean_up(&mut self) -> Result<(), StoreError> {
        if !self.abandoned {
            return Ok(());
        }
        let undone = match self.conn.execute("ROLLBACK TO member").await {
            Ok(_) => self.conn.execute("RELEASE member").await,
            Err(error) => Err(error),
        };
        self.abandoned = false;
        if let Err(error) = undone {
            // The engine gave up the outer transaction by itself (disk full, I/O error): the group is lost with it.
            self.fail_group(&error.to_string()).await;
            return Err(error.into());
        }
        Ok(())
    }

    /// Writes the group's leaves and commits the outer transaction, then tells everybody.
    async fn flush(&mut self, queue: &Queue) {
        // A failed clean-up has told the group already.
        let _ = self.clean_up().await;
        let appended = std::mem::take(&mut *queue.appended.lock().unwrap_or_else(PoisonError::into_inner));
        self.group.extend(appended);
        if !self.open && self.group.is_empty() {
            return;
        }
        match self.commit_group().await {
            Ok(()) => {
                self.open = false;
                let wrote = self.group.iter().any(|member| !member.leaves.is_empty());
                for member in self.group.drain(..) {
                    let _ = member.done.send(Ok(()));
                }
                if wrote {
                    queue.written.notify_waiters();
                }
            }
            Err(error) => self.fail_group(&error.to_string()).await,
        }
    }

    async fn commit_group(&mut self) -> Result<(), StoreError> {
        if !self.open {
            self.conn.execute("BEGIN IMMEDIATE").await?;
            self.open = true;
        }
        self.write_leaves().await?;
        self.conn.execute("COMMIT").await?;
        Ok(())
    }

    async fn write_leaves(&mut self) -> Result<(), StoreError> {
        let mut seq = match self.next_seq {
            Some(seq) => seq,
            None => append::next_seq(&mut self.conn).await?,
        };
        let leaves: Vec<&Leaf> = self.group.iter().flat_map(|member| &member.leaves).collect();
        let mut rest = leaves.as_slice();
        while !rest.is_empty() {
            let size = append::batch_size(rest.len());
            let (batch, tail) = rest.split_at(size);
            let mut args: Vec<Value> = Vec::with_capacity(size * append::COLUMNS);
            for leaf in batch {
                args.push(seq.into());
                append::push_leaf(&mut args, leaf);
                seq += 1;
            }
            sqlite_query(append::sqlite_insert(size), args).execute(&mut self.conn).await?;
            rest = tail;
        }
        self.next_seq = Some(seq);
        Ok(())
    }

    async fn fail_group(&mut self, cause: &str) {
        tracing::error!(
            cause,
            members = self.group.len(),
            "a group of changes could not be committed; none of them was made"
        );
        let _ = self.conn.execute("ROLLBACK").await;
        self.open = false;
        self.abandoned = false;
        self.next_seq = None;
        for member in self.group.drain(..) {
            let _ = member.done.send(Err(cause.to_owned()));
        }
    }
}

impl Member {
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        // `commit` consumes the member, so the guard is always there while anybody can call this.
        #[expect(clippy::expect_used, reason = "the guard is taken only by the method that consumes the member")]
        &mut self.writer.as_mut().expect("a member holds the writer until it commits").conn
    }

    /// Releases the savepoint, queues the leaves for the next flush, and waits until they are on disk.
    pub(crate) async fn commit(mut self, leaves: Vec<Leaf>) -> Result<(), StoreError> {
        self.connection().execute("RELEASE member").await?;
        let (done, result) = oneshot::channel();
        if let Some(mut writer) = self.writer.take() {
            writer.abandoned = false;
            writer.group.push(Committed { leaves, done });
        }
        self.queue.flush.notify_one();
        outcome(result).await
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // An abandoned member is undone by whoever comes next; the flusher comes even if no other writer does.
        self.queue.flush.notify_one();
    }
}

async fn flush_forever(writer: std::sync::Weak<Mutex<Writer>>, queue: Arc<Queue>) {
    loop {
        queue.flush.notified().await;
        let Some(writer) = writer.upgrade() else { return };
        writer.lock().await.flush(&queue).await;
    }
}

async fn outcome(result: oneshot::Receiver<Result<(), String>>) -> Result<(), StoreError> {
    match result.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(cause)) => Err(StoreError::Unavailable(cause)),
        Err(_) => Err(StoreError::Unavailable("the store was closed before the change was committed".into())),
    }
}

/// A connection of its own, for migrations: nothing else runs while they do.
pub(crate) async fn connect(path: &Path) -> Result<SqliteConnection, OpenError> {
    connect_options(path).create_if_missing(true).connect().await.map_err(|e| refused(path, e))
}

fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(256)
        // A tampered schema must not run functions, and a damaged page must not be read as if it were whole.
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .disable_statement_logging()
}

/// Refuses a file that is no database, or a damaged one.
async fn check_file(conn: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let size = std::fs::metadata(path).map_or(0, |m| m.len());
    let check =
        if size <= CHECKED_AT_START_BYTES { "PRAGMA quick_check(1)" } else { "SELECT count(*) FROM sqlite_schema" };
    let answer: Result<String, _> = sqlx::query_scalar::<_, String>(check).fetch_one(&mut *conn).await;
    match answer {
        Ok(answer) if answer == "ok" || size > CHECKED_AT_START_BYTES => Ok(()),
        Ok(finding) => Err(OpenError::Damaged { path: path.to_owned(), finding }),
        Err(sqlx::Error::ColumnDecode { .. }) => Ok(()), // the count is a number
        Err(error) => Err(refused(path, error)),
    }
}

/// A database that would lose acknowledged changes in a power cut is not served from.
async fn check_durability(conn: &mut SqliteConnection) -> Result<(), OpenError> {
    let read = |pragma: &'static str| sqlx::query_scalar::<_, String>(pragma);
    let journal = read("SELECT journal_mode FROM pragma_journal_mode").fetch_one(&mut *conn).await;
    let synchronous = read("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous").fetch_one(&mut *conn).await;
    match (journal.as_deref(), synchronous.as_deref()) {
        (Ok("wal"), Ok("2")) => Ok(()),
        (journal, synchronous) => Err(OpenError::NotDurable {
            journal: journal.unwrap_or("unknown").to_owned(),
            synchronous: synchronous.unwrap_or("unknown").to_owned(),
        }),
    }
}

fn refused(path: &Path, error: sqlx::Error) -> OpenError {
    match StoreError::from(error) {
        StoreError::Damaged(finding) => OpenError::Damaged { path: path.to_owned(), finding },
        other => OpenError::Unusable { what: path.display().to_string(), why: other.to_string() },
    }
}

/// Translates SQLite's result codes (<https://sqlite.org/rescode.html>).
pub(crate) fn classify(code: Option<&str>, message: &str) -> StoreError {
    let extended: u32 = code.and_then(|c| c.parse().ok()).unwrap_or(0);
    match (extended & 0xff, extended) {
        (_, 2067 | 1555) => StoreError::Unique(unique_violation(message)),
        (_, 787) => StoreError::ForeignKey,
        (19, _) => StoreError::Check(message.to_owned()),
        (5 | 6, _) => StoreError::Contended,
        (10 | 13 | 14, _) => StoreError::Unavailable(message.to_owned()),
        (11 | 26, _) => StoreError::Damaged(message.to_owned()),
        _ => StoreError::Other(message.to_owned()),
    }
}

/// Reads `UNIQUE constraint failed: employee.number, employee.site`.
fn unique_violation(message: &str) -> UniqueViolation {
    let list = message.rsplit_once(": ").map_or("", |(_, list)| list);
    let pairs: Vec<(&str, &str)> = list.split(", ").filter_map(|pair| pair.split_once('.')).collect();
    match pairs.first() {
        Some((table, _)) => UniqueViolation {
            table: (*table).to_owned(),
            columns: pairs.iter().map(|(_, column)| (*column).to_owned()).collect(),
        },
        // An index over an expression is named instead: `index 'app_user_name'`.
        None => UniqueViolation { table: String::new(), columns: vec![list.to_owned()] },
    }
}
