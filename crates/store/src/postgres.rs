//! PostgreSQL: two bounded pools, one that can only read.

use sqlx::{
    ConnectOptions as _, PgPool,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgDatabaseError, Postgres},
};

use crate::{OpenError, PoolConfig, StoreError, UniqueViolation};

/// `server_version_num` of the oldest release that is supported.
const OLDEST_VERSION: i32 = 150_000;

pub(crate) struct PostgresStore {
    pub(crate) readers: PgPool,
    pub(crate) writers: PgPool,
}

impl PostgresStore {
    pub(crate) async fn open(options: &PgConnectOptions, pool: &PoolConfig) -> Result<Self, OpenError> {
        let options = options.clone().disable_statement_logging();
        let read_only = options.clone().options([("default_transaction_read_only", "on")]);
        let half = pool.max_connections.div_ceil(2);
        let bounded = |max| PoolOptions::<Postgres>::new().max_connections(max).acquire_timeout(pool.acquire_timeout);
        let writers = bounded(half).connect_with(options.clone()).await.map_err(|e| unusable(&options, &e))?;
        let readers = bounded(half).connect_lazy_with(read_only);
        let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
            .fetch_one(&writers)
            .await
            .map_err(|e| unusable(&options, &e))?;
        if version < OLDEST_VERSION {
            return Err(OpenError::TooOld { found: format!("{}.{}", version / 10_000, version % 10_000) });
        }
        Ok(Self { readers, writers })
    }
}

pub(crate) fn unusable(options: &PgConnectOptions, error: &sqlx::Error) -> OpenError {
    let database = options.get_database().unwrap_or("(default)");
    let (user, host, port) = (options.get_username(), options.get_host(), options.get_port());
    let what = format!("postgresql://{user}@{host}:{port}/{database}");
    let hint = match error {
        sqlx::Error::Tls(_) => {
            "\n  The server did not offer TLS, or its certificate was not accepted. Turn TLS on at the server, or give the \
             authority's certificate as sslrootcert=PATH."
        }
        sqlx::Error::Io(_) => "\n  Is the server running, and do host and port fit?",
        _ => "",
    };
    OpenError::Unusable { what, why: format!("{error}{hint}") }
}

/// Translates PostgreSQL's error codes (appendix A of its manual).
pub(crate) fn classify(error: &PgDatabaseError) -> StoreError {
    match error.code() {
        "23505" => StoreError::Unique(unique_violation(error)),
        "23503" => StoreError::ForeignKey,
        "23502" | "23514" => StoreError::Check(error.message().to_owned()),
        "40001" | "40P01" | "55P03" => StoreError::Contended,
        "53100" | "53200" | "53300" | "57P01" | "57P02" | "57P03" => {
            StoreError::Unavailable(error.message().to_owned())
        }
        "XX001" | "XX002" => StoreError::Damaged(error.message().to_owned()),
        _ => StoreError::Other(format!("{}: {}", error.code(), error.message())),
    }
}

/// Reads `Key (number, site)=(7, kpi) already exists.`
fn unique_violation(error: &PgDatabaseError) -> UniqueViolation {
    let detail = error.detail().unwrap_or("");
    let columns = detail.split_once("Key (").and_then(|(_, rest)| rest.split_once(")=")).map_or("", |(list, _)| list);
    UniqueViolation {
        table: error.table().unwrap_or("").to_owned(),
        columns: columns.split(", ").map(str::to_owned).collect(),
    }
}
