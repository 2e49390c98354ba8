//! Second factors and recovery codes.

use palisade_base::{HashedToken, Instant, SessionId, UserId};
use palisade_store::{Conn, Row, StoreError, WriteTx, statements};
use uuid::Uuid;

use crate::model::FactorStatus;

statements! {
    /// A seed that waits for its first code.
    INSERT = "INSERT INTO totp_factor (id, user_id, session_id, seed, created_at, last_step) VALUES ($1, $2, $3, $4, $5, 0)";
    /// The one that is in force.
    CONFIRMED = "SELECT id, session_id, seed, created_at FROM totp_factor WHERE user_id = $1 AND confirmed_at IS NOT NULL";
    /// The one that waits.
    WAITING = "SELECT id, session_id, seed, created_at FROM totp_factor WHERE user_id = $1 AND confirmed_at IS NULL";
    /// Takes a code's time step, where no code of it or of a later one was taken before.
    TAKE_STEP = "UPDATE totp_factor SET last_step = $1 WHERE id = $2 AND last_step < $1";
    /// The first code was right.
    CONFIRM = "UPDATE totp_factor SET confirmed_at = $1, last_step = $2 WHERE id = $3 AND confirmed_at IS NULL";
    /// The one in force goes.
    DELETE_CONFIRMED = "DELETE FROM totp_factor WHERE user_id = $1 AND confirmed_at IS NOT NULL";
    /// The one that waits goes.
    DELETE_WAITING = "DELETE FROM totp_factor WHERE user_id = $1 AND confirmed_at IS NULL";
    /// What pages say about it.
    STATUS = "SELECT (SELECT max(confirmed_at) FROM totp_factor WHERE user_id = $1) AS since, \
              (SELECT count(*) FROM recovery_code WHERE user_id = $1 AND used_at IS NULL) AS codes";
    /// All recovery codes go.
    DELETE_CODES = "DELETE FROM recovery_code WHERE user_id = $1";
    /// A recovery code.
    INSERT_CODE = "INSERT INTO recovery_code (user_id, code_hash) VALUES ($1, $2)";
    /// Takes a recovery code, once.
    TAKE_CODE = "UPDATE recovery_code SET used_at = $1 WHERE user_id = $2 AND code_hash = $3 AND used_at IS NULL";
}

/// A stored seed.
#[derive(Clone)]
pub(crate) struct StoredFactor {
    pub(crate) id: Uuid,
    /// The session that it was shown in; `None` where it was made at the host.
    pub(crate) session: Option<SessionId>,
    /// As the vault encrypted it.
    pub(crate) seed: Vec<u8>,
    pub(crate) created_at: Instant,
}

pub(crate) async fn insert(tx: &mut WriteTx, user: UserId, factor: StoredFactor) -> Result<(), StoreError> {
    tx.execute(DELETE_WAITING.bind(user)).await?;
    let sql = INSERT.bind(factor.id).bind(user).bind(factor.session).bind(factor.seed).bind(factor.created_at);
    tx.execute(sql).await.map(drop)
}

pub(crate) async fn confirmed(conn: &mut Conn, user: UserId) -> Result<Option<StoredFactor>, StoreError> {
    conn.fetch_optional(CONFIRMED.bind(user)).await?.as_ref().map(read).transpose()
}

pub(crate) async fn waiting(conn: &mut Conn, user: UserId) -> Result<Option<StoredFactor>, StoreError> {
    conn.fetch_optional(WAITING.bind(user)).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<StoredFactor, StoreError> {
    Ok(StoredFactor {
        id: row.get("id")?,
        session: row.get("session_id")?,
        seed: row.get("seed")?,
        created_at: row.get("created_at")?,
    })
}

/// Takes the step; `false` where it, or a later one, was taken before.
pub(crate) async fn take_step(tx: &mut WriteTx, factor: Uuid, step: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(TAKE_STEP.bind(step).bind(factor)).await? == 1)
}

/// Puts a waiting factor in force, in place of the one before.
pub(crate) async fn confirm(
    tx: &mut WriteTx,
    user: UserId,
    factor: Uuid,
    step: i64,
    now: Instant,
) -> Result<bool, StoreError> {
    tx.execute(DELETE_CONFIRMED.bind(user)).await?;
    Ok(tx.execute(CONFIRM.bind(now).bind(step).bind(factor)).await? == 1)
}

pub(crate) async fn delete_all(tx: &mut WriteTx, user: UserId) -> Result<(), StoreError> {
    for statement in [DELETE_CONFIRMED, DELETE_WAITING, DELETE_CODES] {
        tx.execute(statement.bind(user)).await?;
    }
    Ok(())
}

pub(crate) async fn status(conn: &mut Conn, user: UserId) -> Result<FactorStatus, StoreError> {
    let row = conn.fetch_one(STATUS.bind(user)).await?;
    Ok(FactorStatus { totp_since: row.get("since")?, recovery_codes_left: row.get("codes")? })
}

pub(crate) async fn replace_codes(tx: &mut WriteTx, user: UserId, codes: &[HashedToken]) -> Result<(), StoreError> {
    tx.execute(DELETE_CODES.bind(user)).await?;
    for code in codes {
        tx.execute(INSERT_CODE.bind(user).bind(code.as_bytes())).await?;
    }
    Ok(())
}

/// Takes a recovery code; `false` where there is none such, or it was taken before.
pub(crate) async fn take_code(
    tx: &mut WriteTx,
    user: UserId,
    code: &HashedToken,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.execute(TAKE_CODE.bind(now).bind(user).bind(code.as_bytes())).await? == 1)
}
