//! Where an encrypted value stands.

use std::fmt;

use palisade_store::{Value, ValueKind};

/// A column that holds encrypted values. Registered when the vault is opened, so that rotation knows them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptedColumn {
    /// The table.
    pub table: &'static str,
    /// The column: `BLOB`/`BYTEA`, may be empty.
    pub column: &'static str,
    /// The column that identifies the row: unique, never changed.
    pub id_column: &'static str,
    /// The kind of the identifying column.
    pub id_kind: ValueKind,
}

/// One row's value in an encrypted column. A value encrypted for one place does not decrypt in another.
#[derive(Clone, Debug)]
pub struct Place {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    row: Value,
}

impl Place {
    /// The value of `column` in the row of `table` that this id identifies.
    pub fn new(table: &'static str, column: &'static str, row: impl Into<Value>) -> Self {
        Self { table, column, row: row.into() }
    }

    pub(crate) fn is_in(&self, column: &EncryptedColumn) -> bool {
        self.table == column.table && self.column == column.column
    }

    /// What the ciphertext is bound to. Parts are length-prefixed, so no two places have the same bytes.
    pub(crate) fn context(&self) -> Vec<u8> {
        let mut context = b"palisade value 1".to_vec();
        let (kind, row) = row_bytes(&self.row);
        for part in [self.table.as_bytes(), self.column.as_bytes(), &[kind], &row] {
            context.extend_from_slice(&(part.len() as u64).to_be_bytes());
            context.extend_from_slice(part);
        }
        context
    }
}

fn row_bytes(row: &Value) -> (u8, Vec<u8>) {
    match row {
        Value::Null(_) => (0, Vec::new()),
        Value::Id(id) => (1, id.as_bytes().to_vec()),
        Value::Int(n) => (2, n.to_be_bytes().to_vec()),
        Value::Bool(b) => (3, vec![u8::from(*b)]),
        Value::Text(text) => (4, text.as_bytes().to_vec()),
        Value::Bytes(bytes) => (5, bytes.clone()),
    }
}

impl fmt::Display for Place {
    /// Table and column: enough for a message, without naming whose row it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_have_the_same_context() {
        let places = [
            Place::new("ab", "c", "d"),
            Place::new("a", "bc", "d"),
            Place::new("a", "b", "cd"),
            Place::new("a", "b", 1_i64),
            Place::new("a", "b", 1_i64.to_be_bytes().to_vec()),
        ];
        for (n, place) in places.iter().enumerate() {
            assert!(places[n + 1..].iter().all(|other| other.context() != place.context()));
        }
    }
}
