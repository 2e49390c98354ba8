//! Migrations: written by hand, forward only, each in a transaction of its own.
//!
//! Every crate that owns tables has a [`MigrationSet`], so that an app can leave with its tables. On PostgreSQL they
//! run as the schema's owner; the runtime user then gets just the grants that it needs.

use std::time::Duration;

use palisade_base::Instant;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use thiserror::Error as ThisError;

use crate::{Conn, DatabaseUrl, Engine, OpenError, Store, StoreError, statements};

/// How long the schema's owner waits for the server's answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

statements! {
    /// A database that has never been migrated has no ledger.
    HAS_LEDGER = {
        sqlite: "SELECT count(*) > 0 AS found FROM sqlite_schema WHERE name = 'schema_migration'",
        postgres: "SELECT to_regclass('schema_migration') IS NOT NULL AS found",
    };
    /// What has been applied.
    APPLIED = "SELECT owner, version, checksum FROM schema_migration ORDER BY owner, version";
}

/// One step of one set.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1, 2, 3, …
    pub version: i64,
    /// What it does, as in the file's name.
    pub name: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
    /// The text for PostgreSQL.
    pub postgres: &'static str,
}

/// The migrations of one owner of tables.
#[derive(Clone, Copy, Debug)]
pub struct MigrationSet {
    /// The crate: `store`, `identity`, `kpi`.
    pub owner: &'static str,
    /// Its steps, oldest first.
    pub migrations: &'static [Migration],
    /// Tables that the runtime user may add to and read, but never change or delete from (PostgreSQL).
    pub append_only: &'static [&'static str],
}

/// Declares a [`MigrationSet`] from `migrations/{sqlite,postgres}/NNNN_name.sql` beside the crate's `Cargo.toml`.
///
/// ```text
/// pub const MIGRATIONS: MigrationSet = palisade_store::migrations!("trail", [1 => "0001_seal"], append_only: ["trail_seal"]);
/// ```
#[macro_export]
macro_rules! migrations {
    ($owner:literal, [$($version:literal => $name:literal),* $(,)?] $(, append_only: [$($table:literal),*])?) => {
        $crate::MigrationSet {
            owner: $owner,
            migrations: &[$($crate::Migration {
                version: $version,
                name: $name,
                sqlite: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite/", $name, ".sql")),
                postgres: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres/", $name, ".sql")),
            }),*],
            append_only: &[$($($table),*)?],
        }
    };
}

impl Migration {
    const fn text(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }

    fn checksum(&self, engine: Engine) -> Vec<u8> {
        Sha256::digest(self.text(engine).as_bytes()).to_vec()
    }
}

/// Why the schema does not fit the program.
#[derive(Debug, ThisError)]
pub enum MigrateError {
    /// A newer Palisade has been here.
    #[error(
        "the database was written by a newer Palisade: {owner} has step {version}, this program knows {known}\n  \
         Start the newer version, or restore the backup that was taken before the upgrade."
    )]
    Newer {
        /// The set.
        owner: String,
        /// The step found.
        version: i64,
        /// The last step that this program knows.
        known: i64,
    },
    /// A step was edited after it had been applied.
    #[error(
        "step {version} of {owner} is not the one that was applied to this database\n  \
         The program and the database do not belong together; start the release that made this database."
    )]
    Edited {
        /// The set.
        owner: String,
        /// The step.
        version: i64,
    },
    /// Steps are missing.
    #[error(
        "the database lacks {missing} migration step{}\n  \
         Run `palisade migrate`; for PostgreSQL with PALISADE_OWNER_DATABASE_URL set to the schema owner's URL.",
        if *missing == 1 { "" } else { "s" }
    )]
    Pending {
        /// How many.
        missing: usize,
    },
    /// A step failed; it was undone.
    #[error("step {version} of {owner} ({name}) failed and was undone: {cause}")]
    Failed {
        /// The set.
        owner: &'static str,
        /// The step.
        version: i64,
        /// Its name.
        name: &'static str,
        /// The database's words.
        cause: String,
    },
    /// The runtime user has no grants.
    #[error(
        "the user in DATABASE_URL has no rights on the tables\n  \
         Run `palisade migrate` with PALISADE_OWNER_DATABASE_URL set to the schema owner's URL; it gives them."
    )]
    NotGranted,
    /// Somebody else is migrating.
    #[error(
        "another `palisade migrate` has been at work on this database for half a minute\n  Wait for it to end, then try again."
    )]
    Busy,
    /// The runtime user could rewrite the trail, or does not exist.
    #[error("the runtime user {user} {problem}\n  {hint}")]
    RuntimeUser {
        /// Its name.
        user: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All sets of the program, in the order that they depend on each other.
#[derive(Clone, Copy, Debug)]
pub struct Migrator(pub &'static [MigrationSet]);

impl Migrator {
    /// Checks that the database has every step, and none that this program does not know.
    ///
    /// # Errors
    /// [`MigrateError::Pending`], [`MigrateError::Newer`], [`MigrateError::Edited`].
    pub async fn check(&self, store: &Store) -> Result<(), MigrateError> {
        let mut conn = store.read().await?;
        let applied = read_applied(&mut conn).await.map_err(|error| match error {
            StoreError::Forbidden(_) => MigrateError::NotGranted,
            other => MigrateError::Store(other),
        })?;
        let missing = self.missing(&applied, store.engine())?;
        if missing.is_empty() { Ok(()) } else { Err(MigrateError::Pending { missing: missing.len() }) }
    }

    /// Applies what is missing; gives the number of steps. For PostgreSQL, `url` is the owner's, and `runtime_user`
    /// gets its grants.
    ///
    /// # Errors
    /// See [`MigrateError`]; steps before the failing one stay applied.
    pub async fn run(
        &self,
        url: &DatabaseUrl,
        runtime_user: Option<&str>,
        now: Instant,
    ) -> Result<usize, MigrateError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let (_lock, mut conn) = crate::sqlite::open_exclusive(path).await?;
                let done = self.run_sqlite(&mut conn, now).await;
                crate::sqlite::close_connection(conn).await;
                done
            }
            DatabaseUrl::Postgres(options) => {
                let mut conn = crate::postgres::connect(options, CONNECT_LIMIT).await?;
                let done = self.run_postgres(&mut conn, now).await?;
                if let Some(user) = runtime_user {
                    crate::grants::give(&mut conn, user, self.append_only()).await?;
                }
                let _ = conn.close().await;
                Ok(done)
            }
        }
    }

    async fn run_sqlite(&self, conn: &mut SqliteConnection, now: Instant) -> Result<usize, MigrateError> {
        conn.execute(LEDGER_SQLITE).await.map_err(StoreError::from)?;
        let applied: Vec<(String, i64, Vec<u8>)> =
            sqlx::query_as(APPLIED.sqlite).fetch_all(&mut *conn).await.map_err(StoreError::from)?;
        let missing = self.missing(&applied, Engine::Sqlite)?;
        for (owner, step) in &missing {
            refuse_deferred(owner, step)?;
            let failed = |e: sqlx::Error| failed(owner, step, &e);
            let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            tx.execute(step.sqlite).await.map_err(failed)?;
            sqlx::query(RECORD)
                .bind(owner)
                .bind(step.version)
                .bind(step.name)
                .bind(step.checksum(Engine::Sqlite))
                .bind(now.as_micros())
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            tx.commit().await.map_err(failed)?;
        }
        Ok(missing.len())
    }

    async fn run_postgres(&self, conn: &mut PgConnection, now: Instant) -> Result<usize, MigrateError> {
        // One migrator at a time; released when the connection closes. A step that needs a table which somebody uses
        // fails after the same time, rather than stop everybody behind it.
        conn.execute("SET lock_timeout = '30s'").await.map_err(StoreError::from)?;
        conn.execute("SELECT pg_advisory_lock(7237125)").await.map_err(|e| match e.into() {
            StoreError::Contended => MigrateError::Busy,
            other => MigrateError::Store(other),
        })?;
        conn.execute(LEDGER_POSTGRES).await.map_err(StoreError::from)?;
        let applied: Vec<(String, i64, Vec<u8>)> =
            sqlx::query_as(APPLIED.postgres).fetch_all(&mut *conn).await.map_err(StoreError::from)?;
        let missing = self.missing(&applied, Engine::Postgres)?;
        for (owner, step) in &missing {
            let failed = |e: sqlx::Error| failed(owner, step, &e);
            let mut tx = conn.begin().await.map_err(failed)?;
            tx.execute(step.postgres).await.map_err(failed)?;
            sqlx::query(RECORD)
                .bind(owner)
                .bind(step.version)
                .bind(step.name)
                .bind(step.checksum(Engine::Postgres))
                .bind(now.as_micros())
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            tx.commit().await.map_err(failed)?;
        }
        Ok(missing.len())
    }

    /// Tables that the runtime user may add to and read, and no more.
    pub fn append_only(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().flat_map(|set| set.append_only).copied()
    }

    fn missing(
        &self,
        applied: &[(String, i64, Vec<u8>)],
        engine: Engine,
    ) -> Result<Vec<(&'static str, &'static Migration)>, MigrateError> {
        let mut missing = Vec::new();
        for set in self.0 {
            let known = set.migrations.last().map_or(0, |step| step.version);
            let mut done = applied.iter().filter(|(owner, ..)| owner == set.owner);
            if let Some((owner, version, _)) = done.clone().find(|(_, version, _)| *version > known) {
                return Err(MigrateError::Newer { owner: owner.clone(), version: *version, known });
            }
            for step in set.migrations {
                match done.next() {
                    None => missing.push((set.owner, step)),
                    Some((_, version, checksum)) if *version == step.version && *checksum == step.checksum(engine) => {}
                    Some((owner, version, _)) => {
                        return Err(MigrateError::Edited { owner: owner.clone(), version: *version });
                    }
                }
            }
        }
        if let Some((owner, version, _)) = applied.iter().find(|(owner, ..)| !self.0.iter().any(|s| s.owner == owner)) {
            return Err(MigrateError::Newer { owner: owner.clone(), version: *version, known: 0 });
        }
        Ok(missing)
    }
}

const LEDGER_SQLITE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (owner TEXT NOT NULL, version INTEGER NOT NULL, \
     name TEXT NOT NULL, checksum BLOB NOT NULL, applied_at INTEGER NOT NULL, PRIMARY KEY (owner, version)) STRICT";
const LEDGER_POSTGRES: &str = "CREATE TABLE IF NOT EXISTS schema_migration (owner TEXT NOT NULL, version BIGINT NOT NULL, \
     name TEXT NOT NULL, checksum BYTEA NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (owner, version))";
const RECORD: &str =
    "INSERT INTO schema_migration (owner, version, name, checksum, applied_at) VALUES ($1, $2, $3, $4, $5)";

async fn read_applied(conn: &mut Conn) -> Result<Vec<(String, i64, Vec<u8>)>, StoreError> {
    let has_ledger: bool = conn.fetch_one(HAS_LEDGER.sql()).await?.get("found")?;
    if !has_ledger {
        return Ok(Vec::new());
    }
    let rows = conn.fetch_all(APPLIED.sql()).await?;
    rows.iter().map(|row| Ok((row.get("owner")?, row.get("version")?, row.get("checksum")?))).collect()
}

/// On SQLite one outer transaction holds the changes of many: a deferred constraint that one of them breaks would be
/// found at the end, and undo them all.
fn refuse_deferred(owner: &'static str, step: &Migration) -> Result<(), MigrateError> {
    if !step.sqlite.to_ascii_uppercase().contains("INITIALLY DEFERRED") {
        return Ok(());
    }
    let cause = "constraints must not be deferred: a violation would undo the changes of others".to_owned();
    Err(MigrateError::Failed { owner, version: step.version, name: step.name, cause })
}

fn failed(owner: &'static str, step: &Migration, error: &sqlx::Error) -> MigrateError {
    MigrateError::Failed { owner, version: step.version, name: step.name, cause: error.to_string() }
}

/// The tables that every transaction writes to: the trail's leaves.
pub const STORE_MIGRATIONS: MigrationSet = crate::migrations!("store", [1 => "0001_trail_leaf", 2 => "0002_trail_sequence", 3 => "0003_last_change"], append_only: ["trail_leaf"]);
