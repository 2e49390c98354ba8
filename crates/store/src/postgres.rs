//! PostgreSQL: two bounded pools, one that can only read.

use std::time::Duration;

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgDatabaseError, Postgres},
};
use tokio::time::timeout;

use crate::{OpenError, PoolConfig, StoreError, UniqueViolation};

/// `server_version_num` of the oldest release that is supported.
const OLDEST_VERSION: i32 = 150_000;
/// How long a writing transaction may do nothing, and one statement of it run, in the server's words: as on SQLite.
const IDLE_LIMIT: &str = "10s";
const STATEMENT_LIMIT: &str = "120s";

pub(crate) struct PostgresStore {
    pub(crate) readers: PgPool,
    pub(crate) writers: PgPool,
}

impl PostgresStore {
    pub(crate) async fn open(options: &PgConnectOptions, pool: &PoolConfig) -> Result<Self, OpenError> {
        let options = options.clone().disable_statement_logging();
        check_server(&options, pool.acquire_timeout).await?;
        let read_only = options.clone().options([("default_transaction_read_only", "on")]);
        let writing = options.options([
            ("statement_timeout", STATEMENT_LIMIT),
            ("idle_in_transaction_session_timeout", IDLE_LIMIT),
            // Whatever the server's default: what is acknowledged is on disk. (`on` also keeps standbys' promises.)
            ("synchronous_commit", "on"),
        ]);
        let bounded = |max| PoolOptions::<Postgres>::new().max_connections(max).acquire_timeout(pool.acquire_timeout);
        let for_writers = (pool.max_connections / 2).max(1);
        let for_readers = pool.max_connections.saturating_sub(for_writers).max(1);
        Ok(Self {
            readers: bounded(for_readers).connect_lazy_with(read_only),
            writers: bounded(for_writers).connect_lazy_with(writing),
        })
    }
}

/// Connects once outside the pools, whose errors would hide why it did not work.
async fn check_server(options: &PgConnectOptions, limit: Duration) -> Result<(), OpenError> {
    let mut conn = connect(options, limit).await?;
    let (version, fsync): (i32, String) =
        sqlx::query_as("SELECT current_setting('server_version_num')::int, current_setting('fsync')")
            .fetch_one(&mut conn)
            .await
            .map_err(|e| unusable(options, &e))?;
    let _ = conn.close().await;
    if version < OLDEST_VERSION {
        return Err(OpenError::TooOld { found: format!("{}.{}", version / 10_000, version % 10_000) });
    }
    if fsync != "on" {
        tracing::warn!("the PostgreSQL server runs with fsync={fsync}: a power cut would lose acknowledged changes");
    }
    Ok(())
}

pub(crate) async fn connect(options: &PgConnectOptions, limit: Duration) -> Result<PgConnection, OpenError> {
    match timeout(limit, PgConnection::connect_with(options)).await {
        Ok(connected) => connected.map_err(|e| unusable(options, &e)),
        Err(_) => Err(OpenError::Unusable {
            what: describe(options),
            why: format!("no answer within {limit:?}\n  Do host and port fit, and does a firewall let them through?"),
        }),
    }
}

/// The URL without its password.
fn describe(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or("(default)");
    format!("postgresql://{}@{}:{}/{database}", options.get_username(), options.get_host(), options.get_port())
}

pub(crate) fn unusable(options: &PgConnectOptions, error: &sqlx::Error) -> OpenError {
    let hint = match error {
        sqlx::Error::Tls(_) => {
            "\n  The server did not offer TLS, or its certificate was not accepted. Turn TLS on at the server, or give the \
             authority's certificate as sslrootcert=PATH."
        }
        sqlx::Error::Io(_) => "\n  Is the server running, and do host and port fit?",
        _ => "",
    };
    OpenError::Unusable { what: describe(options), why: format!("{error}{hint}") }
}

/// Translates PostgreSQL's error codes (appendix A of its manual).
pub(crate) fn classify(error: &PgDatabaseError) -> StoreError {
    match error.code() {
        "23505" => StoreError::Unique(unique_violation(error)),
        "23503" => StoreError::ForeignKey,
        "23502" | "23514" => StoreError::Check(error.message().to_owned()),
        "42501" => StoreError::Forbidden(error.message().to_owned()),
        "40001" | "40P01" | "55P03" => StoreError::Contended,
        // Out of disk, memory, connections; cancelled by a limit; shut down; a connection that broke.
        code if code.starts_with("53")
            || code.starts_with("57")
            || code.starts_with("08")
            || matches!(code, "25P03" | "25P04") =>
        {
            StoreError::Unavailable(error.message().to_owned())
        }
        "XX001" | "XX002" => StoreError::Damaged(error.message().to_owned()),
        _ => StoreError::Other(format!("{}: {}", error.code(), error.message())),
    }
}

/// Reads `Key (number, site)=(7, kpi) already exists.`, in whatever language the server speaks.
fn unique_violation(error: &PgDatabaseError) -> UniqueViolation {
    let detail = error.detail().unwrap_or("");
    let columns = detail.split_once('(').and_then(|(_, rest)| rest.split_once(")=")).map_or("", |(list, _)| list);
    UniqueViolation {
        table: error.table().unwrap_or("").to_owned(),
        columns: columns.split(", ").map(str::to_owned).collect(),
        index: error.constraint().map(str::to_owned),
    }
}
