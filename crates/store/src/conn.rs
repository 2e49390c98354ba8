//! A connection of either engine, and the queries that run on it.

use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
};

use futures_util::{
    StreamExt as _, TryFutureExt as _,
    stream::{self, BoxStream},
};
use sqlx::{
    AssertSqlSafe, Postgres, Sqlite, Transaction, pool::PoolConnection, postgres::PgArguments, query::Query,
    sqlite::SqliteArguments,
};

use crate::{Engine, Row, Sql, StoreError, Value, ValueKind, sqlite::Member, value::EngineRow};

/// A connection that queries run on: a [`ReadConn`], or a [`crate::WriteTx`] that reads what it is about to change.
pub struct Conn {
    inner: ConnInner,
    /// A statement of this transaction failed or was cancelled. PostgreSQL refuses everything after that, and SQLite
    /// may have given up the transaction; so both refuse here, and neither commits.
    broken: bool,
}

pub(crate) enum ConnInner {
    SqliteRead(PoolConnection<Sqlite>),
    SqliteWrite(Member),
    PostgresRead(PoolConnection<Postgres>),
    PostgresWrite(Transaction<'static, Postgres>),
}

impl Conn {
    pub(crate) const fn new(inner: ConnInner) -> Self {
        Self { inner, broken: false }
    }

    /// Which engine this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.inner {
            ConnInner::SqliteRead(_) | ConnInner::SqliteWrite(_) => Engine::Sqlite,
            ConnInner::PostgresRead(_) | ConnInner::PostgresWrite(_) => Engine::Postgres,
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// The database refuses or can't be reached. A statement that failed ends a writing transaction: what follows is
    /// refused, and so is its commit.
    pub async fn fetch_all(&mut self, sql: Sql) -> Result<Vec<Row>, StoreError> {
        let (text, args) = self.begin_statement(sql)?;
        let rows = match &mut self.inner {
            ConnInner::SqliteRead(conn) => {
                all(sqlite_query(text, args).fetch_all(&mut **conn).await, EngineRow::Sqlite)
            }
            ConnInner::SqliteWrite(member) => {
                all(sqlite_query(text, args).fetch_all(&mut *member.connection().await?).await, EngineRow::Sqlite)
            }
            ConnInner::PostgresRead(conn) => {
                all(postgres_query(text, args).fetch_all(&mut **conn).await, EngineRow::Postgres)
            }
            ConnInner::PostgresWrite(tx) => {
                all(postgres_query(text, args).fetch_all(&mut **tx).await, EngineRow::Postgres)
            }
        };
        self.end_statement(rows)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`Conn::fetch_all`].
    pub async fn fetch_optional(&mut self, sql: Sql) -> Result<Option<Row>, StoreError> {
        let (text, args) = self.begin_statement(sql)?;
        let row = match &mut self.inner {
            ConnInner::SqliteRead(conn) => {
                one(sqlite_query(text, args).fetch_optional(&mut **conn).await, EngineRow::Sqlite)
            }
            ConnInner::SqliteWrite(member) => {
                one(sqlite_query(text, args).fetch_optional(&mut *member.connection().await?).await, EngineRow::Sqlite)
            }
            ConnInner::PostgresRead(conn) => {
                one(postgres_query(text, args).fetch_optional(&mut **conn).await, EngineRow::Postgres)
            }
            ConnInner::PostgresWrite(tx) => {
                one(postgres_query(text, args).fetch_optional(&mut **tx).await, EngineRow::Postgres)
            }
        };
        self.end_statement(row)
    }

    /// The first row; [`StoreError::NoRow`] where there is none.
    ///
    /// # Errors
    /// As [`Conn::fetch_all`].
    pub async fn fetch_one(&mut self, sql: Sql) -> Result<Row, StoreError> {
        self.fetch_optional(sql).await?.ok_or(StoreError::NoRow)
    }

    /// The rows one by one, for results that should not stand in memory whole. A writing transaction, which must be
    /// short anyway, reads them at once.
    pub fn fetch(&mut self, sql: Sql) -> BoxStream<'_, Result<Row, StoreError>> {
        if self.is_writing() {
            let rows = self.fetch_all(sql).map_ok(|rows| stream::iter(rows.into_iter().map(Ok)));
            return rows.try_flatten_stream().boxed();
        }
        let (text, args) = match self.begin_statement(sql) {
            Ok(parts) => parts,
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        match &mut self.inner {
            ConnInner::SqliteRead(conn) => {
                let rows = sqlite_query(text, args).fetch(&mut **conn);
                rows.map(|row| row.map(|row| Row(EngineRow::Sqlite(row))).map_err(StoreError::from)).boxed()
            }
            ConnInner::PostgresRead(conn) => {
                let rows = postgres_query(text, args).fetch(&mut **conn);
                rows.map(|row| row.map(|row| Row(EngineRow::Postgres(row))).map_err(StoreError::from)).boxed()
            }
            ConnInner::SqliteWrite(_) | ConnInner::PostgresWrite(_) => stream::empty().boxed(),
        }
    }

    /// Runs a statement; gives the number of rows it touched. Only a [`crate::WriteTx`] makes this public.
    pub(crate) async fn execute(&mut self, sql: Sql) -> Result<u64, StoreError> {
        let (text, args) = self.begin_statement(sql)?;
        let touched = match &mut self.inner {
            ConnInner::SqliteRead(conn) => {
                sqlite_query(text, args).execute(&mut **conn).await.map(|done| done.rows_affected())
            }
            ConnInner::SqliteWrite(member) => {
                let mut conn = member.connection().await?;
                sqlite_query(text, args).execute(&mut *conn).await.map(|done| done.rows_affected())
            }
            ConnInner::PostgresRead(conn) => {
                postgres_query(text, args).execute(&mut **conn).await.map(|done| done.rows_affected())
            }
            ConnInner::PostgresWrite(tx) => {
                postgres_query(text, args).execute(&mut **tx).await.map(|done| done.rows_affected())
            }
        };
        self.end_statement(touched.map_err(StoreError::from))
    }

    const fn is_writing(&self) -> bool {
        matches!(self.inner, ConnInner::SqliteWrite(_) | ConnInner::PostgresWrite(_))
    }

    /// What the connection is, for the commit; an error where a statement failed.
    pub(crate) fn into_whole(self) -> Result<ConnInner, StoreError> {
        if self.broken { Err(broken()) } else { Ok(self.inner) }
    }

    /// Until it has succeeded, a statement counts as failed: its future may be dropped at any moment.
    fn begin_statement(&mut self, sql: Sql) -> Result<(Cow<'static, str>, Vec<Value>), StoreError> {
        if self.broken {
            return Err(broken());
        }
        self.broken = self.is_writing();
        let (text, args) = sql.into_parts(self.engine());
        // PostgreSQL can't store it; what one engine refuses, the other does not take.
        if args.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0'))) {
            return Err(StoreError::ZeroByte);
        }
        Ok((text, args))
    }

    fn end_statement<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        self.broken &= result.is_err();
        result
    }
}

fn broken() -> StoreError {
    StoreError::Other("a statement of this transaction has failed, so it can't go on".into())
}

fn all<R>(rows: Result<Vec<R>, sqlx::Error>, wrap: fn(R) -> EngineRow) -> Result<Vec<Row>, StoreError> {
    Ok(rows?.into_iter().map(|row| Row(wrap(row))).collect())
}

fn one<R>(row: Result<Option<R>, sqlx::Error>, wrap: fn(R) -> EngineRow) -> Result<Option<Row>, StoreError> {
    Ok(row?.map(|row| Row(wrap(row))))
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

// The text is put together from `&'static str` alone (see `statement.rs`), which is what the assertion claims.

pub(crate) fn sqlite_query<'q>(text: Cow<'static, str>, args: Vec<Value>) -> Query<'q, Sqlite, SqliteArguments> {
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

pub(crate) fn postgres_query<'q>(text: Cow<'static, str>, args: Vec<Value>) -> Query<'q, Postgres, PgArguments> {
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
