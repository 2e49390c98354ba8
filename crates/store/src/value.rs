//! Values on their way into a statement, and columns on their way out, the same for both engines.

use palisade_base::{ApiKeyId, Date, Instant, PersonId, RecordId, RequestId, RoleId, SessionId, SignOnId, UserId};
use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};
use uuid::Uuid;

use crate::StoreError;

/// The kinds of column there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// `BLOB` (16 bytes) / `UUID`.
    Id,
    /// `INTEGER` / `BIGINT`; instants too, in microseconds.
    Int,
    /// `INTEGER` (0 or 1) / `BOOLEAN`.
    Bool,
    /// `TEXT`; civil dates too, as `YYYY-MM-DD`.
    Text,
    /// `BLOB` / `BYTEA`.
    Bytes,
}

/// A value to bind, or one read by a column whose kind is known only at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// No value, of a known kind (PostgreSQL wants to know).
    Null(ValueKind),
    /// An id.
    Id(Uuid),
    /// A whole number or an instant.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// Whether it is no value.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
    }
}

/// A type that is stored as one of the kinds.
pub trait Stored {
    /// Its kind.
    const KIND: ValueKind;
}

macro_rules! stored {
    ($($type:ty => $kind:ident($value:ident => $into:expr);)*) => {$(
        impl Stored for $type {
            const KIND: ValueKind = ValueKind::$kind;
        }
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$kind($into)
            }
        }
    )*};
}

stored! {
    Uuid => Id(v => v);
    PersonId => Id(v => v.0);
    UserId => Id(v => v.0);
    SignOnId => Id(v => v.0);
    SessionId => Id(v => v.0);
    ApiKeyId => Id(v => v.0);
    RoleId => Id(v => v.0);
    RequestId => Id(v => v.0);
    RecordId => Id(v => v.0);
    i64 => Int(v => v);
    Instant => Int(v => v.as_micros());
    bool => Bool(v => v);
    &str => Text(v => v.to_owned());
    &String => Text(v => v.clone());
    String => Text(v => v);
    Date => Text(v => v.to_string());
    Vec<u8> => Bytes(v => v);
    &[u8] => Bytes(v => v.to_vec());
    &[u8; 32] => Bytes(v => v.to_vec());
    &[u8; 16] => Bytes(v => v.to_vec());
}

impl<T: Stored + Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null(T::KIND), Into::into)
    }
}

/// A row of either engine.
#[derive(Debug)]
pub struct Row(pub(crate) EngineRow);

pub(crate) enum EngineRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl std::fmt::Debug for EngineRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("row")
    }
}

impl Row {
    /// The column of that name.
    ///
    /// # Errors
    /// There is no such column, or it does not hold a `T`: a defect of ours, reported as [`StoreError::Decode`].
    pub fn get<T: FromColumn>(&self, column: &str) -> Result<T, StoreError> {
        T::from_column(self, column)
    }

    /// The column of that name as a value of the given kind.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn value(&self, column: &str, kind: ValueKind) -> Result<Value, StoreError> {
        Ok(match kind {
            ValueKind::Id => self.get::<Option<Uuid>>(column)?.into(),
            ValueKind::Int => self.get::<Option<i64>>(column)?.into(),
            ValueKind::Bool => self.get::<Option<bool>>(column)?.into(),
            ValueKind::Text => self.get::<Option<String>>(column)?.into(),
            ValueKind::Bytes => self.get::<Option<Vec<u8>>>(column)?.into(),
        })
    }
}

/// A type that can be read from a column of either engine.
pub trait FromColumn: Sized {
    /// Reads the column.
    ///
    /// # Errors
    /// The column is missing or holds something else.
    fn from_column(row: &Row, column: &str) -> Result<Self, StoreError>;
}

macro_rules! native_columns {
    ($($type:ty),*) => {$(
        impl FromColumn for $type {
            fn from_column(row: &Row, column: &str) -> Result<Self, StoreError> {
                // Asked for the bare type, SQLite would give 0 or "" for no value.
                <Option<Self>>::from_column(row, column)?.ok_or_else(|| StoreError::decode(column, "no value"))
            }
        }
        impl FromColumn for Option<$type> {
            fn from_column(row: &Row, column: &str) -> Result<Self, StoreError> {
                match &row.0 {
                    // SQLite's column types are hints; the value decides.
                    EngineRow::Sqlite(row) => row.try_get_unchecked(column),
                    EngineRow::Postgres(row) => row.try_get(column),
                }
                .map_err(|e| StoreError::decode(column, e))
            }
        }
    )*};
}

native_columns!(i64, bool, String, Vec<u8>, Uuid);

macro_rules! derived_columns {
    ($($type:ty: $native:ty => $convert:expr;)*) => {$(
        impl FromColumn for $type {
            fn from_column(row: &Row, column: &str) -> Result<Self, StoreError> {
                let convert: fn($native) -> Result<Self, String> = $convert;
                convert(row.get(column)?).map_err(|e| StoreError::decode(column, e))
            }
        }
        impl FromColumn for Option<$type> {
            fn from_column(row: &Row, column: &str) -> Result<Self, StoreError> {
                let convert: fn($native) -> Result<$type, String> = $convert;
                let native: Option<$native> = row.get(column)?;
                native.map(convert).transpose().map_err(|e| StoreError::decode(column, e))
            }
        }
    )*};
}

derived_columns! {
    PersonId: Uuid => |id| Ok(PersonId(id));
    UserId: Uuid => |id| Ok(UserId(id));
    SignOnId: Uuid => |id| Ok(SignOnId(id));
    SessionId: Uuid => |id| Ok(SessionId(id));
    ApiKeyId: Uuid => |id| Ok(ApiKeyId(id));
    RoleId: Uuid => |id| Ok(RoleId(id));
    RequestId: Uuid => |id| Ok(RequestId(id));
    RecordId: Uuid => |id| Ok(RecordId(id));
    Instant: i64 => |micros| Ok(Instant::from_micros(micros));
    Date: String => |text| text.parse().map_err(|e: jiff::Error| e.to_string());
    [u8; 32]: Vec<u8> => |bytes| bytes.try_into().map_err(|_| "not 32 bytes".to_owned());
    [u8; 16]: Vec<u8> => |bytes| bytes.try_into().map_err(|_| "not 16 bytes".to_owned());
}
