//! Users, their passwords, and the passwords that they had before.

use palisade_base::{Env, Instant, PersonId, UserId};
use palisade_store::{Conn, Row, SqlBuilder, StoreError, WriteTx, statements};

use super::word;
use crate::model::{EmailAddress, User, UserFilter, UserName, UserStatus};

statements! {
    /// A new user.
    INSERT = "INSERT INTO app_user (id, person_id, user_name, email, status, password_hash, password_changed_at, \
              must_change_password, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// New names to sign in with, where nobody changed the user meanwhile.
    RENAME = "UPDATE app_user SET user_name = $1, email = $2, version = version + 1 WHERE id = $3 AND version = $4";
    /// Disabled, or active again.
    SET_STATUS = "UPDATE app_user SET status = $1, version = version + 1 WHERE id = $2";
    /// A new password.
    SET_PASSWORD = "UPDATE app_user SET password_hash = $1, password_changed_at = $2, must_change_password = $3, \
                    version = version + 1 WHERE id = $4";
    /// The same password, perhaps hashed at another cost; of an active user whose password nobody has replaced meanwhile.
    KEEP_PASSWORD = "UPDATE app_user SET password_hash = $1 WHERE id = $2 AND password_hash = $3 AND status = $4";
    /// A new password must be chosen.
    REQUIRE_CHANGE = "UPDATE app_user SET must_change_password = $1, version = version + 1 WHERE id = $2";
    /// By everybody who has one.
    REQUIRE_CHANGE_OF_ALL = "UPDATE app_user SET must_change_password = $1, version = version + 1 \
                             WHERE password_hash IS NOT NULL";
    /// When somebody last finished signing in.
    SIGNED_IN = "UPDATE app_user SET last_sign_in_at = $1 WHERE id = $2";
    /// A password that is not to come back.
    RETIRE_PASSWORD = "INSERT INTO password_history (id, user_id, password_hash, retired_at) VALUES ($1, $2, $3, $4)";
    /// The passwords that a user had, newest first.
    HISTORY = "SELECT password_hash FROM password_history WHERE user_id = $1 ORDER BY retired_at DESC, id DESC LIMIT $2";
    /// Forgets all but the newest.
    TRIM_HISTORY = "DELETE FROM password_history WHERE user_id = $1 AND id NOT IN \
                    (SELECT id FROM password_history WHERE user_id = $1 ORDER BY retired_at DESC, id DESC LIMIT $2)";
}

/// A user with what signing in needs.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) password_hash: Option<String>,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
}

impl Account {
    pub(crate) fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

fn select() -> SqlBuilder {
    SqlBuilder::new(
        "SELECT u.id, u.person_id, u.user_name, u.email, u.status, u.password_hash, u.password_changed_at, \
         u.must_change_password, u.created_at, u.last_sign_in_at, u.version, p.given_name, p.family_name \
         FROM app_user u JOIN person p ON p.id = u.person_id",
    )
}

pub(crate) async fn find(conn: &mut Conn, id: UserId) -> Result<Option<Account>, StoreError> {
    let mut sql = select();
    sql.push(" WHERE u.id = ").value(id);
    conn.fetch_optional(sql.build()).await?.as_ref().map(read).transpose()
}

/// By user name or mail address: user names have no `@`, so one text is one of the two at most.
pub(crate) async fn find_by_login(conn: &mut Conn, login: &str) -> Result<Option<Account>, StoreError> {
    let mut sql = select();
    sql.push(" WHERE u.user_name = ").value(login).push(" OR u.email = ").value(login);
    conn.fetch_optional(sql.build()).await?.as_ref().map(read).transpose()
}

/// People in use who have no user, by name.
pub(crate) async fn people_without(
    conn: &mut Conn,
    search: &str,
    limit: i64,
) -> Result<Vec<(PersonId, String)>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT p.id, p.given_name, p.family_name FROM person p WHERE p.archived_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM app_user u WHERE u.person_id = p.id)",
    );
    let search = search.trim().to_lowercase();
    if !search.is_empty() {
        let pattern = format!("%{}%", escape_like(&search));
        sql.push(" AND lower(p.given_name || ' ' || p.family_name) LIKE ").value(&pattern).push(" ESCAPE '!'");
    }
    sql.push(" ORDER BY lower(p.family_name), lower(p.given_name), p.id LIMIT ").value(limit.clamp(1, 500));
    let named = |row: &Row| {
        let (given, family): (String, String) = (row.get("given_name")?, row.get("family_name")?);
        Ok((row.get("id")?, format!("{given} {family}")))
    };
    conn.fetch_all(sql.build()).await?.iter().map(named).collect()
}

/// What lists call these users; who is gone is not among them.
pub(crate) async fn names(conn: &mut Conn, ids: &[UserId]) -> Result<Vec<(UserId, String)>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT u.id, p.given_name, p.family_name FROM app_user u JOIN person p ON p.id = u.person_id WHERE u.id IN (",
    );
    sql.values(ids.iter().copied()).push(")");
    let named = |row: &Row| {
        let (given, family): (String, String) = (row.get("given_name")?, row.get("family_name")?);
        Ok((row.get("id")?, format!("{given} {family}")))
    };
    conn.fetch_all(sql.build()).await?.iter().map(named).collect()
}

pub(crate) async fn list(conn: &mut Conn, filter: &UserFilter) -> Result<Vec<Account>, StoreError> {
    let mut sql = select();
    sql.append(&matching(filter));
    sql.push(" ORDER BY lower(p.family_name), lower(p.given_name), u.id LIMIT ").value(filter.limit.clamp(1, 500));
    sql.push(" OFFSET ").value(filter.offset.max(0));
    conn.fetch_all(sql.build()).await?.iter().map(read).collect()
}

pub(crate) async fn count(conn: &mut Conn, filter: &UserFilter) -> Result<i64, StoreError> {
    let mut sql = SqlBuilder::new("SELECT count(*) AS n FROM app_user u JOIN person p ON p.id = u.person_id");
    sql.append(&matching(filter));
    super::number(&conn.fetch_one(sql.build()).await?)
}

fn matching(filter: &UserFilter) -> SqlBuilder {
    let mut sql = SqlBuilder::new(" WHERE u.status <> ");
    let hidden = match filter.status {
        Some(UserStatus::Active) => UserStatus::Disabled.as_str(),
        Some(UserStatus::Disabled) => UserStatus::Active.as_str(),
        None => "",
    };
    sql.value(hidden);
    let search = filter.search.trim().to_lowercase();
    if !search.is_empty() {
        let pattern = format!("%{}%", escape_like(&search));
        sql.push(" AND (u.user_name LIKE ").value(&pattern).push(" ESCAPE '!'");
        sql.push(" OR u.email LIKE ").value(&pattern).push(" ESCAPE '!'");
        sql.push(" OR lower(p.given_name || ' ' || p.family_name) LIKE ").value(&pattern).push(" ESCAPE '!'");
        // SQLite makes only ASCII letters small; a name with others is found as it is written.
        let as_typed = format!("%{}%", escape_like(filter.search.trim()));
        sql.push(" OR p.given_name || ' ' || p.family_name LIKE ").value(as_typed).push(" ESCAPE '!')");
    }
    sql
}

fn escape_like(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

pub(crate) async fn insert(tx: &mut WriteTx, user: &User, password_hash: Option<String>) -> Result<(), StoreError> {
    let sql = INSERT
        .bind(user.id)
        .bind(user.person)
        .bind(user.user_name.as_str())
        .bind(user.email.as_ref().map(|email| email.as_str().to_owned()))
        .bind(user.status.as_str())
        .bind(password_hash)
        .bind(user.password_changed_at)
        .bind(user.must_change_password)
        .bind(user.created_at)
        .bind(user.version);
    tx.execute(sql).await.map(drop)
}

pub(crate) async fn rename(
    tx: &mut WriteTx,
    user: UserId,
    version: i64,
    name: &UserName,
    email: Option<&EmailAddress>,
) -> Result<bool, StoreError> {
    let email = email.map(|email| email.as_str().to_owned());
    Ok(tx.execute(RENAME.bind(name.as_str()).bind(email).bind(user).bind(version)).await? == 1)
}

pub(crate) async fn set_status(tx: &mut WriteTx, user: UserId, status: UserStatus) -> Result<(), StoreError> {
    tx.execute(SET_STATUS.bind(status.as_str()).bind(user)).await.map(drop)
}

/// Sets a password, and keeps the one before it in the history, at most `keep` of them.
pub(crate) async fn set_password(
    tx: &mut WriteTx,
    env: &Env,
    account: &Account,
    hash: &str,
    must_change: bool,
    keep: i64,
) -> Result<(), StoreError> {
    let (user, now) = (account.user.id, env.now());
    if let Some(old) = &account.password_hash {
        tx.execute(RETIRE_PASSWORD.bind(env.uuid()).bind(user).bind(old).bind(now)).await?;
        tx.execute(TRIM_HISTORY.bind(user).bind(keep)).await?;
    }
    tx.execute(SET_PASSWORD.bind(hash).bind(now).bind(must_change).bind(user)).await.map(drop)
}

/// Writes the hash of the password that the user had when `account` was read; `false` where the password was replaced or
/// the user disabled since. Holds the user's row until the transaction ends, so that neither can happen beside it.
pub(crate) async fn keep_password(tx: &mut WriteTx, account: &Account, hash: &str) -> Result<bool, StoreError> {
    let sql = KEEP_PASSWORD.bind(hash).bind(account.user.id).bind(account.password_hash.clone());
    Ok(tx.execute(sql.bind(UserStatus::Active.as_str())).await? == 1)
}

pub(crate) async fn history(conn: &mut Conn, user: UserId, limit: i64) -> Result<Vec<String>, StoreError> {
    conn.fetch_all(HISTORY.bind(user).bind(limit)).await?.iter().map(|row| row.get("password_hash")).collect()
}

pub(crate) async fn require_change(tx: &mut WriteTx, user: UserId) -> Result<(), StoreError> {
    tx.execute(REQUIRE_CHANGE.bind(true).bind(user)).await.map(drop)
}

pub(crate) async fn require_change_of_all(tx: &mut WriteTx) -> Result<u64, StoreError> {
    tx.execute(REQUIRE_CHANGE_OF_ALL.bind(true)).await
}

pub(crate) async fn signed_in(tx: &mut WriteTx, user: UserId, now: Instant) -> Result<(), StoreError> {
    tx.execute(SIGNED_IN.bind(now).bind(user)).await.map(drop)
}

fn read(row: &Row) -> Result<Account, StoreError> {
    let user = User {
        id: row.get("id")?,
        person: row.get("person_id")?,
        user_name: UserName::from_stored(row.get("user_name")?),
        email: row.get::<Option<String>>("email")?.map(EmailAddress::from_stored),
        status: word(row, "status", UserStatus::parse)?,
        must_change_password: row.get("must_change_password")?,
        password_changed_at: row.get("password_changed_at")?,
        created_at: row.get("created_at")?,
        last_sign_in_at: row.get("last_sign_in_at")?,
        version: row.get("version")?,
    };
    Ok(Account {
        user,
        password_hash: row.get("password_hash")?,
        given_name: row.get("given_name")?,
        family_name: row.get("family_name")?,
    })
}
