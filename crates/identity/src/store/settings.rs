//! Versions of the security settings.

use palisade_base::Instant;
use palisade_store::{Conn, Row, StoreError, WriteTx, statements};

statements! {
    /// The version in force.
    NEWEST = "SELECT version, value, changed_by, changed_at FROM security_setting WHERE kind = $1 \
              ORDER BY version DESC LIMIT 1";
    /// All versions, newest first.
    ALL = "SELECT version, value, changed_by, changed_at FROM security_setting WHERE kind = $1 ORDER BY version DESC";
    /// A new version; two at once cannot both be the next.
    INSERT = "INSERT INTO security_setting (kind, version, value, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5)";
}

/// A version as stored.
pub(crate) struct StoredVersion {
    pub(crate) version: i64,
    pub(crate) value: String,
    pub(crate) changed_by: String,
    pub(crate) changed_at: Instant,
}

pub(crate) async fn newest(conn: &mut Conn, kind: &str) -> Result<Option<StoredVersion>, StoreError> {
    conn.fetch_optional(NEWEST.bind(kind)).await?.as_ref().map(read).transpose()
}

pub(crate) async fn all(conn: &mut Conn, kind: &str) -> Result<Vec<StoredVersion>, StoreError> {
    conn.fetch_all(ALL.bind(kind)).await?.iter().map(read).collect()
}

pub(crate) async fn insert(tx: &mut WriteTx, kind: &str, new: &StoredVersion) -> Result<(), StoreError> {
    let sql = INSERT.bind(kind).bind(new.version).bind(&new.value).bind(&new.changed_by).bind(new.changed_at);
    tx.execute(sql).await.map(drop)
}

fn read(row: &Row) -> Result<StoredVersion, StoreError> {
    Ok(StoredVersion {
        version: row.get("version")?,
        value: row.get("value")?,
        changed_by: row.get("changed_by")?,
        changed_at: row.get("changed_at")?,
    })
}
