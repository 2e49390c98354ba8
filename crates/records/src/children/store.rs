//! The SQL of child rows, from their declarations.

use palisade_base::{Instant, RecordId};
use palisade_store::{Conn, Row, SqlBuilder, StoreError, WriteTx};

use super::{Child, ChildRow};
use crate::Record;

/// Rows in one statement; with five columns each, far below what either engine takes.
const ROWS_AT_ONCE: usize = 500;

/// Touches an open record, which keeps everybody else from changing it until the transaction ends; `false` where it is
/// not what it was. Its version stays: rows do not count as changes of the record itself.
pub(super) async fn hold(tx: &mut WriteTx, record: &Record, now: Instant) -> Result<bool, StoreError> {
    let mut sql = SqlBuilder::new("UPDATE ");
    sql.ident(record.ty.table).push(" SET updated_at = ").value(now).push(" WHERE id = ").value(record.id);
    sql.push(" AND archived_at IS NULL");
    if let Some(lifecycle) = record.ty.lifecycle {
        let column = record.ty.field(lifecycle.field).map_or(lifecycle.field, |field| field.column);
        sql.push(" AND ").ident(column).push(" = ").value(lifecycle.state_of(record));
    }
    Ok(tx.execute(sql.build()).await? == 1)
}

fn columns(sql: &mut SqlBuilder, child: &'static Child) {
    sql.ident(child.key);
    for field in child.fields {
        sql.push(", ").ident(field.column);
    }
    sql.push(", ").ident(child.given_at);
}

/// The rows of a record; of these others only, where they are named.
pub(super) async fn rows(
    conn: &mut Conn,
    child: &'static Child,
    parent: RecordId,
    keys: Option<&[RecordId]>,
) -> Result<Vec<ChildRow>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT ");
    columns(&mut sql, child);
    sql.push(" FROM ").ident(child.table).push(" WHERE ").ident(child.parent).push(" = ").value(parent);
    if let Some(keys) = keys {
        sql.push(" AND ").ident(child.key).push(" IN (").values(keys.iter().copied()).push(")");
    }
    sql.push(" ORDER BY ").ident(child.key);
    conn.fetch_all(sql.build()).await?.iter().map(|row| read(row, child)).collect()
}

fn read(row: &Row, child: &'static Child) -> Result<ChildRow, StoreError> {
    let value = |field: &crate::Field| row.value(field.column, field.kind.stored_as());
    Ok(ChildRow {
        key: row.get(child.key)?,
        values: child.fields.iter().map(value).collect::<Result<_, _>>()?,
        given_at: row.get(child.given_at)?,
    })
}

fn insert_into(child: &'static Child, parent: RecordId, rows: &[ChildRow]) -> SqlBuilder {
    let mut sql = SqlBuilder::new("INSERT INTO ");
    sql.ident(child.table).push(" (").ident(child.parent).push(", ");
    columns(&mut sql, child);
    sql.push(") VALUES ");
    for (place, row) in rows.iter().enumerate() {
        sql.push(if place == 0 { "(" } else { ", (" }).value(parent).push(", ").value(row.key);
        for value in &row.values {
            sql.push(", ").value(value.clone());
        }
        sql.push(", ").value(row.given_at).push(")");
    }
    sql
}

pub(super) async fn insert(
    tx: &mut WriteTx,
    child: &'static Child,
    parent: RecordId,
    rows: &[ChildRow],
) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        tx.execute(insert_into(child, parent, chunk).build()).await?;
    }
    Ok(())
}

/// Adds rows, or puts them in the place of what is there.
pub(super) async fn put(
    tx: &mut WriteTx,
    child: &'static Child,
    parent: RecordId,
    rows: &[ChildRow],
) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        let mut sql = insert_into(child, parent, chunk);
        sql.push(" ON CONFLICT (").ident(child.parent).push(", ").ident(child.key).push(") DO UPDATE SET ");
        let names = child.fields.iter().map(|field| field.column).chain([child.given_at]);
        for (place, name) in names.enumerate() {
            sql.push(if place == 0 { "" } else { ", " }).ident(name).push(" = excluded.").ident(name);
        }
        tx.execute(sql.build()).await?;
    }
    Ok(())
}

pub(super) async fn drop_empty(tx: &mut WriteTx, child: &'static Child, parent: RecordId) -> Result<(), StoreError> {
    let mut sql = SqlBuilder::new("DELETE FROM ");
    sql.ident(child.table).push(" WHERE ").ident(child.parent).push(" = ").value(parent);
    for field in child.fields {
        sql.push(" AND ").ident(field.column).push(" IS NULL");
    }
    tx.execute(sql.build()).await.map(drop)
}
