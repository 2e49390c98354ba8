//! A database of one test's own, empty at first and gone with the test.

use std::{
    process,
    sync::{
        Arc, LazyLock, Once,
        atomic::{AtomicU32, Ordering},
        mpsc::{Sender, channel},
    },
};

use palisade_store::Engine;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _};
use tempfile::TempDir;

use crate::{Postgres, scratch};

static NUMBER: AtomicU32 = AtomicU32::new(0);
/// Whom the schemas belong to.
const OWNER: &str = "palisade_owner";
/// Whom the program runs as.
const RUNTIME: &str = "palisade";

/// An empty database.
pub struct TestDatabase {
    /// Which engine it is on.
    pub engine: Engine,
    /// Where it is, for the program.
    pub url: String,
    /// Where it is, for the schema's owner. On SQLite there is only one of them.
    pub owner_url: String,
    /// A directory of the test's own.
    pub dir: Arc<TempDir>,
    /// To be dropped at the end.
    postgres: Option<Doomed>,
}

/// A database on a server, and how to reach the server.
struct Doomed {
    admin_url: String,
    name: String,
}

impl TestDatabase {
    /// A file that is not there yet.
    ///
    /// # Panics
    /// There is no room for it.
    #[must_use]
    pub fn sqlite() -> Self {
        let dir = Arc::new(scratch::folder("palisade-"));
        let url = format!("sqlite://{}", dir.path().join("palisade.db").display());
        Self { engine: Engine::Sqlite, owner_url: url.clone(), url, dir, postgres: None }
    }

    /// A database on the shared server, with an owner and a runtime user.
    ///
    /// # Panics
    /// It can't be made.
    pub async fn postgres() -> Self {
        let server = Postgres::shared();
        Self::on(&server, &format!("OWNER {OWNER}")).await
    }

    /// A copy of a database on the shared server.
    pub(crate) async fn copy_of(template: &str) -> Self {
        Self::on(&Postgres::shared(), &format!("TEMPLATE {template} STRATEGY FILE_COPY")).await
    }

    async fn on(server: &Postgres, how: &str) -> Self {
        let mut admin = PgConnection::connect(&server.admin_url).await.unwrap();
        make_roles(&mut admin).await;
        drop_leftovers(server);
        let name = format!("test_{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(&mut admin, format!("CREATE DATABASE {name} {how}")).await;
        let _ = admin.close().await;
        Self {
            engine: Engine::Postgres,
            url: server.database_url(RUNTIME, &name),
            owner_url: server.database_url(OWNER, &name),
            dir: Arc::new(scratch::folder("palisade-")),
            postgres: Some(Doomed { admin_url: server.admin_url.clone(), name }),
        }
    }

    /// The runtime user's name, where there is one apart from the owner.
    #[must_use]
    pub fn runtime_user(&self) -> Option<&'static str> {
        (self.engine == Engine::Postgres).then_some(RUNTIME)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(doomed) = self.postgres.take() {
            // The test does not wait for it; what is left when the process ends, the next one finds.
            let _ = DROPPER.send(doomed);
        }
    }
}

/// Roles belong to the whole server; whoever comes second finds them there.
pub(crate) async fn make_roles(admin: &mut PgConnection) {
    for role in [OWNER, RUNTIME] {
        let _ = admin.execute(AssertSqlSafe(format!("CREATE ROLE {role} LOGIN")).into_sql_str()).await;
    }
}

pub(crate) async fn run(conn: &mut PgConnection, statement: String) {
    conn.execute(AssertSqlSafe(statement.as_str()).into_sql_str())
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// A thread with a runtime of its own: a test's runtime ends with the test.
static DROPPER: LazyLock<Sender<Doomed>> = LazyLock::new(|| {
    let (doomed, inbox) = channel::<Doomed>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for Doomed { admin_url, name } in inbox {
            runtime.block_on(async {
                if let Ok(mut admin) = PgConnection::connect(&admin_url).await {
                    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    let _ = admin.execute(AssertSqlSafe(sql).into_sql_str()).await;
                    let _ = admin.close().await;
                }
            });
        }
    });
    doomed
});

/// Sends the databases of test processes that are gone to be dropped; once per process.
fn drop_leftovers(server: &Postgres) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let admin_url = server.admin_url.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            for name in runtime.block_on(leftovers(&admin_url)) {
                let _ = DROPPER.send(Doomed { admin_url: admin_url.clone(), name });
            }
        });
    });
}

async fn leftovers(admin_url: &str) -> Vec<String> {
    let Ok(mut admin) = PgConnection::connect(admin_url).await else { return Vec::new() };
    let names: Vec<String> = sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname LIKE 'test\\_%'")
        .fetch_all(&mut admin)
        .await
        .unwrap_or_default();
    let is_gone = |name: &String| {
        let process = name.split('_').nth(1).unwrap_or("");
        !std::path::Path::new("/proc").join(process).exists()
    };
    names.into_iter().filter(is_gone).collect()
}
