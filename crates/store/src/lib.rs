//! The database behind one interface: embedded SQLite, or PostgreSQL.
//!
//! Reading is [`Store::read`]; writing is [`Store::write`], whose [`WriteTx`] has no way to commit a change without
//! its trail entry in the same transaction. SQL is written once where both engines take it, and twice, side by side,
//! where they do not ([`statements!`]). The type mapping is in `README.md`.

mod access;
mod append;
mod change;
mod config;
mod conn;
mod error;
mod grants;
mod migrate;
mod postgres;
mod role;
mod schema;
mod sqlite;
mod statement;
mod store;
mod value;
mod write;

pub use access::{Encryption, ServerAccess, ServerPlace};
pub use append::{LEAF_COLUMNS, leaf_from_row};
pub use change::LastChange;
pub use config::{DatabaseUrl, DatabaseUrlError, PoolConfig};
pub use conn::{Conn, ReadConn};
pub use error::{StoreError, UniqueViolation};
pub use migrate::{MigrateError, Migration, MigrationSet, Migrator, STORE_MIGRATIONS};
pub use role::RoleFacts;
pub use schema::{ColumnInfo, TableInfo};
pub use statement::{Sql, SqlBuilder, Statement};
pub use store::{Engine, OpenError, Store};
pub use value::{FromColumn, Row, Value, ValueKind};
pub use write::{Housekeeping, WriteTx};

/// Every statement of this crate, for the test that prepares them all.
#[doc(hidden)]
pub const STATEMENTS: &[&[Statement]] =
    &[change::STATEMENTS, migrate::STATEMENTS, role::STATEMENTS, schema::STATEMENTS];
