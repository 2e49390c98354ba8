//! Site sessions, and the codes that they begin with.

use palisade_base::{HashedToken, Instant, RoleId, SessionId, UserId};
use palisade_store::{Conn, StoreError, WriteTx, statements};
use uuid::Uuid;

use super::{
    sessions::{self, SessionRecord},
    word,
};
use crate::model::FactorRule;

statements! {
    /// A new code.
    INSERT_CODE = "INSERT INTO hand_off (id, code_hash, session_id, site, state_hash, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
    /// A code, spent or not.
    FIND_CODE = "SELECT id, session_id, site, state_hash, expires_at, used_at FROM hand_off WHERE code_hash = $1";
    /// Takes it, once.
    TAKE_CODE = "UPDATE hand_off SET used_at = $1 WHERE id = $2 AND used_at IS NULL AND expires_at > $1";
    /// Codes of long ago.
    FORGET_CODES = "DELETE FROM hand_off WHERE expires_at < $1";
    /// A new site session.
    INSERT = "INSERT INTO site_session (id, session_id, site, token_hash, created_at) VALUES ($1, $2, $3, $4, $5)";
    /// Whose it is.
    FIND = "SELECT id, session_id FROM site_session WHERE token_hash = $1 AND site = $2";
    /// It is over, while the sign-on goes on.
    END = "DELETE FROM site_session WHERE id = $1";
    /// What a user may do has changed.
    END_OF_USER = "DELETE FROM site_session WHERE session_id IN (SELECT id FROM session WHERE user_id = $1)";
    /// What a role allows has changed.
    END_OF_HOLDERS = "DELETE FROM site_session WHERE session_id IN (SELECT s.id FROM session s \
                      JOIN role_grant g ON g.user_id = s.user_id WHERE g.role_id = $1)";
    /// The roles of a user on a site: under the name that configuration and apps know, which outlives a renaming. A role
    /// that somebody made under the name of a declared one is not that one.
    ROLES = "SELECT coalesce(r.key, r.name) AS word, r.factor_rule FROM role_grant g JOIN role r ON r.id = g.role_id \
             WHERE g.user_id = $1 AND r.site = $2 AND r.archived_at IS NULL AND (r.key IS NOT NULL \
             OR NOT EXISTS (SELECT 1 FROM role k WHERE k.site = r.site AND k.key = r.name)) ORDER BY word";
}

/// A stored code.
pub(crate) struct StoredCode {
    pub(crate) id: Uuid,
    pub(crate) session: SessionId,
    pub(crate) site: String,
    pub(crate) state: [u8; 32],
    pub(crate) expires_at: Instant,
    pub(crate) used_at: Option<Instant>,
}

pub(crate) async fn insert_code(tx: &mut WriteTx, code: StoredCode, hash: &HashedToken) -> Result<(), StoreError> {
    let sql = INSERT_CODE.bind(code.id).bind(hash.as_bytes()).bind(code.session).bind(code.site);
    tx.execute(sql.bind(&code.state).bind(code.expires_at)).await.map(drop)
}

pub(crate) async fn find_code(conn: &mut Conn, hash: &HashedToken) -> Result<Option<StoredCode>, StoreError> {
    let Some(row) = conn.fetch_optional(FIND_CODE.bind(hash.as_bytes())).await? else { return Ok(None) };
    Ok(Some(StoredCode {
        id: row.get("id")?,
        session: row.get("session_id")?,
        site: row.get("site")?,
        state: row.get("state_hash")?,
        expires_at: row.get("expires_at")?,
        used_at: row.get("used_at")?,
    }))
}

/// Takes a code; `false` where somebody else was faster, or it has run out.
pub(crate) async fn take_code(tx: &mut WriteTx, code: Uuid, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.execute(TAKE_CODE.bind(now).bind(code)).await? == 1)
}

pub(crate) async fn forget_codes(tx: &mut WriteTx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET_CODES.bind(before)).await
}

/// Begins the site session of a code that was taken.
pub(crate) async fn insert(
    tx: &mut WriteTx,
    code: &StoredCode,
    token: &HashedToken,
    now: Instant,
) -> Result<(), StoreError> {
    let sql = INSERT.bind(code.id).bind(code.session).bind(&code.site).bind(token.as_bytes()).bind(now);
    tx.execute(sql).await.map(drop)
}

/// The sign-on's session that a site session is a child of.
pub(crate) async fn parent(
    conn: &mut Conn,
    token: &HashedToken,
    site: &str,
) -> Result<Option<SessionRecord>, StoreError> {
    let Some(row) = conn.fetch_optional(FIND.bind(token.as_bytes()).bind(site)).await? else { return Ok(None) };
    sessions::find(conn, row.get("session_id")?).await
}

pub(crate) async fn end(tx: &mut WriteTx, site_session: Uuid) -> Result<bool, StoreError> {
    Ok(tx.execute(END.bind(site_session)).await? == 1)
}

pub(crate) async fn end_of_user(tx: &mut WriteTx, user: UserId) -> Result<(), StoreError> {
    tx.execute(END_OF_USER.bind(user)).await.map(drop)
}

pub(crate) async fn end_of_holders(tx: &mut WriteTx, role: RoleId) -> Result<(), StoreError> {
    tx.execute(END_OF_HOLDERS.bind(role)).await.map(drop)
}

/// What a user holds on a site, with what each role asks of its holders.
pub(crate) async fn roles(conn: &mut Conn, user: UserId, site: &str) -> Result<Vec<(String, FactorRule)>, StoreError> {
    let rows = conn.fetch_all(ROLES.bind(user).bind(site)).await?;
    rows.iter().map(|row| Ok((row.get("word")?, word(row, "factor_rule", FactorRule::parse)?))).collect()
}
