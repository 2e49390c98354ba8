//! The SQL of the posture.

use palisade_base::Instant;
use palisade_store::{Conn, Row, StoreError, WriteTx, statements};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{About, Entry, Sight, Verdict};

statements! {
    ALL = "SELECT * FROM posture";
    PUT = "INSERT INTO posture (check_id, title, points, place, guide_number, verdict, seen, evidence, mend, since, \
           looked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
           ON CONFLICT (check_id) DO UPDATE SET title = excluded.title, points = excluded.points, \
           place = excluded.place, guide_number = excluded.guide_number, verdict = excluded.verdict, \
           seen = excluded.seen, evidence = excluded.evidence, mend = excluded.mend, since = excluded.since, \
           looked_at = excluded.looked_at";
    /// What nothing looks at any more: a site that is gone.
    FORGET = "DELETE FROM posture WHERE looked_at < $1";
    ADD_TURN = "INSERT INTO posture_change (id, check_id, title, changed_at, before, after, seen) \
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// The newest first.
    TURNS = "SELECT * FROM posture_change ORDER BY changed_at DESC, id DESC LIMIT $1";
    FORGET_TURNS = "DELETE FROM posture_change WHERE changed_at < $1";
}

/// A verdict that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Of this check.
    pub check: String,
    /// What it is about.
    pub title: String,
    /// When it was seen.
    pub at: Instant,
    /// What it was before; `None` at the first look.
    pub before: Option<Verdict>,
    /// What it is since.
    pub after: Verdict,
    /// What was seen then.
    pub seen: String,
}

/// What was seen last, and when.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<(Entry, Instant)>, StoreError> {
    conn.fetch_all(ALL.sql()).await?.iter().map(read).collect()
}

pub(crate) async fn put(tx: &mut WriteTx, entry: &Entry, at: Instant) -> Result<(), StoreError> {
    let (about, sight) = (&entry.about, &entry.sight);
    let sql = PUT
        .bind(&about.id)
        .bind(&about.title)
        .bind(json(&about.points)?)
        .bind(json(&about.place)?)
        .bind(about.guide_number.map(i64::from))
        .bind(sight.verdict().as_str())
        .bind(sight.seen())
        .bind(json(&sight.evidence())?)
        .bind(sight.mend().map(json).transpose()?)
        .bind(entry.since)
        .bind(at);
    tx.execute(sql).await.map(drop)
}

pub(crate) async fn forget(tx: &mut WriteTx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET.bind(before)).await
}

pub(crate) async fn add_turn(tx: &mut WriteTx, id: Uuid, turn: &Turn) -> Result<(), StoreError> {
    let sql = ADD_TURN
        .bind(id)
        .bind(&turn.check)
        .bind(&turn.title)
        .bind(turn.at)
        .bind(turn.before.map(Verdict::as_str))
        .bind(turn.after.as_str())
        .bind(&turn.seen);
    tx.execute(sql).await.map(drop)
}

pub(crate) async fn turns(conn: &mut Conn, limit: i64) -> Result<Vec<Turn>, StoreError> {
    conn.fetch_all(TURNS.bind(limit)).await?.iter().map(read_turn).collect()
}

pub(crate) async fn forget_turns(tx: &mut WriteTx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET_TURNS.bind(before)).await
}

fn read(row: &Row) -> Result<(Entry, Instant), StoreError> {
    let number: Option<i64> = row.get("guide_number")?;
    let about = About {
        id: row.get("check_id")?,
        title: row.get("title")?,
        points: from_json(&row.get::<String>("points")?)?,
        place: from_json(&row.get::<String>("place")?)?,
        guide_number: number.and_then(|number| u8::try_from(number).ok()),
    };
    let mend: Option<String> = row.get("mend")?;
    let mend = mend.as_deref().map(from_json).transpose()?;
    let evidence = from_json(&row.get::<String>("evidence")?)?;
    let sight = Sight::restore(verdict(&row.get::<String>("verdict")?)?, row.get("seen")?, evidence, mend);
    let sight = sight.ok_or_else(|| StoreError::Other(format!("what {} saw is stored by halves", about.id)))?;
    Ok((Entry { about, sight, since: row.get("since")? }, row.get("looked_at")?))
}

fn read_turn(row: &Row) -> Result<Turn, StoreError> {
    let before: Option<String> = row.get("before")?;
    Ok(Turn {
        check: row.get("check_id")?,
        title: row.get("title")?,
        at: row.get("changed_at")?,
        before: before.as_deref().map(verdict).transpose()?,
        after: verdict(&row.get::<String>("after")?)?,
        seen: row.get("seen")?,
    })
}

fn verdict(text: &str) -> Result<Verdict, StoreError> {
    Verdict::read(text).ok_or_else(|| StoreError::Other(format!("{text:?} is no verdict")))
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(error.to_string()))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Other(error.to_string()))
}
