//! A trail to test with, and a hand that tampers with it.

use std::sync::Arc;

use palisade_base::{Actor, Caller, Category, Origin, Resource, TrailEntry, UserId};
use palisade_keys::{KeyFile, Vault};
use palisade_store::{Engine, SqlBuilder};
use palisade_testkit::{Postgres, TestStore};
use palisade_trail::{Sink, Trail, TrailConfig};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqlSafeStr as _};

/// A vault over the test's database.
pub(crate) async fn vault(db: &TestStore) -> Vault {
    let path = db.dir.path().join("key");
    let key = KeyFile::load(&path).or_else(|_| KeyFile::create(&path, &db.env())).unwrap();
    Vault::open(db.store.clone(), key, []).await.unwrap()
}

/// The trail over the test's database, nothing started.
pub(crate) async fn open(db: &TestStore) -> Trail {
    open_with(db, Vec::new()).await
}

/// The same, with places outside.
pub(crate) async fn open_with(db: &TestStore, sinks: Vec<Arc<dyn Sink>>) -> Trail {
    let config = TrailConfig { sinks, ..TrailConfig::default() };
    Trail::open(db.store.clone(), &vault(db).await, config).await.unwrap()
}

/// An entry with all parts.
pub(crate) fn entry(n: usize) -> TrailEntry {
    let origin = Origin {
        address: Some("192.0.2.7".parse().unwrap()),
        agent: Some("Mozilla/5.0 (test)".into()),
        ..Origin::default()
    };
    let mut caller = Caller::anonymous(origin);
    caller.actor = Actor::User(UserId(uuid::Uuid::from_u128(n as u128 % 3)));
    TrailEntry::new(Category::Change, &caller, "employee.update", Resource::new("employee", n)).changed(
        "name",
        json!("before"),
        json!(format!("after {n}")),
    )
}

/// Writes that many entries, in one append.
pub(crate) async fn write(db: &TestStore, from: usize, count: usize) {
    let entries: Vec<_> = (from..from + count).map(entry).collect();
    db.store.append(&entries).await.unwrap();
}

/// One number from the database.
pub(crate) async fn number(db: &TestStore, sql: &'static str) -> i64 {
    let mut conn = db.store.read().await.unwrap();
    conn.fetch_one(SqlBuilder::new(sql).build()).await.unwrap().get("n").unwrap()
}

/// Changes the database behind the program's back, as somebody who holds the file or the server's superuser can.
/// `$empty` stands for an empty binary value.
pub(crate) async fn tamper(db: &TestStore, sql: &str) {
    match db.store.engine() {
        Engine::Sqlite => {
            let path = db.url.trim_start_matches("sqlite://");
            let mut conn = sqlx::SqliteConnection::connect(path).await.unwrap();
            for trigger in
                ["trail_leaf_is_append_only", "trail_leaf_is_kept", "trail_seal_is_append_only", "trail_seal_is_kept"]
            {
                let drop = format!("DROP TRIGGER IF EXISTS {trigger}");
                conn.execute(AssertSqlSafe(drop).into_sql_str()).await.unwrap();
            }
            conn.execute(AssertSqlSafe(sql.to_owned()).into_sql_str()).await.unwrap();
            conn.close().await.unwrap();
        }
        Engine::Postgres => {
            let database = db.url.split_once('?').map_or(db.url.as_str(), |(url, _)| url).rsplit_once('/').unwrap().1;
            let url = Postgres::shared().database_url("postgres", database);
            let mut conn = sqlx::PgConnection::connect(&url).await.unwrap();
            conn.execute(AssertSqlSafe(sql.to_owned()).into_sql_str()).await.unwrap();
            conn.close().await.unwrap();
        }
    }
}
