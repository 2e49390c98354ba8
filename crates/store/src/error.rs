//! What can go wrong in the database, as callers tell it apart.

use std::fmt;

use palisade_base::{Error, Kind};
use thiserror::Error as ThisError;

/// A failed database operation. Its text never reaches people: see [`From<StoreError> for Error`].
#[derive(Debug, ThisError)]
pub enum StoreError {
    /// A row with these values exists already.
    #[error("unique constraint: {0}")]
    Unique(UniqueViolation),
    /// A row that is pointed to does not exist, or one that is still pointed at would go.
    #[error("foreign key constraint")]
    ForeignKey,
    /// A value breaks a check that the schema has.
    #[error("check constraint: {0}")]
    Check(String),
    /// A text holds a zero byte, which PostgreSQL cannot store.
    #[error("a text holds a zero byte")]
    ZeroByte,
    /// Exactly one row was expected.
    #[error("no such row")]
    NoRow,
    /// Another transaction was in the way; trying again may succeed.
    #[error("conflicting transaction")]
    Contended,
    /// The database can't be used at the moment: unreachable, pool exhausted, disk full.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The connection broke while the server was committing: the change was made whole, or not at all.
    #[error("connection lost during commit: {0}")]
    Uncertain(String),
    /// The database file is damaged.
    #[error("database damaged: {0}")]
    Damaged(String),
    /// The database user has no right to do this.
    #[error("the database user may not: {0}")]
    Forbidden(String),
    /// A column did not hold what the code expects.
    #[error("column {column}: {message}")]
    Decode {
        /// The column.
        column: String,
        /// What was wrong.
        message: String,
    },
    /// Anything else: a defect of ours.
    #[error("database: {0}")]
    Other(String),
}

/// Which unique rule a row would have broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueViolation {
    /// The table; empty on SQLite for an index over an expression.
    pub table: String,
    /// The columns, or on PostgreSQL the expressions of the index.
    pub columns: Vec<String>,
    /// The index: always on PostgreSQL, on SQLite only one over an expression.
    pub index: Option<String>,
}

impl UniqueViolation {
    /// Whether it is this table's rule over a column of that name.
    #[must_use]
    pub fn is_on(&self, table: &str, column: &str) -> bool {
        self.table == table && self.columns.iter().any(|c| c == column)
    }

    /// Whether it is the rule of this index, which must be one over an expression (`lower(name)`): those are told by
    /// name on both engines.
    #[must_use]
    pub fn is_of_index(&self, name: &str) -> bool {
        self.index.as_deref() == Some(name)
    }
}

impl fmt::Display for UniqueViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.table, self.columns.join(", "))
    }
}

impl StoreError {
    pub(crate) fn decode(column: &str, error: impl fmt::Display) -> Self {
        Self::Decode { column: column.to_owned(), message: error.to_string() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NoRow,
            sqlx::Error::Database(error) => {
                if let Some(postgres) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
                    crate::postgres::classify(postgres)
                } else {
                    crate::sqlite::classify(error.code().as_deref(), error.message())
                }
            }
            sqlx::Error::PoolTimedOut => Self::Unavailable("no database connection became free in time".into()),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => Self::Unavailable(error.to_string()),
            sqlx::Error::WorkerCrashed => Self::Unavailable("the database's worker thread is gone".into()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let (kind, message) = match &error {
            StoreError::NoRow => return Self::not_found(),
            StoreError::Unique(_) => (Kind::Conflict, "Something with the same name or number exists already."),
            StoreError::ForeignKey => {
                (Kind::Conflict, "Something else still refers to this, or what it refers to is gone.")
            }
            StoreError::ZeroByte => {
                (Kind::Invalid, "A text holds a character that can't be stored (a zero byte). Please remove it.")
            }
            StoreError::Contended => {
                (Kind::Conflict, "Somebody else changed the same thing just now. Please try again.")
            }
            StoreError::Unavailable(_) => (
                Kind::Unavailable,
                "The database can't be reached at the moment. Nothing was changed. Please try again.",
            ),
            StoreError::Uncertain(_) => (
                Kind::Unavailable,
                "The connection to the database broke at the last moment. Please look whether the change was made before you try again.",
            ),
            StoreError::Damaged(_) => (Kind::Unavailable, "The database needs its administrator. Nothing was changed."),
            StoreError::Check(_) | StoreError::Decode { .. } | StoreError::Forbidden(_) | StoreError::Other(_) => {
                return Self::internal(error);
            }
        };
        Self::new(kind, message).caused_by(error)
    }
}
