//! A connection of either engine, and the queries that run on it.

use std::ops::{Deref, DerefMut};

use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use sqlx::{
    AssertSqlSafe, Postgres, Sqlite, Transaction, pool::PoolConnection, postgres::PgArguments, query::Query,
    sqlite::SqliteArguments,
};

use crate::{Engine, Row, Sql, StoreError, Value, ValueKind, sqlite::Member, value::EngineRow};

/// A connection that queries run on: a [`ReadConn`], or a [`crate::WriteTx`] that reads what it is about to change.
pub struct Conn(pub(crate) ConnInner);

pub(crate) enum ConnInner {
    SqliteRead(PoolConnection<Sqlite>),
    SqliteWrite(Member),
    PostgresRead(PoolConnection<Postgres>),
    PostgresWrite(Transaction<'static, Postgres>),
}

impl Conn {
    /// Which engine this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.0 {
            ConnInner::SqliteRead(_) | ConnInner::SqliteWrite(_) => Engine::Sqlite,
            ConnInner::PostgresRead(_) | ConnInner::PostgresWrite(_) => Engine::Postgres,
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// The database refuses or can't be reached.
    pub async fn fetch_all(&mut self, sql: Sql) -> Result<Vec<Row>, StoreError> {
        self.fetch(sql).try_collect().await
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Conn::fetch_all`].
    pub async fn fetch_optional(&mut self, sql: Sql) -> Result<Option<Row>, StoreError> {
        self.fetch(sql).try_next().await
    }

    /// The first row; [`StoreError::NoRow`] where there is none.
    ///
    /// # Errors
    /// As [`Conn::fetch_all`].
    pub async fn fetch_one(&mut self, sql: Sql) -> Result<Row, StoreError> {
        self.fetch_optional(sql).await?.ok_or(StoreError::NoRow)
    }

    /// The rows one by one, for results that should not stand in memory whole.
    pub fn fetch(&mut self, sql: Sql) -> BoxStream<'_, Result<Row, StoreError>> {
        let (text, args) = sql.into_parts(self.engine());
        match &mut self.0 {
            ConnInner::SqliteRead(conn) => sqlite_rows(sqlite_query(text, args).fetch(&mut **conn)),
            ConnInner::SqliteWrite(member) => sqlite_rows(sqlite_query(text, args).fetch(member.connection())),
            ConnInner::PostgresRead(conn) => postgres_rows(postgres_query(text, args).fetch(&mut **conn)),
            ConnInner::PostgresWrite(tx) => postgres_rows(postgres_query(text, args).fetch(&mut **tx)),
        }
    }

    /// Runs a statement; gives the number of rows it touched. Only a [`crate::WriteTx`] makes this public.
    pub(crate) async fn execute(&mut self, sql: Sql) -> Result<u64, StoreError> {
        let (text, args) = sql.into_parts(self.engine());
        let touched = match &mut self.0 {
            ConnInner::SqliteRead(conn) => sqlite_query(text, args).execute(&mut **conn).await?.rows_affected(),
            ConnInner::SqliteWrite(member) => {
                sqlite_query(text, args).execute(member.connection()).await?.rows_affected()
            }
            ConnInner::PostgresRead(conn) => postgres_query(text, args).execute(&mut **conn).await?.rows_affected(),
            ConnInner::PostgresWrite(tx) => postgres_query(text, args).execute(&mut **tx).await?.rows_affected(),
        };
        Ok(touched)
    }
}

/// A connection for reading. The database itself refuses writes on it.
pub struct ReadConn(pub(crate) Conn);

impl Deref for ReadConn {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for ReadConn {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

type RowStream<'a, R> = BoxStream<'a, Result<R, sqlx::Error>>;

fn sqlite_rows(rows: RowStream<'_, sqlx::sqlite::SqliteRow>) -> BoxStream<'_, Result<Row, StoreError>> {
    rows.map(|row| row.map(|row| Row(EngineRow::Sqlite(row))).map_err(StoreError::from)).boxed()
}

fn postgres_rows(rows: RowStream<'_, sqlx::postgres::PgRow>) -> BoxStream<'_, Result<Row, StoreError>> {
    rows.map(|row| row.map(|row| Row(EngineRow::Postgres(row))).map_err(StoreError::from)).boxed()
}

// The text is put together from `&'static str` alone (see `statement.rs`), which is what the assertion claims.

pub(crate) fn sqlite_query<'q>(text: String, args: Vec<Value>) -> Query<'q, Sqlite, SqliteArguments> {
    let mut query = sqlx::query::<Sqlite>(AssertSqlSafe(text));
    for value in args {
        query = match value {
            Value::Null(_) => query.bind(None::<String>),
            Value::Id(id) => query.bind(id),
            Value::Int(n) => query.bind(n),
            Value::Bool(b) => query.bind(b),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    query
}

pub(crate) fn postgres_query<'q>(text: String, args: Vec<Value>) -> Query<'q, Postgres, PgArguments> {
    let mut query = sqlx::query::<Postgres>(AssertSqlSafe(text));
    for value in args {
        query = match value {
            Value::Null(ValueKind::Id) => query.bind(None::<uuid::Uuid>),
            Value::Null(ValueKind::Int) => query.bind(None::<i64>),
            Value::Null(ValueKind::Bool) => query.bind(None::<bool>),
            Value::Null(ValueKind::Text) => query.bind(None::<String>),
            Value::Null(ValueKind::Bytes) => query.bind(None::<Vec<u8>>),
            Value::Id(id) => query.bind(id),
            Value::Int(n) => query.bind(n),
            Value::Bool(b) => query.bind(b),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    query
}
