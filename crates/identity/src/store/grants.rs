//! Roles, what they allow, and who holds them.

use palisade_base::{Instant, Permission, RoleId, Scope, UserId};
use palisade_store::{Conn, Row, SqlBuilder, StoreError, WriteTx, statements};

use super::{number, permission, word};
use crate::{
    model::{FactorRule, Grant, GrantState, Role, UserStatus},
    permissions::{CONSOLE, GRANT_UPDATE},
    policy::{Administrators, Allowed},
};

statements! {
    /// Takes the lock under which administrators are counted, until the transaction ends.
    LOCK = "UPDATE administration_lock SET number = number + 1 WHERE id = 1";
    /// A new role.
    INSERT = "INSERT INTO role (id, site, key, name, description, factor_rule, version, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// A role's description, where nobody changed it meanwhile.
    UPDATE = "UPDATE role SET name = $1, description = $2, factor_rule = $3, version = version + 1 \
              WHERE id = $4 AND version = $5 AND archived_at IS NULL";
    /// Out of use.
    ARCHIVE = "UPDATE role SET archived_at = $1, version = version + 1 WHERE id = $2 AND archived_at IS NULL";
    /// One role.
    FIND = "SELECT id, site, key, name, description, factor_rule, version FROM role WHERE id = $1 AND archived_at IS NULL";
    /// The role that a site brought under this key.
    FIND_BY_KEY = "SELECT id, site, key, name, description, factor_rule, version FROM role WHERE site = $1 AND key = $2";
    /// A role that somebody made becomes the declared one of its name.
    ADOPT = "UPDATE role SET key = $1, version = version + 1 \
             WHERE site = $2 AND name = $3 AND key IS NULL AND archived_at IS NULL";
    /// All of them.
    LIST = "SELECT id, site, key, name, description, factor_rule, version FROM role WHERE archived_at IS NULL \
            ORDER BY site, name";
    /// What a role allows.
    PERMISSIONS = "SELECT permission, scope FROM role_permission WHERE role_id = $1 ORDER BY permission";
    /// Nothing any more.
    CLEAR_PERMISSIONS = "DELETE FROM role_permission WHERE role_id = $1";
    /// One thing more.
    ADD_PERMISSION = "INSERT INTO role_permission (role_id, permission, scope) VALUES ($1, $2, $3) \
                      ON CONFLICT (role_id, permission) DO NOTHING";
    /// Whether the program has declared a permission before.
    KNOW_PERMISSION = "INSERT INTO known_permission (site, permission) VALUES ($1, $2) \
                       ON CONFLICT (site, permission) DO NOTHING";
    /// How many hold a role.
    HOLDERS = "SELECT count(*) AS n FROM role_grant WHERE role_id = $1";
    /// Whether a user holds a role, in force or not yet.
    HOLDS = "SELECT user_id FROM role_grant WHERE user_id = $1 AND role_id = $2";
    /// Gives a role.
    GRANT = "INSERT INTO role_grant (user_id, role_id, granted_by, granted_at) VALUES ($1, $2, $3, $4)";
    /// Takes it.
    REVOKE = "DELETE FROM role_grant WHERE user_id = $1 AND role_id = $2";
    /// All that a user may do, role by role.
    ALLOWED = "SELECT r.site, r.factor_rule, rp.permission, rp.scope FROM role_grant g \
               JOIN role r ON r.id = g.role_id JOIN role_permission rp ON rp.role_id = r.id WHERE g.user_id = $1";
    /// What the roles of a user ask of them.
    RULES = "SELECT r.factor_rule FROM role_grant g JOIN role r ON r.id = g.role_id WHERE g.user_id = $1";
    /// Active users who may give roles on the console, and those of them whose grant is in force.
    ADMINISTRATORS = "SELECT count(DISTINCT u.id) AS in_all, count(DISTINCT CASE WHEN r.factor_rule <> 'required' OR EXISTS \
                      (SELECT 1 FROM totp_factor f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) \
                      THEN u.id END) AS in_force \
                      FROM app_user u JOIN role_grant g ON g.user_id = u.id JOIN role r ON r.id = g.role_id \
                      JOIN role_permission rp ON rp.role_id = r.id \
                      WHERE u.status = $1 AND r.site = $2 AND rp.permission = $3 AND rp.scope = $4";
}

/// Takes the lock: from here to the end of the transaction nobody else changes who administers.
pub(crate) async fn lock(tx: &mut WriteTx) -> Result<(), StoreError> {
    tx.execute(LOCK.sql()).await.map(drop)
}

pub(crate) async fn administrators(conn: &mut Conn) -> Result<Administrators, StoreError> {
    let sql = ADMINISTRATORS
        .bind(UserStatus::Active.as_str())
        .bind(CONSOLE)
        .bind(GRANT_UPDATE.name())
        .bind(Scope::All.as_str());
    let row = conn.fetch_one(sql).await?;
    Ok(Administrators { in_force: row.get("in_force")?, in_all: row.get("in_all")? })
}

pub(crate) async fn insert(tx: &mut WriteTx, role: &Role, now: Instant) -> Result<(), StoreError> {
    let sql = INSERT
        .bind(role.id)
        .bind(&role.site)
        .bind(role.key.clone())
        .bind(&role.name)
        .bind(&role.description)
        .bind(role.factor.as_str())
        .bind(role.version)
        .bind(now);
    tx.execute(sql).await.map(drop)
}

pub(crate) async fn update(tx: &mut WriteTx, role: &Role, version: i64) -> Result<bool, StoreError> {
    let sql = UPDATE.bind(&role.name).bind(&role.description).bind(role.factor.as_str()).bind(role.id).bind(version);
    Ok(tx.execute(sql).await? == 1)
}

pub(crate) async fn archive(tx: &mut WriteTx, role: RoleId, now: Instant) -> Result<bool, StoreError> {
    tx.execute(CLEAR_PERMISSIONS.bind(role)).await?;
    Ok(tx.execute(ARCHIVE.bind(now).bind(role)).await? == 1)
}

pub(crate) async fn set_permissions(
    tx: &mut WriteTx,
    role: RoleId,
    permissions: &[(Permission, Scope)],
) -> Result<(), StoreError> {
    tx.execute(CLEAR_PERMISSIONS.bind(role)).await?;
    for (permission, scope) in permissions {
        add_permission(tx, role, permission, *scope).await?;
    }
    Ok(())
}

pub(crate) async fn add_permission(
    tx: &mut WriteTx,
    role: RoleId,
    permission: &Permission,
    scope: Scope,
) -> Result<(), StoreError> {
    tx.execute(ADD_PERMISSION.bind(role).bind(permission.name()).bind(scope.as_str())).await.map(drop)
}

/// Remembers a declared permission; `true` where it is new.
pub(crate) async fn know_permission(tx: &mut WriteTx, site: &str, permission: &Permission) -> Result<bool, StoreError> {
    Ok(tx.execute(KNOW_PERMISSION.bind(site).bind(permission.name())).await? == 1)
}

pub(crate) async fn find(conn: &mut Conn, role: RoleId) -> Result<Option<Role>, StoreError> {
    conn.fetch_optional(FIND.bind(role)).await?.as_ref().map(read_role).transpose()
}

pub(crate) async fn find_by_key(conn: &mut Conn, site: &str, key: &str) -> Result<Option<Role>, StoreError> {
    conn.fetch_optional(FIND_BY_KEY.bind(site).bind(key)).await?.as_ref().map(read_role).transpose()
}

pub(crate) async fn adopt(tx: &mut WriteTx, site: &str, key: &str, name: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(ADOPT.bind(key).bind(site).bind(name)).await? == 1)
}

pub(crate) async fn list(conn: &mut Conn) -> Result<Vec<Role>, StoreError> {
    conn.fetch_all(LIST.sql()).await?.iter().map(read_role).collect()
}

fn read_role(row: &Row) -> Result<Role, StoreError> {
    Ok(Role {
        id: row.get("id")?,
        site: row.get("site")?,
        key: row.get("key")?,
        name: row.get("name")?,
        description: row.get("description")?,
        factor: word(row, "factor_rule", FactorRule::parse)?,
        version: row.get("version")?,
    })
}

pub(crate) async fn permissions(conn: &mut Conn, role: RoleId) -> Result<Vec<(Permission, Scope)>, StoreError> {
    conn.fetch_all(PERMISSIONS.bind(role)).await?.iter().map(permission).collect()
}

pub(crate) async fn holders(conn: &mut Conn, role: RoleId) -> Result<i64, StoreError> {
    number(&conn.fetch_one(HOLDERS.bind(role)).await?)
}

pub(crate) async fn holds(conn: &mut Conn, user: UserId, role: RoleId) -> Result<bool, StoreError> {
    Ok(conn.fetch_optional(HOLDS.bind(user).bind(role)).await?.is_some())
}

pub(crate) async fn grant(
    tx: &mut WriteTx,
    user: UserId,
    role: RoleId,
    by: &str,
    now: Instant,
) -> Result<(), StoreError> {
    tx.execute(GRANT.bind(user).bind(role).bind(by).bind(now)).await.map(drop)
}

pub(crate) async fn revoke(tx: &mut WriteTx, user: UserId, role: RoleId) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE.bind(user).bind(role)).await? == 1)
}

pub(crate) async fn allowed(conn: &mut Conn, user: UserId) -> Result<Vec<Allowed>, StoreError> {
    let rows = conn.fetch_all(ALLOWED.bind(user)).await?;
    let allowed = rows.iter().map(|row| {
        let (permission, scope) = permission(row)?;
        Ok(Allowed { site: row.get("site")?, factor: word(row, "factor_rule", FactorRule::parse)?, permission, scope })
    });
    allowed.collect()
}

/// What each role of the user asks of its holders.
pub(crate) async fn rules(conn: &mut Conn, user: UserId) -> Result<Vec<FactorRule>, StoreError> {
    let rows = conn.fetch_all(RULES.bind(user)).await?;
    rows.iter().map(|row| word(row, "factor_rule", FactorRule::parse)).collect()
}

/// The grants of these users, those that wait for a factor marked so.
pub(crate) async fn of_users(conn: &mut Conn, users: &[UserId]) -> Result<Vec<Grant>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT g.user_id, g.role_id, g.granted_by, g.granted_at, r.name, r.site, r.factor_rule, \
         EXISTS (SELECT 1 FROM totp_factor f WHERE f.user_id = g.user_id AND f.confirmed_at IS NOT NULL) AS has_factor \
         FROM role_grant g JOIN role r ON r.id = g.role_id WHERE g.user_id IN (",
    );
    sql.values(users.iter().copied()).push(") ORDER BY r.site, r.name");
    conn.fetch_all(sql.build()).await?.iter().map(read_grant).collect()
}

fn read_grant(row: &Row) -> Result<Grant, StoreError> {
    let factor = word(row, "factor_rule", FactorRule::parse)?;
    let waits = factor == FactorRule::Required && !row.get::<bool>("has_factor")?;
    Ok(Grant {
        user: row.get("user_id")?,
        role: row.get("role_id")?,
        role_name: row.get("name")?,
        site: row.get("site")?,
        factor,
        state: if waits { GrantState::Pending } else { GrantState::Active },
        granted_by: row.get("granted_by")?,
        granted_at: row.get("granted_at")?,
    })
}

/// Which of these users have a second factor.
pub(crate) async fn with_factor(conn: &mut Conn, users: &[UserId]) -> Result<Vec<UserId>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT user_id FROM totp_factor WHERE confirmed_at IS NOT NULL AND user_id IN (");
    sql.values(users.iter().copied()).push(")");
    conn.fetch_all(sql.build()).await?.iter().map(|row| row.get("user_id")).collect()
}
