//! The one writer: a task that owns the connection, and hands it to one [`Member`] after the other.
//!
//! Every member works in a savepoint of one outer transaction. When it commits, the task releases the savepoint and
//! keeps its leaves; when it goes away without committing, the task rolls the savepoint back. After everybody who was
//! waiting has had a turn, the leaves of all are written in one go and the outer transaction is committed: one disk
//! sync for the whole group. Nobody is told "committed" before that sync. If it fails, the whole group fails and
//! nothing of it stays.
//!
//! Only this task opens and ends transactions, and nobody can cancel it: a request that is dropped half-way (a client
//! that hung up) leaves nothing open.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use palisade_base::leaf::Leaf;
use sqlx::{ConnectOptions as _, Executor as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{Mutex, MutexGuard, Notify, mpsc, oneshot},
    time::{Instant, timeout},
};

use crate::{StoreError, Value, append, conn::sqlite_query};

/// The most requests in one group.
const GROUP_REQUESTS: usize = 4_096;
/// How long the first of a group waits for the others that are in the queue already.
const GROUP_TIME: Duration = Duration::from_millis(20);
/// How long a member may hold the writer: so long without running a statement, and so long in all. Then the writer is
/// taken away and the member undone, so that one stuck request cannot stop everybody's writing.
const HOLD_LIMITS: HoldLimits = HoldLimits { idle: Duration::from_secs(10), all: Duration::from_secs(120) };

/// What a caller wants of the writer.
pub(crate) enum Request {
    /// A turn.
    Write(oneshot::Sender<Result<Member, StoreError>>),
    /// These leaves written; they need no turn.
    Append(Committed),
    /// The end.
    Close(oneshot::Sender<()>),
}

/// The leaves of one who committed, and whom to tell.
pub(crate) struct Committed {
    leaves: Vec<Leaf>,
    done: oneshot::Sender<Result<(), String>>,
}

impl Committed {
    pub(crate) fn new(leaves: Vec<Leaf>) -> (Self, oneshot::Receiver<Result<(), String>>) {
        let (done, result) = oneshot::channel();
        (Self { leaves, done }, result)
    }
}

/// Waits for the disk sync of the group.
pub(crate) async fn outcome(result: oneshot::Receiver<Result<(), String>>) -> Result<(), StoreError> {
    match result.await {
        Ok(result) => result.map_err(StoreError::Unavailable),
        Err(_) => Err(StoreError::Unavailable("the change was given up before it was committed".into())),
    }
}

#[derive(Clone, Copy)]
struct HoldLimits {
    idle: Duration,
    all: Duration,
}

/// What a member and the writer's task know of each other.
#[derive(Default)]
struct Hold {
    /// How many statements the member has run.
    statements: AtomicU64,
    revoked: AtomicBool,
}

/// One writing transaction: the right to use the writer's connection until commit or drop.
pub(crate) struct Member {
    conn: Arc<Mutex<SqliteConnection>>,
    hold: Arc<Hold>,
    /// Dropped without a word, it says that the member was abandoned.
    end: oneshot::Sender<Committed>,
}

impl Member {
    /// The connection, for one statement.
    pub(crate) async fn connection(&self) -> Result<MutexGuard<'_, SqliteConnection>, StoreError> {
        let conn = self.conn.lock().await;
        if self.hold.revoked.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the transaction held the writer for too long and was undone".into()));
        }
        self.hold.statements.fetch_add(1, Ordering::SeqCst);
        Ok(conn)
    }

    /// Gives the turn back with its leaves, and waits until they are on disk.
    pub(crate) async fn commit(self, leaves: Vec<Leaf>) -> Result<(), StoreError> {
        let (committed, result) = Committed::new(leaves);
        // Where nobody listens any more, the member has been revoked; dropping `committed` tells ourselves.
        drop(self.end.send(committed));
        outcome(result).await
    }
}

pub(crate) struct Writer {
    /// A member and this task share it; only the one whose turn it is uses it.
    conn: Arc<Mutex<SqliteConnection>>,
    options: SqliteConnectOptions,
    /// The outer transaction is open.
    open: bool,
    group: Vec<Committed>,
    group_since: Option<Instant>,
    /// The number of the next leaf; `None` until it is read from the table.
    next_seq: Option<i64>,
    /// Fires after each group that wrote leaves.
    written: Arc<Notify>,
    limits: HoldLimits,
}

impl Writer {
    pub(crate) fn new(conn: SqliteConnection, options: SqliteConnectOptions, written: Arc<Notify>) -> Self {
        Self {
            conn: Arc::new(Mutex::new(conn)),
            options,
            open: false,
            group: Vec::new(),
            group_since: None,
            next_seq: None,
            written,
            limits: HOLD_LIMITS,
        }
    }

    /// Serves the queue, first come first served, until it is closed or the last store is gone.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        let mut requests = Vec::new();
        while inbox.recv_many(&mut requests, GROUP_REQUESTS).await > 0 {
            for request in requests.drain(..) {
                match request {
                    Request::Write(turn) => self.serve(turn).await,
                    Request::Append(committed) => self.join(committed),
                    Request::Close(done) => {
                        self.flush().await;
                        inbox.close();
                        self.end().await;
                        let _ = done.send(());
                        return;
                    }
                }
                if self.group_since.is_some_and(|since| since.elapsed() > GROUP_TIME) {
                    self.flush().await;
                }
            }
            self.flush().await;
        }
        self.end().await;
    }

    fn join(&mut self, committed: Committed) {
        self.group.push(committed);
        self.group_since.get_or_insert_with(Instant::now);
    }

    /// Gives one caller its turn, and waits until it is over.
    async fn serve(&mut self, turn: oneshot::Sender<Result<Member, StoreError>>) {
        if turn.is_closed() {
            return; // The caller has given up waiting.
        }
        if let Err(error) = self.open_savepoint().await {
            self.fail_group(&error.to_string()).await;
            let _ = turn.send(Err(error));
            return;
        }
        let (end, ended) = oneshot::channel();
        let hold = Arc::new(Hold::default());
        // A caller that is gone drops the member, which ends it.
        drop(turn.send(Ok(Member { conn: Arc::clone(&self.conn), hold: Arc::clone(&hold), end })));
        let closed = match self.wait_for_end(ended, &hold).await {
            Some(committed) => self.release_savepoint(committed).await,
            None => self.undo_savepoint().await,
        };
        if let Err(error) = closed {
            // The engine gave up the outer transaction by itself (disk full, I/O error): the group is lost with it.
            self.fail_group(&error.to_string()).await;
        }
    }

    /// What the member left behind; `None` where it was abandoned, or held the writer for too long.
    async fn wait_for_end(&self, mut ended: oneshot::Receiver<Committed>, hold: &Hold) -> Option<Committed> {
        let (since, mut statements) = (Instant::now(), 0);
        loop {
            if let Ok(end) = timeout(self.limits.idle, &mut ended).await {
                return end.ok();
            }
            // A statement that still runs is waited for: it cannot be taken back half-way.
            let _conn = self.conn.lock().await;
            let by_now = hold.statements.load(Ordering::SeqCst);
            if std::mem::replace(&mut statements, by_now) != by_now && since.elapsed() < self.limits.all {
                continue;
            }
            hold.revoked.store(true, Ordering::SeqCst);
            let last_word = ended.try_recv().ok();
            if last_word.is_none() {
                tracing::error!(held = ?since.elapsed(), statements, "a transaction held the only writer for too long: undone");
            }
            return last_word;
        }
    }

    async fn execute(&self, sql: &'static str) -> Result<(), StoreError> {
        self.conn.lock().await.execute(sql).await?;
        Ok(())
    }

    async fn open_transaction(&mut self) -> Result<(), StoreError> {
        if !self.open {
            self.execute("BEGIN IMMEDIATE").await?;
            self.open = true;
        }
        Ok(())
    }

    async fn open_savepoint(&mut self) -> Result<(), StoreError> {
        self.open_transaction().await?;
        self.execute("SAVEPOINT member").await
    }

    async fn release_savepoint(&mut self, committed: Committed) -> Result<(), StoreError> {
        // It joins first, so that it is told if its savepoint is gone.
        self.join(committed);
        self.execute("RELEASE member").await
    }

    async fn undo_savepoint(&self) -> Result<(), StoreError> {
        self.execute("ROLLBACK TO member; RELEASE member").await
    }

    /// Writes the group's leaves and commits the outer transaction, then tells everybody.
    async fn flush(&mut self) {
        if !self.open && self.group.is_empty() {
            return;
        }
        match self.commit_group().await {
            Ok(wrote) => {
                self.open = false;
                self.group_since = None;
                for member in self.group.drain(..) {
                    let _ = member.done.send(Ok(()));
                }
                if wrote {
                    self.written.notify_waiters();
                }
            }
            Err(error) => self.fail_group(&error.to_string()).await,
        }
    }

    async fn commit_group(&mut self) -> Result<bool, StoreError> {
        self.open_transaction().await?;
        let leaves: Vec<Leaf> = self.group.iter_mut().flat_map(|member| std::mem::take(&mut member.leaves)).collect();
        let wrote = !leaves.is_empty();
        self.write_leaves(leaves).await?;
        self.execute("COMMIT").await?;
        Ok(wrote)
    }

    async fn write_leaves(&mut self, leaves: Vec<Leaf>) -> Result<(), StoreError> {
        if leaves.is_empty() {
            return Ok(());
        }
        let mut conn = self.conn.lock().await;
        let mut seq = match self.next_seq {
            Some(seq) => seq,
            None => append::next_seq(&mut conn).await?,
        };
        let mut leaves = leaves.into_iter();
        while leaves.len() > 0 {
            let size = append::batch_size(leaves.len());
            let mut args: Vec<Value> = Vec::with_capacity(size * append::COLUMNS);
            for leaf in leaves.by_ref().take(size) {
                args.push(seq.into());
                append::push_leaf(&mut args, leaf);
                seq += 1;
            }
            sqlite_query(append::sqlite_insert(size), args).execute(&mut *conn).await?;
        }
        self.next_seq = Some(seq);
        Ok(())
    }

    /// Undoes the outer transaction and tells everybody in it.
    async fn fail_group(&mut self, cause: &str) {
        let members = self.group.len();
        tracing::error!(cause, members, "a group of changes could not be committed; none of them was made");
        if let Err(error) = self.execute("ROLLBACK").await
            && !error.to_string().contains("no transaction is active")
        {
            self.replace_connection().await;
        }
        self.open = false;
        self.group_since = None;
        self.next_seq = None;
        for member in self.group.drain(..) {
            let _ = member.done.send(Err(cause.to_owned()));
        }
    }

    /// A connection in an unknown state is given up for a new one.
    async fn replace_connection(&self) {
        match self.options.connect().await {
            Ok(conn) => *self.conn.lock().await = conn,
            Err(error) => tracing::error!(%error, "the database could not be opened again; the next writer tries"),
        }
    }

    async fn end(self) {
        // With the last member gone, nobody else holds the connection.
        if let Some(conn) = Arc::into_inner(self.conn) {
            super::close_connection(conn.into_inner()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: HoldLimits = HoldLimits { idle: Duration::from_millis(20), all: Duration::from_millis(200) };

    async fn writer(dir: &std::path::Path, limits: HoldLimits) -> mpsc::Sender<Request> {
        let options = super::super::file::connect_options(&dir.join("x.db")).create_if_missing(true);
        let mut conn = options.connect().await.unwrap();
        conn.execute("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT").await.unwrap();
        let (requests, inbox) = mpsc::channel(8);
        let writer = Writer { limits, ..Writer::new(conn, options, Arc::default()) };
        tokio::spawn(writer.run(inbox));
        requests
    }

    async fn turn(requests: &mpsc::Sender<Request>) -> Member {
        let (give, given) = oneshot::channel();
        assert!(requests.send(Request::Write(give)).await.is_ok());
        given.await.unwrap().unwrap()
    }

    async fn add(member: &Member) -> Result<(), StoreError> {
        member.connection().await?.execute("INSERT INTO t DEFAULT VALUES").await?;
        Ok(())
    }

    async fn count(requests: &mpsc::Sender<Request>) -> i64 {
        let member = turn(requests).await;
        let mut conn = member.connection().await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(&mut *conn).await.unwrap()
    }

    #[tokio::test]
    async fn a_member_that_keeps_the_writer_too_long_loses_it_and_is_undone() {
        let dir = tempfile::tempdir().unwrap();
        let requests = writer(dir.path(), SHORT).await;
        let stuck = turn(&requests).await;
        add(&stuck).await.unwrap();
        let next = turn(&requests).await;
        add(&next).await.unwrap();
        next.commit(Vec::new()).await.unwrap();
        assert!(matches!(add(&stuck).await, Err(StoreError::Unavailable(_))));
        assert!(matches!(stuck.commit(Vec::new()).await, Err(StoreError::Unavailable(_))));
        assert_eq!(count(&requests).await, 1);
    }

    #[tokio::test]
    async fn a_member_that_goes_on_working_keeps_the_writer_up_to_the_limit_in_all() {
        let dir = tempfile::tempdir().unwrap();
        let requests = writer(dir.path(), SHORT).await;
        let busy = turn(&requests).await;
        let started = Instant::now();
        while add(&busy).await.is_ok() {
            assert!(started.elapsed() < Duration::from_secs(20), "it was never taken away");
        }
        assert!(started.elapsed() >= SHORT.all, "it was taken away after {:?}", started.elapsed());
        assert_eq!(count(&requests).await, 0);
    }

    #[tokio::test]
    async fn a_statement_that_is_cancelled_half_way_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let requests = writer(dir.path(), HOLD_LIMITS).await;
        let member = turn(&requests).await;
        add(&member).await.unwrap();
        {
            // Polled once, so that the engine has it, and then given up, as when a client hangs up.
            let mut statement = Box::pin(add(&member));
            let _ = timeout(Duration::ZERO, statement.as_mut()).await;
        }
        drop(member);
        assert_eq!(count(&requests).await, 0);
        let member = turn(&requests).await;
        add(&member).await.unwrap();
        member.commit(Vec::new()).await.unwrap();
        assert_eq!(count(&requests).await, 1);
    }

    #[tokio::test]
    async fn waiting_for_a_turn_can_be_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let requests = writer(dir.path(), HOLD_LIMITS).await;
        let first = turn(&requests).await;
        {
            let mut waiting = Box::pin(turn(&requests));
            let _ = timeout(Duration::ZERO, waiting.as_mut()).await;
        }
        add(&first).await.unwrap();
        let committed = tokio::spawn(first.commit(Vec::new()));
        assert_eq!(count(&requests).await, 1);
        committed.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn an_engine_that_gives_up_the_transaction_fails_the_group_and_nobody_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let requests = writer(dir.path(), HOLD_LIMITS).await;
        let member = turn(&requests).await;
        add(&member).await.unwrap();
        // What SQLite does by itself when the disk is full.
        member.connection().await.unwrap().execute("ROLLBACK").await.unwrap();
        assert!(matches!(member.commit(Vec::new()).await, Err(StoreError::Unavailable(_))));
        let next = turn(&requests).await;
        add(&next).await.unwrap();
        next.commit(Vec::new()).await.unwrap();
        assert_eq!(count(&requests).await, 1);
    }
}
