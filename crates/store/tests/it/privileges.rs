//! What the runtime user may do on PostgreSQL.

use palisade_store::{DatabaseUrl, Engine, MigrateError, PoolConfig, RoleFacts, Store};
use palisade_testkit::{ManualClock, Postgres, TestDatabase, TestEnv, TestStore};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _};

use crate::{COUNT_LEAVES, MIGRATOR, add, number};

/// Runs it as the runtime user, outside the store; gives PostgreSQL's error code.
async fn refusal(url: &str, sql: &'static str) -> Option<String> {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let error = conn.execute(sql).await.err()?;
    Some(error.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned())
}

/// covers K5.3 (part)
#[tokio::test]
async fn the_runtime_user_cannot_rewrite_the_trail() {
    let db = TestStore::postgres(MIGRATOR).await;
    assert_eq!(db.store.engine(), Engine::Postgres);
    add(&db.store, "hammer").await.unwrap();
    for sql in [
        "UPDATE trail_leaf SET actor = 'nobody'",
        "DELETE FROM trail_leaf",
        "TRUNCATE trail_leaf",
        "TRUNCATE trail_pending",
        "DELETE FROM trail_pending",
        "INSERT INTO trail_leaf SELECT 7, version, commitments, at, category, actor, action, resource, outcome, \
         what_salt FROM trail_pending",
        "UPDATE trail_pending SET actor = 'nobody'",
        "UPDATE schema_migration SET checksum = ''",
        "DELETE FROM schema_migration",
    ] {
        assert_eq!(refusal(&db.url, sql).await.as_deref(), Some("42501"), "{sql}");
    }
    assert_eq!(number(&db.store, COUNT_LEAVES).await, 1);
}

/// covers K5.3 (part)
#[tokio::test]
async fn the_runtime_user_has_leaves_numbered_without_touching_them() {
    let db = TestStore::postgres(MIGRATOR).await;
    for name in ["hammer", "saw", "plane"] {
        add(&db.store, name).await.unwrap();
    }
    let mut conn = PgConnection::connect(&db.url).await.unwrap();
    for expected in [2_i64, 1, 0] {
        let moved: i64 = sqlx::query_scalar("SELECT trail_sequence(2)").fetch_one(&mut conn).await.unwrap();
        assert_eq!(moved, expected);
    }
    let numbers: Vec<i64> =
        sqlx::query_scalar("SELECT seq FROM trail_leaf ORDER BY seq").fetch_all(&mut conn).await.unwrap();
    assert_eq!(numbers, [0, 1, 2]);
}

/// covers K5.3 (part)
#[tokio::test]
async fn the_runtime_user_cannot_change_the_schema() {
    let db = TestDatabase::postgres().await;
    migrate_for(&db, "palisade").await.unwrap();
    for sql in [
        "ALTER TABLE trail_leaf DROP COLUMN actor",
        "ALTER TABLE trail_leaf DISABLE TRIGGER ALL",
        "ALTER TABLE trail_leaf OWNER TO palisade",
        "DROP TABLE trail_leaf",
        "DROP TABLE thing",
        "CREATE TABLE mine (n BIGINT)",
        "CREATE TEMPORARY TABLE trail_leaf (n BIGINT)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS BIGINT LANGUAGE sql AS 'SELECT 1'",
        "CREATE RULE r AS ON INSERT TO trail_leaf DO INSTEAD NOTHING",
        "CREATE TRIGGER t BEFORE INSERT ON trail_leaf FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "GRANT DELETE ON trail_leaf TO palisade",
        "SET ROLE palisade_owner",
        "COPY thing TO PROGRAM 'true'",
    ] {
        let code = refusal(&db.url, sql).await;
        // 42501 is "insufficient privilege"; a grant without the right to grant is 01007, a warning, or nothing given.
        assert!(code.as_deref() == Some("42501") || sql.starts_with("GRANT"), "{sql}: {code:?}");
    }
    assert_eq!(refusal(&db.url, "DELETE FROM trail_leaf").await.as_deref(), Some("42501"));
}

async fn migrate_for(database: &TestDatabase, user: &str) -> Result<usize, MigrateError> {
    MIGRATOR.run(&DatabaseUrl::parse(&database.owner_url).unwrap(), Some(user), ManualClock::START).await
}

/// covers K5.3 (part)
#[tokio::test]
async fn a_runtime_user_that_no_grant_could_bind_is_refused() {
    let database = TestDatabase::postgres().await;
    let mut admin = PgConnection::connect(&Postgres::shared().admin_url).await.unwrap();
    let member = format!("member_{}", std::process::id());
    for sql in [format!("DROP ROLE IF EXISTS {member}"), format!("CREATE ROLE {member} LOGIN IN ROLE palisade_owner")] {
        admin.execute(AssertSqlSafe(sql).into_sql_str()).await.unwrap();
    }
    for (user, problem) in [
        ("postgres", "the runtime user postgres is a superuser: no grant could keep it from rewriting the trail"),
        ("palisade_owner", "the runtime user palisade_owner is the schema's owner or a member of its role"),
        (member.as_str(), "is the schema's owner or a member of its role"),
        ("nobody_here", "the runtime user nobody_here does not exist on this server"),
    ] {
        let error = migrate_for(&database, user).await.unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
    admin.execute(AssertSqlSafe(format!("DROP ROLE {member}")).into_sql_str()).await.unwrap();
}

/// covers K5.3 (part)
#[tokio::test]
async fn a_right_that_comes_by_another_role_is_found() {
    let database = TestDatabase::postgres().await;
    migrate_for(&database, "palisade").await.unwrap();
    let mut owner = PgConnection::connect(&database.owner_url).await.unwrap();
    let mut admin = PgConnection::connect(&Postgres::shared().admin_url).await.unwrap();
    let (cleaner, program) = (format!("cleaner_{}", std::process::id()), format!("program_{}", std::process::id()));
    for sql in [format!("CREATE ROLE {cleaner}"), format!("CREATE ROLE {program} LOGIN IN ROLE {cleaner}")] {
        admin.execute(AssertSqlSafe(sql).into_sql_str()).await.unwrap();
    }
    owner.execute(AssertSqlSafe(format!("GRANT DELETE ON trail_leaf TO {cleaner}")).into_sql_str()).await.unwrap();
    let error = migrate_for(&database, &program).await.unwrap_err();
    assert!(error.to_string().contains("still has DELETE on trail_leaf, by a role that it is a member of"), "{error}");
    owner.execute(AssertSqlSafe(format!("DROP OWNED BY {cleaner}")).into_sql_str()).await.ok();
}

async fn role(url: &str) -> Option<RoleFacts> {
    let url = DatabaseUrl::parse(url).unwrap();
    let store = Store::open(&url, &PoolConfig::default(), TestEnv::default().env).await.unwrap();
    let facts = RoleFacts::read(&mut store.read().await.unwrap(), MIGRATOR.append_only()).await.unwrap();
    store.close().await;
    facts
}

/// covers K5.3 (part), T6.2 (part)
#[tokio::test]
async fn what_the_runtime_user_may_do_is_told_by_the_server() {
    let db = TestDatabase::postgres().await;
    migrate_for(&db, "palisade").await.unwrap();
    let facts = role(&db.url).await.unwrap();
    assert!(!facts.log_statement.is_empty() && !facts.log_connections.is_empty());
    let unlogged = RoleFacts { log_statement: String::new(), log_connections: String::new(), ..facts };
    let rows_alone = RoleFacts { name: "palisade".into(), ..RoleFacts::default() };
    assert_eq!(unlogged, rows_alone, "nothing beside its rows");
    let mut owner = PgConnection::connect(&db.owner_url).await.unwrap();
    owner.execute("GRANT UPDATE, DELETE ON trail_leaf TO palisade").await.unwrap();
    owner.execute("GRANT CREATE ON SCHEMA public TO palisade").await.unwrap();
    let facts = role(&db.url).await.unwrap();
    assert_eq!(facts.rewrites, ["UPDATE on trail_leaf", "DELETE on trail_leaf"]);
    assert!(facts.creates_tables);
    assert_eq!(role(&TestDatabase::sqlite().url).await, None, "the embedded database has no roles");
}

/// covers K5.3 (part), T6.2 (part)
#[tokio::test]
async fn an_owner_in_place_of_the_runtime_user_is_seen() {
    let db = TestDatabase::postgres().await;
    migrate_for(&db, "palisade").await.unwrap();
    let facts = role(&db.owner_url).await.unwrap();
    assert!(facts.owns_database && facts.owns.contains(&"trail_leaf".to_owned()), "{facts:?}");
    assert!(facts.rewrites.contains(&"TRUNCATE on trail_leaf".to_owned()), "{facts:?}");
    let superuser = role(&Postgres::shared().admin_url).await.unwrap();
    assert!(superuser.is_superuser && superuser.creates_databases && superuser.creates_roles, "{superuser:?}");
}
