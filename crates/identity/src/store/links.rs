//! One-time links.

use palisade_base::{HashedToken, Instant, UserId};
use palisade_store::{Conn, StoreError, WriteTx, statements};
use uuid::Uuid;

statements! {
    /// A new link.
    INSERT = "INSERT INTO one_time_link (id, kind, token_hash, user_id, created_at, expires_at) \
              VALUES ($1, $2, $3, $4, $5, $6)";
    /// A link that still works.
    FIND = "SELECT id, user_id FROM one_time_link WHERE token_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3";
    /// Takes it, once.
    TAKE = "UPDATE one_time_link SET used_at = $1 WHERE id = $2 AND used_at IS NULL AND expires_at > $1";
    /// Older links of the kind stop working; of one user, or of nobody.
    VOID_OF_USER = "UPDATE one_time_link SET used_at = $1 WHERE kind = $2 AND user_id = $3 AND used_at IS NULL";
    /// The same for links that belong to nobody yet.
    VOID_OF_NOBODY = "UPDATE one_time_link SET used_at = $1 WHERE kind = $2 AND user_id IS NULL AND used_at IS NULL";
    /// Long spent.
    FORGET = "DELETE FROM one_time_link WHERE expires_at < $1";
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkKind {
    SetUp,
    SignIn,
    Password,
}

impl LinkKind {
    /// As stored, and as the trail has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::SignIn => "sign_in",
            Self::Password => "password",
        }
    }
}

/// A link that still works.
pub(crate) struct LiveLink {
    pub(crate) id: Uuid,
    pub(crate) user: Option<UserId>,
}

pub(crate) async fn insert(
    tx: &mut WriteTx,
    id: Uuid,
    kind: LinkKind,
    token: &HashedToken,
    user: Option<UserId>,
    now: Instant,
    expires_at: Instant,
) -> Result<(), StoreError> {
    match user {
        Some(user) => tx.execute(VOID_OF_USER.bind(now).bind(kind.as_str()).bind(user)).await?,
        None => tx.execute(VOID_OF_NOBODY.bind(now).bind(kind.as_str())).await?,
    };
    let sql = INSERT.bind(id).bind(kind.as_str()).bind(token.as_bytes()).bind(user).bind(now).bind(expires_at);
    tx.execute(sql).await.map(drop)
}

pub(crate) async fn find(
    conn: &mut Conn,
    kind: LinkKind,
    token: &HashedToken,
    now: Instant,
) -> Result<Option<LiveLink>, StoreError> {
    let row = conn.fetch_optional(FIND.bind(token.as_bytes()).bind(kind.as_str()).bind(now)).await?;
    row.map(|row| Ok(LiveLink { id: row.get("id")?, user: row.get("user_id")? })).transpose()
}

/// Takes a link; `false` where somebody else was faster.
pub(crate) async fn take(tx: &mut WriteTx, link: &LiveLink, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.execute(TAKE.bind(now).bind(link.id)).await? == 1)
}

pub(crate) async fn void(tx: &mut WriteTx, kind: LinkKind, user: UserId, now: Instant) -> Result<(), StoreError> {
    tx.execute(VOID_OF_USER.bind(now).bind(kind.as_str()).bind(user)).await.map(drop)
}

pub(crate) async fn forget(tx: &mut WriteTx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET.bind(before)).await
}
