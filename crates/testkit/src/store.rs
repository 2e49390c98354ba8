//! A migrated database for each test, and the store on it.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    sync::{Arc, LazyLock},
    time::Duration,
};

use palisade_store::{DatabaseUrl, Engine, Migrator, PoolConfig, Statement, Store};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::{
    ManualClock, Postgres, TestDatabase, TestEnv,
    database::{make_roles, run},
};

/// Enough for a test; a hundred tests at once must fit into the server.
const CONNECTIONS: u32 = 6;
/// Longer than it takes on a busy machine until one of them is free.
const PATIENCE: Duration = Duration::from_secs(120);

/// The bytes of a migrated SQLite file, for each list of migrations that this process has met.
static SQLITE_TEMPLATES: LazyLock<Mutex<HashMap<u64, Arc<[u8]>>>> = LazyLock::new(Mutex::default);

/// A migrated database of the test's own, gone with it.
pub struct TestStore {
    /// The store to test with.
    pub store: Store,
    /// The clock that its leaves are dated by.
    pub clock: Arc<ManualClock>,
    /// Where the database is.
    pub url: String,
    /// A directory of the test's own.
    pub dir: Arc<TempDir>,
    /// The database under it.
    pub database: TestDatabase,
    test_env: TestEnv,
}

impl TestStore {
    /// On SQLite, in a file.
    ///
    /// # Panics
    /// It can't be made.
    pub async fn sqlite(migrator: Migrator) -> Self {
        let database = TestDatabase::sqlite();
        std::fs::write(sqlite_path(&database.url), sqlite_template(migrator).await).unwrap();
        Self::open(database).await
    }

    /// On PostgreSQL, in a database cloned from a migrated template, as the runtime user `palisade`.
    ///
    /// # Panics
    /// It can't be made.
    pub async fn postgres(migrator: Migrator) -> Self {
        let template = postgres_template(&Postgres::shared(), migrator).await;
        Self::open(TestDatabase::copy_of(&template).await).await
    }

    async fn open(database: TestDatabase) -> Self {
        let test_env = TestEnv::default();
        let store = open(&database.url, &test_env).await;
        let (clock, url, dir) = (Arc::clone(&test_env.clock), database.url.clone(), Arc::clone(&database.dir));
        Self { store, clock, url, dir, database, test_env }
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
        self.store = open(&self.url, &self.test_env).await;
        self.store.clone()
    }
}

async fn open(url: &str, test_env: &TestEnv) -> Store {
    let pool = PoolConfig { max_connections: CONNECTIONS, acquire_timeout: PATIENCE };
    Store::open(&DatabaseUrl::parse(url).unwrap(), &pool, test_env.env.clone()).await.unwrap()
}

/// Prepares every statement on the test's engine: what the compiler cannot check for two engines at once.
///
/// # Panics
/// The engine refuses one; the message names it.
pub async fn prepare_all(db: &TestStore, statements: &[Statement]) {
    for statement in statements {
        let refused = match db.store.engine() {
            Engine::Sqlite => {
                let mut conn = sqlx::SqliteConnection::connect(sqlite_path(&db.url)).await.unwrap();
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

fn sqlite_path(url: &str) -> &str {
    url.trim_start_matches("sqlite://")
}

/// A migrated file, made once for each list of migrations.
async fn sqlite_template(migrator: Migrator) -> Arc<[u8]> {
    // Held while it is made: the others wait for it rather than make their own.
    let mut templates = SQLITE_TEMPLATES.lock().await;
    let key = fingerprint(migrator, Engine::Sqlite);
    if let Some(template) = templates.get(&key) {
        return Arc::clone(template);
    }
    let database = TestDatabase::sqlite();
    migrator.run(&DatabaseUrl::parse(&database.url).unwrap(), None, ManualClock::START).await.unwrap();
    let template: Arc<[u8]> = std::fs::read(sqlite_path(&database.url)).unwrap().into();
    templates.insert(key, Arc::clone(&template));
    template
}

/// A database with all migrations applied and the runtime user's grants made, once for each list of migrations.
async fn postgres_template(server: &Postgres, migrator: Migrator) -> String {
    let name = format!("template_{:016x}", fingerprint(migrator, Engine::Postgres));
    let mut admin = PgConnection::connect(&server.admin_url).await.unwrap();
    run(&mut admin, "SELECT pg_advisory_lock(7237126)".into()).await;
    let exists: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_optional(&mut admin)
        .await
        .unwrap();
    if exists.is_none() {
        make_postgres_template(server, migrator, &mut admin, &name).await;
    }
    let _ = admin.close().await;
    name
}

async fn make_postgres_template(server: &Postgres, migrator: Migrator, admin: &mut PgConnection, name: &str) {
    make_roles(admin).await;
    // Made under another name first, so that a half-migrated template is never cloned.
    let draft = format!("{name}_draft");
    run(admin, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
    run(admin, format!("CREATE DATABASE {draft} OWNER palisade_owner")).await;
    let owner_url = DatabaseUrl::parse(&server.database_url("palisade_owner", &draft)).unwrap();
    migrator.run(&owner_url, Some("palisade"), ManualClock::START).await.unwrap();
    run(admin, format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
}

/// Of everything that makes the schema: the texts, and whose table may only be added to.
fn fingerprint(migrator: Migrator, engine: Engine) -> u64 {
    let mut hasher = DefaultHasher::new();
    for set in migrator.0 {
        (set.owner, set.append_only).hash(&mut hasher);
        for step in set.migrations {
            (step.version, if engine == Engine::Sqlite { step.sqlite } else { step.postgres }).hash(&mut hasher);
        }
    }
    hasher.finish()
}
