//! The live schema, for the start-up comparison with what the program declares.

use crate::{Conn, Engine, StoreError, ValueKind, statements};

statements! {
    /// The columns of one table.
    COLUMNS = {
        sqlite: "SELECT name, type AS kind, \"notnull\" = 0 AS nullable FROM pragma_table_info($1)",
        postgres: "SELECT column_name::text AS name, data_type::text AS kind, is_nullable = 'YES' AS nullable \
                   FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1",
    };
}

/// A column as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type, in the engine's words.
    pub declared: String,
    /// Whether it may be empty.
    pub nullable: bool,
    engine: Engine,
}

impl ColumnInfo {
    /// Whether the column is of the type that this kind is stored as. SQLite's strict tables know neither ids nor
    /// truth values; they are blobs and integers there.
    #[must_use]
    pub fn holds(&self, kind: ValueKind) -> bool {
        self.declared == type_name(self.engine, kind)
    }
}

const fn type_name(engine: Engine, kind: ValueKind) -> &'static str {
    match (engine, kind) {
        (Engine::Sqlite, ValueKind::Id | ValueKind::Bytes) => "BLOB",
        (Engine::Sqlite, ValueKind::Int | ValueKind::Bool) => "INTEGER",
        (Engine::Sqlite, ValueKind::Text) => "TEXT",
        (Engine::Postgres, ValueKind::Id) => "uuid",
        (Engine::Postgres, ValueKind::Int) => "bigint",
        (Engine::Postgres, ValueKind::Bool) => "boolean",
        (Engine::Postgres, ValueKind::Text) => "text",
        (Engine::Postgres, ValueKind::Bytes) => "bytea",
    }
}

/// A table as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    /// Its columns; none where the table does not exist.
    pub columns: Vec<ColumnInfo>,
}

impl TableInfo {
    /// Reads a table's columns.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn read(conn: &mut Conn, table: &'static str) -> Result<Self, StoreError> {
        let engine = conn.engine();
        let rows = conn.fetch_all(COLUMNS.bind(table)).await?;
        let columns = rows.iter().map(|row| {
            let (name, declared, nullable) = (row.get("name")?, row.get("kind")?, row.get("nullable")?);
            Ok(ColumnInfo { name, declared, nullable, engine })
        });
        Ok(Self { columns: columns.collect::<Result<_, StoreError>>()? })
    }
}
