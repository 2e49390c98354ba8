//! Tries to sign in since the last success.

use palisade_base::{Instant, UserId};
use palisade_store::{Conn, SqlBuilder, StoreError, WriteTx, statements};
use uuid::Uuid;

use crate::policy::{LockoutRule, Tries};

statements! {
    /// Counts a try. Where the account is locked only the number goes up; where a lock has run out it starts again.
    COUNT = "INSERT INTO sign_in_try (subject, device, kind, tries, last_at) VALUES ($1, $2, $3, 1, $4) \
             ON CONFLICT (subject, device, kind) DO UPDATE SET \
             tries = CASE WHEN sign_in_try.tries >= $5 AND sign_in_try.last_at <= $6 THEN 1 \
                     ELSE sign_in_try.tries + 1 END, \
             last_at = CASE WHEN sign_in_try.tries >= $5 AND sign_in_try.last_at > $6 THEN sign_in_try.last_at \
                       ELSE $4 END \
             RETURNING tries, last_at";
    /// Takes a counted try back.
    GIVE_BACK = "UPDATE sign_in_try SET tries = tries - 1 WHERE subject = $1 AND device = $2 AND kind = $3 AND tries > 0";
    /// After a success.
    CLEAR = "DELETE FROM sign_in_try WHERE subject = $1 AND device = $2 AND kind = $3";
    /// All that is counted against one account.
    CLEAR_ALL = "DELETE FROM sign_in_try WHERE subject = $1";
    /// Counters of long ago.
    FORGET = "DELETE FROM sign_in_try WHERE last_at < $1";
}

/// What a try is against, and from where: one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    subject: Vec<u8>,
    device: Vec<u8>,
    kind: TryKind,
}

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TryKind {
    Password,
    Code,
}

impl TryKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
        }
    }
}

impl Counter {
    /// Tries against a user, by strangers or from a device that the user is known on.
    pub(crate) fn of(user: UserId, device: Option<Uuid>, kind: TryKind) -> Self {
        let device = device.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        Self { subject: user.0.as_bytes().to_vec(), device, kind }
    }

    /// Tries against a name that nobody has; counted all the same, so that both kinds of name cost the same work.
    pub(crate) fn of_nobody(bucket: [u8; 2]) -> Self {
        Self { subject: bucket.to_vec(), device: Vec::new(), kind: TryKind::Password }
    }
}

pub(crate) async fn count(
    tx: &mut WriteTx,
    counter: &Counter,
    rule: &LockoutRule,
    now: Instant,
) -> Result<Tries, StoreError> {
    let sql = COUNT
        .bind(counter.subject.clone())
        .bind(counter.device.clone())
        .bind(counter.kind.as_str())
        .bind(now)
        .bind(rule.failures)
        .bind(now - rule.lasts);
    let row = tx.fetch_one(sql).await?;
    Ok(Tries { count: row.get("tries")?, last_at: row.get("last_at")? })
}

pub(crate) async fn give_back(tx: &mut WriteTx, counter: &Counter) -> Result<(), StoreError> {
    let Counter { subject, device, kind } = counter.clone();
    tx.execute(GIVE_BACK.bind(subject).bind(device).bind(kind.as_str())).await.map(drop)
}

pub(crate) async fn clear(tx: &mut WriteTx, counter: &Counter) -> Result<(), StoreError> {
    let Counter { subject, device, kind } = counter.clone();
    tx.execute(CLEAR.bind(subject).bind(device).bind(kind.as_str())).await.map(drop)
}

pub(crate) async fn clear_all(tx: &mut WriteTx, user: UserId) -> Result<(), StoreError> {
    tx.execute(CLEAR_ALL.bind(user.0.as_bytes())).await.map(drop)
}

pub(crate) async fn forget(tx: &mut WriteTx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET.bind(before)).await
}

/// The strangers' tries of passwords against these users.
pub(crate) async fn by_strangers(conn: &mut Conn, users: &[UserId]) -> Result<Vec<(UserId, Tries)>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT subject, tries, last_at FROM sign_in_try WHERE kind = ");
    sql.value(TryKind::Password.as_str()).push(" AND device = ").value(Vec::<u8>::new());
    sql.push(" AND subject IN (").values(users.iter().map(|user| user.0.as_bytes())).push(")");
    let rows = conn.fetch_all(sql.build()).await?;
    let tries = rows.iter().map(|row| {
        let subject: [u8; 16] = row.get("subject")?;
        Ok((UserId(Uuid::from_bytes(subject)), Tries { count: row.get("tries")?, last_at: row.get("last_at")? }))
    });
    tries.collect()
}
