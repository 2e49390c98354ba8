//! A process that writes until it is killed, and what its acknowledgements promise.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use palisade_base::{Env, RecordId, Resource};
use palisade_store::{DatabaseUrl, PoolConfig, Row, Store, StoreError};
use palisade_testkit::{ManualClock, SeededRng};

use crate::{GAPS, LEAVES, MIGRATOR, THINGS, add, entry_for, number};

const URL: &str = "PALISADE_TEST_CHILD_URL";
const SEED: &str = "PALISADE_TEST_CHILD_SEED";
/// How many changes before the store is closed and opened again; without it, there is no end.
const PHASES: &str = "PALISADE_TEST_CHILD_PHASES";
const WRITERS: u64 = 6;

pub(crate) fn env(seed: u64) -> Env {
    Env::new(Arc::new(ManualClock::default()), Arc::new(SeededRng::new(seed)))
}

pub(crate) async fn open(url: &str, seed: u64) -> Store {
    let url = DatabaseUrl::parse(url).unwrap();
    let pool = PoolConfig { max_connections: 12, ..PoolConfig::default() };
    let store = Store::open(&url, &pool, env(seed)).await.unwrap();
    MIGRATOR.check(&store).await.unwrap();
    store
}

/// The other process, with what it says.
pub(crate) struct Writing {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// A line of the child's: what it was told about one thing or event, by its name in the trail.
#[derive(Debug)]
pub(crate) enum Said {
    Acknowledged(String),
    Refused,
}

impl Writing {
    pub(crate) fn start(url: &str, seed: u64, with: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["child::write_until_killed", "--exact", "--ignored", "--nocapture"])
            .env(URL, url)
            .env(SEED, seed.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        with(&mut command);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Writes this many changes, closes, opens again, and so on; then it ends by itself.
    pub(crate) fn in_phases(command: &mut Command, changes: &str) {
        command.env(PHASES, changes);
    }

    /// The next thing it says; `None` at its end.
    pub(crate) fn next(&mut self) -> Option<Said> {
        loop {
            let line = self.lines.next()?.ok()?;
            match line.split_once(' ') {
                Some(("ack", what)) => return Some(Said::Acknowledged(what.to_owned())),
                Some(("refused", _)) => return Some(Said::Refused),
                Some(("broken", why)) => panic!("the child met {why}"),
                _ => {} // the test runner's own words
            }
        }
    }

    /// SIGKILL; gives what it had said before.
    pub(crate) fn kill(mut self) -> Vec<Said> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.next()).collect()
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Vec<Said> {
        let said = std::iter::from_fn(|| self.next()).collect();
        assert!(self.child.wait().unwrap().success());
        said
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child process of other tests"]
async fn write_until_killed() {
    let url = std::env::var(URL).unwrap();
    let seed: u64 = std::env::var(SEED).unwrap().parse().unwrap();
    let Ok(phases) = std::env::var(PHASES) else {
        write(&open(&url, seed).await, u64::MAX).await;
        return;
    };
    MIGRATOR.run(&DatabaseUrl::parse(&url).unwrap(), None, ManualClock::START).await.unwrap();
    for (phase, changes) in phases.split(',').enumerate() {
        let store = open(&url, seed * 100 + phase as u64).await;
        write(&store, changes.parse().unwrap()).await;
        store.close().await;
    }
}

#[tokio::test]
#[ignore = "the child process of other tests"]
async fn open_once() {
    let url = DatabaseUrl::parse(&std::env::var(URL).unwrap()).unwrap();
    match Store::open(&url, &PoolConfig::default(), env(1)).await {
        Ok(_) => say("opened", ""),
        Err(error) => say("refused", &error.to_string()),
    }
}

/// Several writers and one who only appends, each saying what became of every change.
async fn write(store: &Store, changes: u64) {
    let tasks: Vec<_> = (0..=WRITERS)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..changes / (WRITERS + 1) {
                    if writer == WRITERS { append_one(&store).await } else { change_one(&store, writer, n).await }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn change_one(store: &Store, writer: u64, n: u64) {
    // Rows of different sizes, so that pages split.
    let name = format!("{writer} {} {}", RecordId::new(store.env()), "x".repeat((n % 40 * 20) as usize));
    match add(store, &name).await {
        Ok(id) => say("ack", &format!("thing:{id}")),
        Err(StoreError::Unavailable(_)) => refused(&name).await,
        Err(error) => say("broken", &error.to_string()),
    }
}

async fn append_one(store: &Store) {
    let id = RecordId::new(store.env());
    match store.append(&[entry_for(Resource::new("event", id))]).await {
        Ok(()) => say("ack", &format!("event:{id}")),
        Err(StoreError::Unavailable(_)) => refused(&format!("event:{id}")).await,
        Err(error) => say("broken", &error.to_string()),
    }
}

async fn refused(what: &str) {
    say("refused", what);
    tokio::time::sleep(Duration::from_millis(2)).await;
}

fn say(word: &str, what: &str) {
    // One write for one line, so that it is whole or not there.
    std::io::stdout().lock().write_all(format!("{word} {what}\n").as_bytes()).unwrap();
}

/// Checks that everything acknowledged is there, and every change with its leaf.
pub(crate) async fn check_promises(store: &Store, acknowledged: &BTreeSet<String>) {
    let mut conn = store.read().await.unwrap();
    // Things first: a leaf that comes later is no harm, a thing without one is.
    let thing = |row: &Row| format!("thing:{}", row.get::<RecordId>("id").unwrap());
    let things: BTreeSet<String> = conn.fetch_all(THINGS.sql()).await.unwrap().iter().map(thing).collect();
    let leaf = |row: &Row| row.get::<String>("resource").unwrap();
    let rows = conn.fetch_all(LEAVES.sql()).await.unwrap();
    let leaves: BTreeSet<String> = rows.iter().map(leaf).collect();
    assert_eq!(leaves.len(), rows.len(), "a leaf was written twice");
    assert_eq!(acknowledged.difference(&leaves).count(), 0, "acknowledged leaves were lost");
    let changes = acknowledged.iter().filter(|what| what.starts_with("thing:"));
    assert_eq!(changes.filter(|what| !things.contains(*what)).count(), 0, "acknowledged changes were lost");
    assert_eq!(things.difference(&leaves).count(), 0, "changes without a leaf");
    let told = leaves.iter().filter(|leaf| leaf.starts_with("thing:"));
    if store.engine() == palisade_store::Engine::Sqlite {
        assert_eq!(told.filter(|leaf| !things.contains(*leaf)).count(), 0, "leaves without their change");
        drop(conn);
        assert_eq!(number(store, GAPS).await, 0, "numbers were left out");
    }
}

/// The C compiler's result for the layer under the database.
pub(crate) fn build_layer(dir: &Path) -> std::path::PathBuf {
    let library = dir.join("layer.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/layer.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    assert!(built.is_ok_and(|status| status.success()), "a C compiler is needed: run `cargo xtask setup`");
    library
}
