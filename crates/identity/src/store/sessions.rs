//! Sessions, and the devices that they were opened on.

use palisade_base::{
    HashedToken, Instant, PersonId, SessionId, SignOnId, UserId,
    auth::{ClientClass, SessionFacts, SessionState},
};
use palisade_store::{Conn, Row, SqlBuilder, StoreError, Value, WriteTx, statements};
use uuid::Uuid;

use super::{site_sessions, word};
use crate::{
    model::{Device, EndReason, SessionRow, UserStatus},
    policy::SessionTimes,
};

statements! {
    /// A new session.
    INSERT = "INSERT INTO session (id, user_id, sign_on_id, token_hash, class, state, factor_given, device_id, \
              created_at, last_used_at, expires_at, address, agent, must_renew) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12, $13)";
    /// Another token for a session; the old one lives on for a moment. Only one of many requests at once gets it.
    RENEW = "UPDATE session SET previous_hash = token_hash, previous_until = $1, token_hash = $2, must_renew = $3 \
             WHERE id = $4 AND token_hash = $5 AND ended_at IS NULL";
    /// Another token for a session whose holder is told at once; the old one is dead.
    REPLACE_TOKEN = "UPDATE session SET token_hash = $1, previous_hash = NULL, previous_until = NULL, must_renew = $2, \
                     factor_given = $3, class = $4, device_id = $5, expires_at = $6, last_used_at = $7 \
                     WHERE id = $8 AND ended_at IS NULL";
    /// A person used it.
    TOUCH = "UPDATE session SET last_used_at = $1 WHERE id = $2 AND last_used_at < $1";
    /// Ends one.
    END = "UPDATE session SET ended_at = $1, end_reason = $2 WHERE id = $3 AND ended_at IS NULL";
    /// Ends all of a user but one.
    END_OTHERS = "UPDATE session SET ended_at = $1, end_reason = $2 WHERE user_id = $3 AND id <> $4 \
                  AND ended_at IS NULL AND expires_at > $1";
    /// Ends those of a class.
    END_OTHERS_OF_CLASS = "UPDATE session SET ended_at = $1, end_reason = $2 WHERE user_id = $3 AND id <> $4 \
                           AND class = $5 AND ended_at IS NULL AND expires_at > $1";
    /// Ends those in which a code is still to be given.
    END_CHALLENGES = "UPDATE session SET ended_at = $1, end_reason = $2 WHERE user_id = $3 AND state = 'owes_factor' \
                      AND ended_at IS NULL";
    /// Ends those of a device.
    END_OF_DEVICE = "UPDATE session SET ended_at = $1, end_reason = $2 WHERE device_id = $3 AND id <> $4 \
                     AND class = 'mobile' AND ended_at IS NULL";
    /// Ends every one.
    END_ALL = "UPDATE session SET ended_at = $1, end_reason = $2 WHERE ended_at IS NULL AND expires_at > $1";
    /// What a user may do has changed.
    RENEW_USER = "UPDATE session SET must_renew = $1 WHERE user_id = $2 AND ended_at IS NULL";
    /// What a role allows has changed.
    RENEW_HOLDERS = "UPDATE session SET must_renew = $1 WHERE ended_at IS NULL \
                     AND user_id IN (SELECT user_id FROM role_grant WHERE role_id = $2)";
    /// Long over.
    FORGET = "DELETE FROM session WHERE expires_at < $1";
    /// The device of this token, as one of this user's.
    FIND_DEVICE = "SELECT id, name, agent, created_at, last_seen_at FROM known_device \
                   WHERE token_hash = $1 AND user_id = $2";
    /// Whether anybody is known on the device of this token.
    IS_DEVICE_KNOWN = "SELECT count(*) AS n FROM known_device WHERE token_hash = $1";
    /// A device that somebody signed in from.
    INSERT_DEVICE = "INSERT INTO known_device (id, user_id, token_hash, agent, created_at, last_seen_at) \
                     VALUES ($1, $2, $3, $4, $5, $5)";
    /// It was used again.
    TOUCH_DEVICE = "UPDATE known_device SET last_seen_at = $1, agent = $2 WHERE id = $3";
    /// Its owner gave it a name.
    NAME_DEVICE = "UPDATE known_device SET name = $1 WHERE id = $2 AND user_id = $3";
    /// Its owner forgets it.
    DELETE_DEVICE = "DELETE FROM known_device WHERE id = $1 AND user_id = $2";
    /// All devices of a user are strangers' again.
    DELETE_DEVICES = "DELETE FROM known_device WHERE user_id = $1";
    /// The devices of a user.
    DEVICES = "SELECT id, name, agent, created_at, last_seen_at FROM known_device WHERE user_id = $1 \
               ORDER BY last_seen_at DESC, id";
    /// Devices that nobody came back with.
    FORGET_DEVICES = "DELETE FROM known_device WHERE last_seen_at < $1";
}

/// A session with what deciding about it needs.
#[derive(Clone, Debug)]
pub(crate) struct SessionRecord {
    pub(crate) facts: SessionFacts,
    pub(crate) person: PersonId,
    pub(crate) user_status: UserStatus,
    pub(crate) sign_on: SignOnId,
    pub(crate) times: SessionTimes,
    pub(crate) factor_given: bool,
    pub(crate) device: Option<Uuid>,
    pub(crate) must_renew: bool,
    pub(crate) token_hash: HashedHex,
    pub(crate) ended: Option<(EndReason, Instant)>,
}

/// A stored token hash; it is no secret, but nobody needs to read it in a log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct HashedHex(pub(crate) [u8; 32]);

impl std::fmt::Debug for HashedHex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hash")
    }
}

/// A session to be stored.
pub(crate) struct NewRecord<'a> {
    pub(crate) facts: &'a SessionFacts,
    pub(crate) sign_on: SignOnId,
    pub(crate) token: &'a HashedToken,
    pub(crate) factor_given: bool,
    pub(crate) device: Option<Uuid>,
    pub(crate) created_at: Instant,
    pub(crate) expires_at: Instant,
    pub(crate) address: Option<String>,
    pub(crate) agent: Option<String>,
}

pub(crate) async fn insert(tx: &mut WriteTx, new: NewRecord<'_>) -> Result<(), StoreError> {
    let sql = INSERT
        .bind(new.facts.id)
        .bind(new.facts.user)
        .bind(new.sign_on)
        .bind(new.token.as_bytes())
        .bind(class_word(new.facts.class))
        .bind(state_word(new.facts.state))
        .bind(new.factor_given)
        .bind(new.device)
        .bind(new.created_at)
        .bind(new.expires_at)
        .bind(new.address)
        .bind(new.agent)
        .bind(false);
    tx.execute(sql).await.map(drop)
}

fn select() -> SqlBuilder {
    select_with("")
}

/// What a session is read from, and these columns besides.
fn select_with(more: &'static str) -> SqlBuilder {
    let mut sql = SqlBuilder::new(
        "SELECT s.id, s.user_id, s.sign_on_id, s.token_hash, s.class, s.state, s.factor_given, s.device_id, \
         s.created_at, s.last_used_at, s.expires_at, s.must_renew, s.ended_at, s.end_reason, \
         u.person_id, u.status, p.given_name, p.family_name",
    );
    sql.push(more);
    sql.push(" FROM session s JOIN app_user u ON u.id = s.user_id JOIN person p ON p.id = u.person_id");
    sql
}

/// The session of a token, or of the token that it had a moment ago.
pub(crate) async fn find_by_token(
    conn: &mut Conn,
    token: &HashedToken,
    now: Instant,
) -> Result<Option<SessionRecord>, StoreError> {
    let mut sql = select();
    sql.push(" WHERE s.token_hash = ").value(token.as_bytes());
    sql.push(" OR (s.previous_hash = ").value(token.as_bytes());
    sql.push(" AND s.previous_until > ").value(now).push(")");
    conn.fetch_optional(sql.build()).await?.as_ref().map(read).transpose()
}

pub(crate) async fn find(conn: &mut Conn, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
    let mut sql = select();
    sql.push(" WHERE s.id = ").value(id);
    conn.fetch_optional(sql.build()).await?.as_ref().map(read).transpose()
}

/// The sessions that the site sessions with these tokens are children of; with each, the token and the site.
pub(crate) async fn of_site_sessions(
    conn: &mut Conn,
    tokens: impl Iterator<Item = HashedToken>,
) -> Result<Vec<(HashedToken, String, SessionRecord)>, StoreError> {
    let mut sql = select_with(", x.token_hash AS shown, x.site AS shown_on");
    sql.push(" JOIN site_session x ON x.session_id = s.id WHERE x.token_hash IN (");
    sql.values(tokens.map(|token| Value::from(token.as_bytes()))).push(")");
    let rows = conn.fetch_all(sql.build()).await?;
    rows.iter().map(|row| Ok((HashedToken::from_bytes(row.get("shown")?), row.get("shown_on")?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<SessionRecord, StoreError> {
    let state = word(row, "state", parse_state)?;
    let (given_name, family_name): (String, String) = (row.get("given_name")?, row.get("family_name")?);
    let reason: Option<String> = row.get("end_reason")?;
    let ended_at: Option<Instant> = row.get("ended_at")?;
    Ok(SessionRecord {
        facts: SessionFacts {
            id: row.get("id")?,
            user: row.get("user_id")?,
            state,
            class: word(row, "class", parse_class)?,
            display_name: format!("{given_name} {family_name}"),
        },
        person: row.get("person_id")?,
        user_status: word(row, "status", UserStatus::parse)?,
        sign_on: row.get("sign_on_id")?,
        times: SessionTimes {
            state,
            created_at: row.get("created_at")?,
            last_used_at: row.get("last_used_at")?,
            expires_at: row.get("expires_at")?,
        },
        factor_given: row.get("factor_given")?,
        device: row.get("device_id")?,
        must_renew: row.get("must_renew")?,
        token_hash: HashedHex(row.get("token_hash")?),
        ended: ended_at.map(|at| (reason.as_deref().and_then(EndReason::parse).unwrap_or(EndReason::Ended), at)),
    })
}

/// Gives a session another token; `false` where another request was faster.
pub(crate) async fn renew(
    tx: &mut WriteTx,
    record: &SessionRecord,
    token: &HashedToken,
    old_until: Instant,
) -> Result<bool, StoreError> {
    let old = record.token_hash.0;
    let sql = RENEW.bind(old_until).bind(token.as_bytes()).bind(false).bind(record.facts.id).bind(&old);
    Ok(tx.execute(sql).await? == 1)
}

pub(crate) async fn replace_token(
    tx: &mut WriteTx,
    record: &SessionRecord,
    token: &HashedToken,
    now: Instant,
) -> Result<bool, StoreError> {
    let sql = REPLACE_TOKEN
        .bind(token.as_bytes())
        .bind(false)
        .bind(record.factor_given)
        .bind(class_word(record.facts.class))
        .bind(record.device)
        .bind(record.times.expires_at)
        .bind(now)
        .bind(record.facts.id);
    Ok(tx.execute(sql).await? == 1)
}

pub(crate) async fn touch(tx: &mut WriteTx, session: SessionId, at: Instant) -> Result<(), StoreError> {
    tx.execute(TOUCH.bind(at).bind(session)).await.map(drop)
}

pub(crate) async fn end(
    tx: &mut WriteTx,
    session: SessionId,
    reason: EndReason,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.execute(END.bind(now).bind(reason.as_str()).bind(session)).await? == 1)
}

/// Ends all of a user's sessions but `keep`, of one class or of all.
pub(crate) async fn end_others(
    tx: &mut WriteTx,
    user: UserId,
    keep: Option<SessionId>,
    class: Option<ClientClass>,
    reason: EndReason,
    now: Instant,
) -> Result<u64, StoreError> {
    let keep = keep.unwrap_or(SessionId(Uuid::nil()));
    match class {
        None => tx.execute(END_OTHERS.bind(now).bind(reason.as_str()).bind(user).bind(keep)).await,
        Some(class) => {
            let sql = END_OTHERS_OF_CLASS.bind(now).bind(reason.as_str()).bind(user).bind(keep);
            tx.execute(sql.bind(class_word(class))).await
        }
    }
}

pub(crate) async fn end_challenges(tx: &mut WriteTx, user: UserId, now: Instant) -> Result<u64, StoreError> {
    tx.execute(END_CHALLENGES.bind(now).bind(EndReason::WrongCodes.as_str()).bind(user)).await
}

pub(crate) async fn end_all(tx: &mut WriteTx, reason: EndReason, now: Instant) -> Result<u64, StoreError> {
    tx.execute(END_ALL.bind(now).bind(reason.as_str())).await
}

/// What a user may do has changed: a new token for each session, and sites ask the console again.
pub(crate) async fn renew_user(tx: &mut WriteTx, user: UserId) -> Result<(), StoreError> {
    tx.execute(RENEW_USER.bind(true).bind(user)).await?;
    site_sessions::end_of_user(tx, user).await
}

/// The same for everybody who holds a role.
pub(crate) async fn renew_holders(tx: &mut WriteTx, role: palisade_base::RoleId) -> Result<(), StoreError> {
    tx.execute(RENEW_HOLDERS.bind(true).bind(role)).await?;
    site_sessions::end_of_holders(tx, role).await
}

pub(crate) async fn forget(tx: &mut WriteTx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET.bind(before)).await
}

/// Live sessions, newest use first; of one user, or of all.
pub(crate) async fn list(
    conn: &mut Conn,
    user: Option<UserId>,
    now: Instant,
    limit: i64,
) -> Result<Vec<SessionRow>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT s.id, s.user_id, s.class, s.state, s.created_at, s.last_used_at, s.expires_at, s.address, s.agent, \
         u.user_name, p.given_name, p.family_name, d.name AS device_name \
         FROM session s JOIN app_user u ON u.id = s.user_id JOIN person p ON p.id = u.person_id \
         LEFT JOIN known_device d ON d.id = s.device_id WHERE s.ended_at IS NULL AND s.expires_at > ",
    );
    sql.value(now);
    if let Some(user) = user {
        sql.push(" AND s.user_id = ").value(user);
    }
    sql.push(" ORDER BY s.last_used_at DESC, s.id LIMIT ").value(limit.clamp(1, 10_000));
    conn.fetch_all(sql.build()).await?.iter().map(read_row).collect()
}

fn read_row(row: &Row) -> Result<SessionRow, StoreError> {
    let (given_name, family_name): (String, String) = (row.get("given_name")?, row.get("family_name")?);
    Ok(SessionRow {
        id: row.get("id")?,
        user: row.get("user_id")?,
        user_name: row.get("user_name")?,
        display_name: format!("{given_name} {family_name}"),
        class: word(row, "class", parse_class)?,
        state: word(row, "state", parse_state)?,
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
        expires_at: row.get("expires_at")?,
        address: row.get("address")?,
        agent: row.get("agent")?,
        device_name: row.get("device_name")?,
    })
}

pub(crate) async fn find_device(
    conn: &mut Conn,
    token: &HashedToken,
    user: UserId,
) -> Result<Option<Device>, StoreError> {
    let row = conn.fetch_optional(FIND_DEVICE.bind(token.as_bytes()).bind(user)).await?;
    row.as_ref().map(read_device).transpose()
}

pub(crate) async fn is_device_known(conn: &mut Conn, token: &HashedToken) -> Result<bool, StoreError> {
    Ok(super::number(&conn.fetch_one(IS_DEVICE_KNOWN.bind(token.as_bytes())).await?)? > 0)
}

pub(crate) async fn insert_device(
    tx: &mut WriteTx,
    id: Uuid,
    user: UserId,
    token: &HashedToken,
    agent: Option<String>,
    now: Instant,
) -> Result<(), StoreError> {
    tx.execute(INSERT_DEVICE.bind(id).bind(user).bind(token.as_bytes()).bind(agent).bind(now)).await.map(drop)
}

pub(crate) async fn touch_device(
    tx: &mut WriteTx,
    id: Uuid,
    agent: Option<String>,
    now: Instant,
) -> Result<(), StoreError> {
    tx.execute(TOUCH_DEVICE.bind(now).bind(agent).bind(id)).await.map(drop)
}

pub(crate) async fn name_device(tx: &mut WriteTx, id: Uuid, user: UserId, name: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(NAME_DEVICE.bind(name).bind(id).bind(user)).await? == 1)
}

/// Forgets a device; its mobile sessions end, but for the one that asks.
pub(crate) async fn delete_device(
    tx: &mut WriteTx,
    id: Uuid,
    user: UserId,
    keep: SessionId,
    now: Instant,
) -> Result<bool, StoreError> {
    let reason = EndReason::Ended.as_str();
    let deleted = tx.execute(DELETE_DEVICE.bind(id).bind(user)).await? == 1;
    if deleted {
        tx.execute(END_OF_DEVICE.bind(now).bind(reason).bind(id).bind(keep)).await?;
    }
    Ok(deleted)
}

pub(crate) async fn delete_devices(tx: &mut WriteTx, user: UserId) -> Result<(), StoreError> {
    tx.execute(DELETE_DEVICES.bind(user)).await.map(drop)
}

pub(crate) async fn forget_devices(tx: &mut WriteTx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET_DEVICES.bind(before)).await
}

pub(crate) async fn devices(conn: &mut Conn, user: UserId) -> Result<Vec<Device>, StoreError> {
    conn.fetch_all(DEVICES.bind(user)).await?.iter().map(read_device).collect()
}

fn read_device(row: &Row) -> Result<Device, StoreError> {
    Ok(Device {
        id: row.get("id")?,
        name: row.get("name")?,
        agent: row.get("agent")?,
        created_at: row.get("created_at")?,
        last_seen_at: row.get("last_seen_at")?,
    })
}

const STATES: [(SessionState, &str); 4] = [
    (SessionState::Full, "full"),
    (SessionState::OwesFactor, "owes_factor"),
    (SessionState::OwesEnrolment, "owes_enrolment"),
    (SessionState::OwesPassword, "owes_password"),
];

fn state_word(state: SessionState) -> &'static str {
    STATES.iter().find(|(known, _)| *known == state).map_or("", |(_, word)| word)
}

fn parse_state(text: &str) -> Option<SessionState> {
    STATES.iter().find(|(_, word)| *word == text).map(|(state, _)| *state)
}

/// As stored, and as the trail has it.
pub(crate) const fn class_word(class: ClientClass) -> &'static str {
    match class {
        ClientClass::Browser => "browser",
        ClientClass::Mobile => "mobile",
        ClientClass::Api => "api",
    }
}

fn parse_class(text: &str) -> Option<ClientClass> {
    [ClientClass::Browser, ClientClass::Mobile].into_iter().find(|class| class_word(*class) == text)
}
