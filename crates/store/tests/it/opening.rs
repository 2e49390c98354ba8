//! Opening a database, and what happens when there are not enough connections.

use std::time::Duration;

use palisade_store::{DatabaseUrl, OpenError, PoolConfig, Store, StoreError};
use palisade_testkit::{TestEnv, TestStore, free_port, on_both_engines};

use crate::{COUNT, MIGRATOR, add, number};

async fn open(url: &str, pool: &PoolConfig) -> Result<Store, OpenError> {
    Store::open(&DatabaseUrl::parse(url).unwrap(), pool, TestEnv::default().env).await
}

/// Few connections. On a busy machine it takes its time to open one, so the wait is not too short either.
const TIGHT: PoolConfig = PoolConfig { max_connections: 4, acquire_timeout: Duration::from_secs(3) };

on_both_engines! {
    /// covers K3.1 (part), K5.3 (part)
    async fn an_exhausted_pool_says_so_in_time_and_recovers(db: TestStore) {
        db.store.close().await;
        let store = open(&db.url, &TIGHT).await.unwrap();
        let mut held = Vec::new();
        let error = loop {
            match store.read().await {
                Ok(conn) => held.push(conn),
                Err(error) => break error,
            }
        };
        assert!(held.len() <= 4, "{} connections from a pool of 4", held.len());
        let StoreError::Unavailable(why) = error else { panic!("{error}") };
        assert_eq!(why, "no database connection became free in time");
        held.clear();
        assert_eq!(number(&store, COUNT).await, 0);
    }

    /// covers K3.1 (part), K5.3 (part)
    async fn writers_that_wait_too_long_are_told_and_the_next_ones_get_through(db: TestStore) {
        db.store.close().await;
        let store = open(&db.url, &TIGHT).await.unwrap();
        let mut held = Vec::new();
        let error = loop {
            match store.write().await {
                Ok(tx) => held.push(tx),
                Err(error) => break error,
            }
        };
        assert!(held.len() <= 4, "{} writers from a pool of 4", held.len());
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        held.clear();
        add(&store, "hammer").await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_served_already_is_refused_until_it_is_let_go() {
    let db = TestStore::sqlite(MIGRATOR).await;
    let Err(error) = open(&db.url, &PoolConfig::default()).await else { panic!("opened twice") };
    let path = db.url.trim_start_matches("sqlite://");
    assert_eq!(
        error.to_string(),
        format!(
            "the database {path} is in use by another Palisade (process {})\n  Stop that one first; to look after it \
             while it runs, use commands such as `palisade status` and `palisade user`.",
            std::process::id()
        )
    );
    assert!(
        MIGRATOR.run(&DatabaseUrl::parse(&db.url).unwrap(), None, palisade_testkit::ManualClock::START).await.is_err()
    );
    db.store.close().await;
    open(&db.url, &PoolConfig::default()).await.unwrap();
}

#[tokio::test]
async fn a_new_database_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("palisade.db");
    let store = open(&format!("sqlite://{}", path.display()), &PoolConfig::default()).await.unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
    store.close().await;
}

#[tokio::test]
async fn another_program_that_holds_the_file_makes_writers_wait_and_then_say_so() {
    use sqlx::{ConnectOptions as _, Executor as _, sqlite::SqliteConnectOptions};
    let db = TestStore::sqlite(MIGRATOR).await;
    let path = db.url.trim_start_matches("sqlite://");
    let mut shell = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    shell.execute("BEGIN IMMEDIATE").await.unwrap();
    let error = add(&db.store, "hammer").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    shell.execute("ROLLBACK").await.unwrap();
    add(&db.store, "hammer").await.unwrap();
    assert_eq!(number(&db.store, COUNT).await, 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_what_to_look_at() {
    let port = free_port();
    let url = format!("postgresql://palisade:hunter2@127.0.0.1:{port}/kpi");
    let Err(error) = open(&url, &TIGHT).await else { panic!("opened nothing") };
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("the database postgresql://palisade@127.0.0.1:{port}/kpi can't be used: ")),
        "{text}"
    );
    assert!(text.ends_with("Is the server running, and do host and port fit?"), "{text}");
    assert!(!text.contains("hunter2"));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgresql://palisade@127.0.0.1:{}/kpi", silent.local_addr().unwrap().port());
    let Err(error) = open(&url, &TIGHT).await else { panic!("opened nothing") };
    assert!(error.to_string().contains("no answer within 3s"), "{error}");
}

/// Runs as a user that cannot write: root writes everywhere.
#[tokio::test]
async fn a_directory_that_cannot_be_written_to_is_told() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let db = TestStore::sqlite(MIGRATOR).await;
    db.store.close().await;
    std::fs::remove_file(db.dir.path().join("palisade.db-lock")).unwrap();
    std::fs::set_permissions(db.dir.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = std::process::Command::new("sh");
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        command = std::process::Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", "sh"]);
    }
    // The test binary itself may lie where only its owner can go; its open file does not.
    let binary = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
    command.args(["-c", "exec /proc/self/fd/0 child::open_once --exact --ignored --nocapture"]).stdin(binary);
    let output = command.env("PALISADE_TEST_CHILD_URL", &db.url).output().unwrap();
    std::fs::set_permissions(db.dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("palisade.db-lock can't be used: Permission denied"), "{output:?}");
}
