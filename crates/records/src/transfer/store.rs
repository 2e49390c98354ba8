//! The tables of imports.

use palisade_base::{Instant, RecordId, Span};
use palisade_store::{Conn, Row, StoreError, WriteTx, statements};

use super::{Import, Touched};

statements! {
    /// A file that waits to be applied.
    INSERT = "INSERT INTO record_import (id, record_type, file_name, content, made_by, made_at, created, changed) \
              VALUES ($1, $2, $3, $4, $5, $6, 0, 0)";
    /// Its content, for who brought it, while it is kept.
    WAITING = "SELECT content FROM record_import \
               WHERE id = $1 AND record_type = $2 AND made_by = $3 AND applied_at IS NULL";
    /// Somebody's files of a type that wait, but for the newest of them.
    EMPTY_OLDER = "UPDATE record_import SET content = NULL \
                   WHERE record_type = $1 AND made_by = $2 AND content IS NOT NULL AND id NOT IN \
                   (SELECT k.id FROM record_import k WHERE k.record_type = $3 AND k.made_by = $4 \
                   AND k.content IS NOT NULL ORDER BY k.made_at DESC, k.id DESC LIMIT $5)";
    /// It was applied: the file is of no more use.
    APPLY = "UPDATE record_import SET applied_at = $1, created = $2, changed = $3, content = NULL \
             WHERE id = $4 AND applied_at IS NULL";
    /// It is taken back, once.
    UNDO = "UPDATE record_import SET undone_at = $1 \
            WHERE id = $2 AND record_type = $3 AND applied_at IS NOT NULL AND undone_at IS NULL \
            AND EXISTS (SELECT 1 FROM record_import_row w WHERE w.import_id = record_import.id)";
    /// What it did to one record.
    INSERT_ROW = "INSERT INTO record_import_row (import_id, position, record_id, version_after, made_base, before) \
                  VALUES ($1, $2, $3, $4, $5, $6)";
    /// What it did, in order.
    ROWS = "SELECT record_id, version_after, made_base, before FROM record_import_row \
            WHERE import_id = $1 ORDER BY position";
    /// The newest.
    NEWEST = "SELECT id, file_name, made_by, made_at, applied_at, undone_at, created, changed FROM record_import \
              WHERE record_type = $1 AND (applied_at IS NOT NULL OR content IS NOT NULL) ORDER BY made_at DESC LIMIT 20";
    /// Files that nobody went on with.
    FORGET_FILES = "UPDATE record_import SET content = NULL WHERE content IS NOT NULL AND made_at < $1";
    /// Values from before old imports: after a month they are not given back any more.
    FORGET_ROWS = "DELETE FROM record_import_row WHERE import_id IN \
                   (SELECT i.id FROM record_import i WHERE i.applied_at < $1)";
}

pub(super) async fn insert(
    tx: &mut WriteTx,
    id: RecordId,
    record_type: &'static str,
    (file_name, content): (&str, &[u8]),
    (made_by, made_at): (&str, Instant),
) -> Result<(), StoreError> {
    let sql = INSERT.bind(id).bind(record_type).bind(file_name).bind(content).bind(made_by).bind(made_at);
    tx.execute(sql).await.map(drop)
}

/// Empties somebody's files of a type that wait, but for so many of the newest.
pub(super) async fn empty_older(
    tx: &mut WriteTx,
    record_type: &'static str,
    made_by: &str,
    left: i64,
) -> Result<(), StoreError> {
    let sql = EMPTY_OLDER.bind(record_type).bind(made_by).bind(record_type).bind(made_by).bind(left);
    tx.execute(sql).await.map(drop)
}

/// A file that somebody brought and that was not applied.
pub(super) struct Brought {
    /// What is in it; none where it is kept no longer.
    pub(super) content: Option<Vec<u8>>,
}

pub(super) async fn waiting(
    conn: &mut Conn,
    id: RecordId,
    record_type: &'static str,
    made_by: &str,
) -> Result<Option<Brought>, StoreError> {
    let row = conn.fetch_optional(WAITING.bind(id).bind(record_type).bind(made_by)).await?;
    row.map(|row| Ok(Brought { content: row.get("content")? })).transpose()
}

pub(super) async fn set_applied(
    tx: &mut WriteTx,
    id: RecordId,
    (created, changed): (usize, usize),
    now: Instant,
) -> Result<(), StoreError> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let touched = tx.execute(APPLY.bind(now).bind(count(created)).bind(count(changed)).bind(id)).await?;
    // Somebody pressed the button twice, and the other press was first.
    if touched == 1 { Ok(()) } else { Err(StoreError::NoRow) }
}

pub(super) async fn set_undone(
    tx: &mut WriteTx,
    id: RecordId,
    record_type: &'static str,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.execute(UNDO.bind(now).bind(id).bind(record_type)).await? == 1)
}

pub(super) async fn insert_rows(tx: &mut WriteTx, id: RecordId, rows: &[Touched]) -> Result<(), StoreError> {
    for (position, row) in (0_i64..).zip(rows) {
        let sql = INSERT_ROW.bind(id).bind(position).bind(row.record).bind(row.version);
        tx.execute(sql.bind(row.made_base).bind(row.before.clone())).await?;
    }
    Ok(())
}

pub(super) async fn rows(conn: &mut Conn, id: RecordId) -> Result<Vec<Touched>, StoreError> {
    let read = |row: &Row| {
        Ok(Touched {
            record: row.get("record_id")?,
            version: row.get("version_after")?,
            made_base: row.get("made_base")?,
            before: row.get("before")?,
        })
    };
    conn.fetch_all(ROWS.bind(id)).await?.iter().map(read).collect()
}

pub(super) async fn newest(conn: &mut Conn, record_type: &'static str) -> Result<Vec<Import>, StoreError> {
    let read = |row: &Row| {
        Ok(Import {
            id: row.get("id")?,
            file_name: row.get("file_name")?,
            made_by: row.get("made_by")?,
            made_at: row.get("made_at")?,
            applied_at: row.get("applied_at")?,
            undone_at: row.get("undone_at")?,
            created: row.get("created")?,
            changed: row.get("changed")?,
        })
    };
    conn.fetch_all(NEWEST.bind(record_type)).await?.iter().map(read).collect()
}

/// Forgets files that have waited for a day, and the way back of imports that are older than 30 days.
pub(super) async fn forget_old(tx: &mut WriteTx, now: Instant) -> Result<(), StoreError> {
    tx.execute(FORGET_FILES.bind(now - Span::days(1))).await?;
    tx.execute(FORGET_ROWS.bind(now - Span::days(30))).await?;
    Ok(())
}
