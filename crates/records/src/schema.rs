//! At start, the declarations are compared with the live schema. A difference stops the program: it would be an error
//! in the middle of somebody's work later.

use std::collections::BTreeMap;

use palisade_store::{ColumnInfo, Conn, StoreError, TableInfo, ValueKind};
use thiserror::Error as ThisError;

use crate::{Child, RecordType};

/// Why the program does not start.
#[derive(Debug, ThisError)]
pub enum SchemaError {
    /// Tables and declarations differ.
    #[error(
        "the database does not fit the record types of this program:\n{}\n  \
         The program and the database do not belong together. Start the release that made this database, or run `palisade migrate`.",
        .0.iter().map(|difference| format!("  - {difference}")).collect::<Vec<_>>().join("\n")
    )]
    Differs(Vec<String>),
    /// The database can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Compares these types with the live schema.
///
/// # Errors
/// [`SchemaError::Differs`] with every difference.
pub async fn check_schema(conn: &mut Conn, types: &[&'static RecordType]) -> Result<(), SchemaError> {
    let mut differences = Vec::new();
    for ty in types {
        let table = TableInfo::read(conn, ty.table).await?;
        if table.columns.is_empty() {
            differences.push(format!("the table {} does not exist", ty.table));
        } else {
            compare(ty.table, columns_of(ty), table.columns, &mut differences);
        }
        for child in ty.children {
            let table = TableInfo::read(conn, child.table).await?;
            compare(child.table, columns_of_rows(child), table.columns, &mut differences);
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(SchemaError::Differs(differences)) }
}

/// The columns that every record has: name, kind, may be empty.
const COMMON: &[(&str, ValueKind, bool)] = &[
    ("id", ValueKind::Id, false),
    ("version", ValueKind::Int, false),
    ("created_at", ValueKind::Int, false),
    ("updated_at", ValueKind::Int, false),
    ("archived_at", ValueKind::Int, true),
];

/// A column as it is declared: name, kind, may be empty.
type Declared = (&'static str, ValueKind, bool);

fn columns_of(ty: &'static RecordType) -> Vec<Declared> {
    let link = ty.base.as_ref().map(|base| base.link);
    let own = ty.fields.iter().filter(|field| !field.is_shared);
    // The link to the base is optional in forms, because a base record can be made on the way; the column is not.
    let fields = own.map(|f| (f.column, f.kind.stored_as(), !f.is_required && Some(f.name) != link));
    COMMON.iter().copied().chain(fields).collect()
}

fn columns_of_rows(child: &'static Child) -> Vec<Declared> {
    let keys = [(child.parent, ValueKind::Id), (child.key, ValueKind::Id), (child.given_at, ValueKind::Int)];
    let keys = keys.into_iter().map(|(name, kind)| (name, kind, false));
    keys.chain(child.fields.iter().map(|f| (f.column, f.kind.stored_as(), !f.is_required))).collect()
}

fn compare(table: &'static str, declared: Vec<Declared>, columns: Vec<ColumnInfo>, differences: &mut Vec<String>) {
    let mut live: BTreeMap<String, ColumnInfo> = columns.into_iter().map(|c| (c.name.clone(), c)).collect();
    for (name, kind, may_be_empty) in declared {
        let at = format!("{table}.{name}");
        match live.remove(name) {
            None => differences.push(format!("{at} is declared, and there is no such column")),
            Some(column) if !column.holds(kind) => {
                differences.push(format!("{at} is declared as {kind:?}, and the column is {}", column.declared));
            }
            // SQLite's primary keys of STRICT tables may be declared without NOT NULL.
            Some(column) if column.nullable != may_be_empty && name != "id" => {
                let word = |may: bool| if may { "may be empty" } else { "is required" };
                let (declared, found) = (word(may_be_empty), word(column.nullable));
                differences.push(format!("{at} {declared} by its declaration, and {found} in the table"));
            }
            Some(_) => {}
        }
    }
    for name in live.keys() {
        differences.push(format!("{table}.{name} is a column that no field declares"));
    }
}
