//! Rows that belong to a record, one for each of some other records: the marks of an evaluation, one for each skill.
//!
//! They have no version of their own. Each row says when it was given, and the later one stands: rows that several
//! devices send, late and in any order, come together without loss.

mod given;
mod store;

use std::collections::HashMap;

use palisade_base::{Change, Error, Instant, RecordId, TrailEntry, TrailValue};
use palisade_store::{Conn, Value, WriteTx};
use serde_json::{Map, Value as Json};

pub use given::read_rows;

use crate::{Field, Permitted, Privacy, Record, RecordType, Records, policy::Update, service};

/// A table of rows that belong to the records of a type.
#[derive(Debug)]
pub struct Child {
    /// What they are called together, in JSON and in the trail: `skills`.
    pub name: &'static str,
    /// The table.
    pub table: &'static str,
    /// The column with the record that a row belongs to.
    pub parent: &'static str,
    /// The column with the other record that a row is about; there is one row for each.
    pub key: &'static str,
    /// The type of that other record.
    pub of: &'static RecordType,
    /// What a row says.
    pub fields: &'static [Field],
    /// The column with the instant when the row was given.
    pub given_at: &'static str,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildRow {
    /// The other record.
    pub key: RecordId,
    /// Its fields, in the order of the declaration.
    pub values: Vec<Value>,
    /// When it was given.
    pub given_at: Instant,
}

impl ChildRow {
    /// Whether it says nothing: it was given and taken away again.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(Value::is_null)
    }
}

/// What came of rows that were given.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// The rows as they were, of those that were given.
    pub before: Vec<ChildRow>,
    /// The same rows as they are now.
    pub after: Vec<ChildRow>,
    /// How many were given earlier than what was there, and left aside.
    pub older: usize,
    /// Whether anything was written, be it only that a row was given again later.
    pub is_written: bool,
}

impl Records {
    /// The rows of a record that the caller has found.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn rows(&self, conn: &mut Conn, record: &Record, child: &'static Child) -> Result<Vec<ChildRow>, Error> {
        Ok(store::rows(conn, child, record.id, None).await?)
    }

    /// Keeps the record as it is until the end of the transaction: nobody else changes or moves it meanwhile.
    ///
    /// # Errors
    /// `Conflict` where somebody was quicker.
    pub async fn hold(&self, tx: &mut WriteTx, found: &Permitted<Update>) -> Result<(), Error> {
        let (record, now) = (&found.record, self.store().env().now());
        if store::hold(tx, record, now).await? { Ok(()) } else { Err(service::moved_meanwhile(record)) }
    }

    /// Takes rows into a record that is open: of each two for the same record the later given stands. The record must be
    /// held, so that two who do this at once do it one after the other.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn merge_rows(
        &self,
        tx: &mut WriteTx,
        found: &Permitted<Update>,
        child: &'static Child,
        given: Vec<ChildRow>,
    ) -> Result<Merged, Error> {
        let given = latest_of_each(given);
        let keys: Vec<RecordId> = given.iter().map(|row| row.key).collect();
        let before = store::rows(tx, child, found.record.id, Some(&keys)).await?;
        let there: HashMap<RecordId, Instant> = before.iter().map(|row| (row.key, row.given_at)).collect();
        let is_late = |row: &ChildRow| there.get(&row.key).is_some_and(|at| row.given_at < *at);
        let (late, mut fresh): (Vec<ChildRow>, Vec<ChildRow>) = given.into_iter().partition(is_late);
        fresh.retain(|row| !before.contains(row));
        store::put(tx, child, found.record.id, &fresh).await?;
        let after = store::rows(tx, child, found.record.id, Some(&keys)).await?;
        Ok(Merged { before, after, older: late.len(), is_written: !fresh.is_empty() })
    }
}

/// Adds rows to a record that this transaction has made.
///
/// # Errors
/// The database can't be used, or there are such rows already.
pub async fn add_rows(
    tx: &mut WriteTx,
    child: &'static Child,
    record: RecordId,
    rows: &[ChildRow],
) -> Result<(), Error> {
    Ok(store::insert(tx, child, record, rows).await?)
}

/// Removes the rows of a record that say nothing; a transition does this when nothing late can come any more.
///
/// # Errors
/// The database can't be used.
pub async fn drop_empty_rows(tx: &mut WriteTx, child: &'static Child, record: &Record) -> Result<(), Error> {
    Ok(store::drop_empty(tx, child, record.id).await?)
}

/// Of each two rows for the same record the later given; of two at the same instant the one that comes later.
fn latest_of_each(given: Vec<ChildRow>) -> Vec<ChildRow> {
    let mut latest: Vec<ChildRow> = Vec::with_capacity(given.len());
    let mut places: HashMap<RecordId, usize> = HashMap::new();
    for row in given {
        match places.get(&row.key) {
            Some(place) if latest[*place].given_at <= row.given_at => latest[*place] = row,
            Some(_) => {}
            None => {
                places.insert(row.key, latest.len());
                latest.push(row);
            }
        }
    }
    latest
}

/// What the rows say, without those that say nothing.
fn said(rows: &[ChildRow]) -> HashMap<RecordId, &[Value]> {
    rows.iter().filter(|row| !row.is_empty()).map(|row| (row.key, row.values.as_slice())).collect()
}

/// Adds to an entry what has become of rows: one change for all of them, by the id of the other record.
pub fn add_row_changes(entry: &mut TrailEntry, child: &'static Child, before: &[ChildRow], after: &[ChildRow]) {
    let (old, new) = (said(before), said(after));
    let differs = |row: &&ChildRow| old.get(&row.key) != new.get(&row.key);
    let shown = |rows: &[ChildRow]| -> Json {
        let changed = rows.iter().filter(|row| !row.is_empty()).filter(differs);
        Json::Object(changed.map(|row| (row.key.to_string(), row_json(child, row))).collect())
    };
    let (before, after) = (shown(before), shown(after));
    if before != after {
        let (before, after) = (TrailValue::Shown(before), TrailValue::Shown(after));
        entry.changes.push(Change { field: child.name.into(), before, after });
    }
}

/// A row as the trail has it: its first field alone where the others are empty.
fn row_json(child: &'static Child, row: &ChildRow) -> Json {
    let written = |(field, value): (&Field, &Value)| match field.privacy {
        Privacy::Secret => Json::from("withheld"),
        Privacy::None | Privacy::Personal(_) => field.kind.write_json(value),
    };
    let mut cells = child.fields.iter().zip(&row.values).filter(|(_, value)| !value.is_null()).peekable();
    let is_alone = row.values.iter().skip(1).all(Value::is_null);
    match cells.peek().copied() {
        Some(cell) if is_alone => written(cell),
        _ => Json::Object(
            cells.map(|(field, value)| (field.name.to_owned(), written((field, value)))).collect::<Map<_, _>>(),
        ),
    }
}
