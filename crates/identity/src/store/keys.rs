//! API keys.

use palisade_base::{ApiKeyId, HashedToken, Instant, Permission, PersonId, Scope, UserId};
use palisade_store::{Conn, Row, SqlBuilder, StoreError, WriteTx, statements};

use super::{permission, word};
use crate::model::{ApiKey, UserStatus};

statements! {
    /// A new key.
    INSERT = "INSERT INTO api_key (id, user_id, name, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    /// One thing that it may be used for.
    INSERT_PERMISSION = "INSERT INTO api_key_permission (key_id, permission, scope) VALUES ($1, $2, $3)";
    /// No longer valid.
    REVOKE = "UPDATE api_key SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
    /// A program used it.
    TOUCH = "UPDATE api_key SET last_used_at = $1 WHERE id = $2";
    /// What a key may be used for.
    PERMISSIONS = "SELECT permission, scope FROM api_key_permission WHERE key_id = $1 ORDER BY permission";
}

fn select() -> SqlBuilder {
    SqlBuilder::new(
        "SELECT k.id, k.user_id, k.name, k.created_at, k.expires_at, k.revoked_at, k.last_used_at, \
         u.status, u.person_id FROM api_key k JOIN app_user u ON u.id = k.user_id WHERE ",
    )
}

/// A key with its owner.
#[derive(Clone, Debug)]
pub(crate) struct KeyRecord {
    pub(crate) key: ApiKey,
    pub(crate) owner_status: UserStatus,
    pub(crate) person: PersonId,
}

pub(crate) async fn insert(tx: &mut WriteTx, key: &ApiKey, token: &HashedToken) -> Result<(), StoreError> {
    let sql = INSERT.bind(key.id).bind(key.owner).bind(&key.name).bind(token.as_bytes());
    tx.execute(sql.bind(key.created_at).bind(key.expires_at)).await?;
    for (permission, scope) in &key.permissions {
        tx.execute(INSERT_PERMISSION.bind(key.id).bind(permission.name()).bind(scope.as_str())).await?;
    }
    Ok(())
}

pub(crate) async fn revoke(tx: &mut WriteTx, key: ApiKeyId, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE.bind(now).bind(key)).await? == 1)
}

pub(crate) async fn touch(tx: &mut WriteTx, key: ApiKeyId, now: Instant) -> Result<(), StoreError> {
    tx.execute(TOUCH.bind(now).bind(key)).await.map(drop)
}

pub(crate) async fn find_by_token(conn: &mut Conn, token: &HashedToken) -> Result<Option<KeyRecord>, StoreError> {
    let mut sql = select();
    sql.push("k.token_hash = ").value(token.as_bytes());
    one(conn, sql).await
}

pub(crate) async fn find(conn: &mut Conn, key: ApiKeyId) -> Result<Option<KeyRecord>, StoreError> {
    let mut sql = select();
    sql.push("k.id = ").value(key);
    one(conn, sql).await
}

async fn one(conn: &mut Conn, sql: SqlBuilder) -> Result<Option<KeyRecord>, StoreError> {
    let Some(row) = conn.fetch_optional(sql.build()).await? else { return Ok(None) };
    let mut record = read(&row)?;
    record.key.permissions = permissions(conn, record.key.id).await?;
    Ok(Some(record))
}

/// What their owners call these keys.
pub(crate) async fn names(conn: &mut Conn, ids: &[ApiKeyId]) -> Result<Vec<(ApiKeyId, String)>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT id, name FROM api_key WHERE id IN (");
    sql.values(ids.iter().copied()).push(")");
    let rows = conn.fetch_all(sql.build()).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}

pub(crate) async fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<ApiKey>, StoreError> {
    let mut sql = select();
    sql.push("k.user_id = ").value(user).push(" ORDER BY k.created_at DESC, k.id");
    let mut keys = Vec::new();
    for row in conn.fetch_all(sql.build()).await? {
        let mut key = read(&row)?.key;
        key.permissions = permissions(conn, key.id).await?;
        keys.push(key);
    }
    Ok(keys)
}

async fn permissions(conn: &mut Conn, key: ApiKeyId) -> Result<Vec<(Permission, Scope)>, StoreError> {
    conn.fetch_all(PERMISSIONS.bind(key)).await?.iter().map(permission).collect()
}

fn read(row: &Row) -> Result<KeyRecord, StoreError> {
    let key = ApiKey {
        id: row.get("id")?,
        owner: row.get("user_id")?,
        name: row.get("name")?,
        permissions: Vec::new(),
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        revoked_at: row.get("revoked_at")?,
        last_used_at: row.get("last_used_at")?,
    };
    Ok(KeyRecord { key, owner_status: word(row, "status", UserStatus::parse)?, person: row.get("person_id")? })
}
