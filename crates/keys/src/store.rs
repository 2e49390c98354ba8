//! The SQL of the vault.

use palisade_base::Instant;
use palisade_store::{Conn, Sql, SqlBuilder, StoreError, Value, WriteTx, statements};
use uuid::Uuid;

use crate::EncryptedColumn;

statements! {
    /// All data keys.
    KEYS = "SELECT id, number, wrapped, key_file, used, retired_at FROM vault_key ORDER BY number";
    /// Nobody else adds or rewraps keys until this transaction ends. SQLite has one writer anyway.
    LOCK_KEYS = {
        sqlite: "UPDATE vault_key SET used = used WHERE 1 = 0",
        postgres: "LOCK TABLE vault_key IN EXCLUSIVE MODE",
    };
    /// A new data key.
    ADD_KEY = "INSERT INTO vault_key (id, number, wrapped, key_file, used, created_at) \
               SELECT $1, coalesce(max(number), 0) + 1, $2, $3, 0, $4 FROM vault_key";
    /// A data key under another key file.
    REWRAP = "UPDATE vault_key SET wrapped = $1, key_file = $2 WHERE id = $3";
    /// More uses of a key.
    COUNT_USES = "UPDATE vault_key SET used = used + $1 WHERE id = $2";
    /// Every key but one is retired.
    RETIRE_OTHERS = "UPDATE vault_key SET retired_at = $1 WHERE retired_at IS NULL AND id <> $2";
    /// A named secret.
    SECRET = "SELECT ciphertext FROM vault_secret WHERE name = $1";
    /// A new named secret.
    ADD_SECRET = "INSERT INTO vault_secret (name, ciphertext, created_at) VALUES ($1, $2, $3)";
}

/// A row of `vault_key`.
pub(crate) struct KeyRow {
    pub(crate) id: Uuid,
    /// Counts up: the newest key has the greatest. Clocks of several nodes could not tell.
    pub(crate) number: i64,
    pub(crate) wrapped: Vec<u8>,
    /// Fingerprint of the key file that it is wrapped by.
    pub(crate) key_file: String,
    /// How many values it has encrypted.
    pub(crate) used: u64,
    pub(crate) retired: bool,
}

pub(crate) async fn read_keys(conn: &mut Conn) -> Result<Vec<KeyRow>, StoreError> {
    let rows = conn.fetch_all(KEYS.sql()).await?;
    let keys = rows.iter().map(|row| {
        Ok(KeyRow {
            id: row.get("id")?,
            number: row.get("number")?,
            wrapped: row.get("wrapped")?,
            key_file: row.get("key_file")?,
            used: u64::try_from(row.get::<i64>("used")?).unwrap_or(u64::MAX),
            retired: row.get::<Option<Instant>>("retired_at")?.is_some(),
        })
    });
    keys.collect()
}

/// All data keys, for a change: nobody else changes them until the transaction ends.
pub(crate) async fn lock_keys(tx: &mut WriteTx) -> Result<Vec<KeyRow>, StoreError> {
    tx.execute(LOCK_KEYS.sql()).await?;
    read_keys(tx).await
}

/// Adds a key; it gets the next number.
pub(crate) async fn add_key(tx: &mut WriteTx, key: &KeyRow, now: Instant) -> Result<(), StoreError> {
    let sql = ADD_KEY.bind(key.id).bind(key.wrapped.clone()).bind(&key.key_file).bind(now);
    tx.execute(sql).await.map(drop)
}

pub(crate) fn rewrap(key: &KeyRow) -> Sql {
    REWRAP.bind(key.wrapped.clone()).bind(&key.key_file).bind(key.id)
}

pub(crate) async fn read_secret(conn: &mut Conn, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    conn.fetch_optional(SECRET.bind(name)).await?.map(|row| row.get("ciphertext")).transpose()
}

/// The next rows of an encrypted column after this id, in the order of ids: id and value.
pub(crate) async fn read_values(
    conn: &mut Conn,
    column: &EncryptedColumn,
    after: Option<&Value>,
    limit: i64,
) -> Result<Vec<(Value, Vec<u8>)>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT ");
    sql.ident(column.id_column).push(" AS row_id, ").ident(column.column).push(" AS ciphertext FROM ");
    sql.ident(column.table).push(" WHERE ").ident(column.column).push(" IS NOT NULL");
    if let Some(after) = after {
        sql.push(" AND ").ident(column.id_column).push(" > ").value(after.clone());
    }
    sql.push(" ORDER BY ").ident(column.id_column).push(" LIMIT ").value(limit);
    let rows = conn.fetch_all(sql.build()).await?;
    rows.iter().map(|row| Ok((row.value("row_id", column.id_kind)?, row.get("ciphertext")?))).collect()
}

/// Replaces a value, unless somebody else did meanwhile; tells whether it did.
pub(crate) async fn replace_value(
    tx: &mut WriteTx,
    column: &EncryptedColumn,
    id: Value,
    old: Vec<u8>,
    new: Vec<u8>,
) -> Result<bool, StoreError> {
    let mut sql = SqlBuilder::new("UPDATE ");
    sql.ident(column.table).push(" SET ").ident(column.column).push(" = ").value(new);
    sql.push(" WHERE ").ident(column.id_column).push(" = ").value(id);
    sql.push(" AND ").ident(column.column).push(" = ").value(old);
    Ok(tx.execute(sql.build()).await? == 1)
}
