//! A real database for each test.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash as _, Hasher as _},
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use palisade_store::{DatabaseUrl, Engine, Migrator, PoolConfig, Statement, Store};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _};
use tempfile::TempDir;

use crate::{ManualClock, Postgres, TestEnv};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A migrated database of the test's own, gone with it.
pub struct TestStore {
    /// The store to test with.
    pub store: Store,
    /// The clock that its leaves are dated by.
    pub clock: Arc<ManualClock>,
    /// Where the database is.
    pub url: String,
    /// A directory of the test's own.
    pub dir: TempDir,
    test_env: TestEnv,
}

impl TestStore {
    /// On SQLite, in a file.
    ///
    /// # Panics
    /// It can't be made.
    pub async fn sqlite(migrator: Migrator) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("palisade.db").display());
        let parsed = DatabaseUrl::parse(&url).unwrap();
        migrator.run(&parsed, None, ManualClock::START).await.unwrap();
        Self::open(url, dir).await
    }

    /// On PostgreSQL, in a database cloned from a migrated template, as the runtime user `palisade`.
    ///
    /// # Panics
    /// It can't be made.
    pub async fn postgres(migrator: Migrator) -> Self {
        let server = Postgres::shared();
        let template = template(&server, migrator).await;
        let name = format!("test_{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&server.admin_url).await.unwrap();
        run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")).await;
        let _ = admin.close().await;
        Self::open(server.database_url("palisade", &name), tempfile::tempdir().unwrap()).await
    }

    async fn open(url: String, dir: TempDir) -> Self {
        let test_env = TestEnv::default();
        let parsed = DatabaseUrl::parse(&url).unwrap();
        let pool = PoolConfig { max_connections: 6, ..PoolConfig::default() };
        let store = Store::open(&parsed, &pool, test_env.env.clone()).await.unwrap();
        Self { store, clock: Arc::clone(&test_env.clock), url, dir, test_env }
    }

    /// The environment with this store's clock.
    #[must_use]
    pub fn env(&self) -> palisade_base::Env {
        self.test_env.env.clone()
    }

    /// Closes the store and opens the same database again, as a restart does. Clones of the old store are closed too.
    ///
    /// # Panics
    /// It can't be opened.
    pub async fn reopen(&mut self) -> Store {
        self.store.close().await;
        let parsed = DatabaseUrl::parse(&self.url).unwrap();
        let pool = PoolConfig { max_connections: 6, ..PoolConfig::default() };
        self.store = Store::open(&parsed, &pool, self.env()).await.unwrap();
        self.store.clone()
    }
}

/// Prepares every statement on the test's engine: what the compiler cannot check for two engines at once.
///
/// # Panics
/// The engine refuses one; the message names it.
pub async fn prepare_all(db: &TestStore, statements: &[Statement]) {
    for statement in statements {
        let refused = match db.store.engine() {
            Engine::Sqlite => {
                let path = db.url.trim_start_matches("sqlite://");
                let mut conn = sqlx::SqliteConnection::connect(path).await.unwrap();
                conn.prepare(AssertSqlSafe(statement.sqlite).into_sql_str()).await.err()
            }
            Engine::Postgres => {
                let mut conn = PgConnection::connect(&db.url).await.unwrap();
                conn.prepare(AssertSqlSafe(statement.postgres).into_sql_str()).await.err()
            }
        };
        assert!(refused.is_none(), "{}: {}", statement.name, refused.unwrap());
    }
}

/// A database with all migrations applied and the runtime user's grants made, once for each list of migrations.
async fn template(server: &Postgres, migrator: Migrator) -> String {
    let mut hasher = DefaultHasher::new();
    for step in migrator.0.iter().flat_map(|set| set.migrations) {
        step.postgres.hash(&mut hasher);
    }
    let name = format!("template_{:016x}", hasher.finish());
    let mut admin = PgConnection::connect(&server.admin_url).await.unwrap();
    run(&mut admin, "SELECT pg_advisory_lock(7237126)".into()).await;
    let exists: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_optional(&mut admin)
        .await
        .unwrap();
    if exists.is_none() {
        make_template(server, migrator, &mut admin, &name).await;
    }
    let _ = admin.close().await;
    name
}

async fn make_template(server: &Postgres, migrator: Migrator, admin: &mut PgConnection, name: &str) {
    // Roles belong to the whole server; the second template finds them there.
    for role in ["palisade", "palisade_owner"] {
        let _ = admin.execute(AssertSqlSafe(format!("CREATE ROLE {role} LOGIN")).into_sql_str()).await;
    }
    // Made under another name first, so that a half-migrated template is never cloned.
    let draft = format!("{name}_draft");
    run(admin, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
    run(admin, format!("CREATE DATABASE {draft} OWNER palisade_owner")).await;
    let owner_url = DatabaseUrl::parse(&server.database_url("palisade_owner", &draft)).unwrap();
    migrator.run(&owner_url, Some("palisade"), ManualClock::START).await.unwrap();
    run(admin, format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
}

async fn run(conn: &mut PgConnection, statement: String) {
    conn.execute(AssertSqlSafe(statement.as_str()).into_sql_str())
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}
