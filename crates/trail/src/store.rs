//! The SQL of the trail: sequencing, seals, and what is read for verification. The leaves are written by the store.

use palisade_base::{
    Instant,
    leaf::{Hash, stored_leaf_hash},
};
use palisade_store::{Conn, Row, StoreError, WriteTx, statements};

use crate::{Frontier, OutgoingSeal, Seal, seal::Head, tree::hashes};

/// How many leaves are numbered in one transaction.
pub(crate) const SEQUENCED_AT_ONCE: i64 = 5_000;

statements! {
    /// The sequencer's right to number leaves, until the transaction ends; false where another node has it.
    TRY_SEQUENCE = {
        sqlite: "SELECT 1 AS held",
        postgres: "SELECT pg_try_advisory_xact_lock(7237127) AS held",
    };
    /// Numbers the oldest leaves that have none. SQLite numbers them as they are written.
    SEQUENCE = {
        sqlite: "DELETE FROM trail_sink WHERE 1 = 0 AND size = $1",
        postgres: "WITH moved AS (DELETE FROM trail_pending WHERE arrival IN \
                   (SELECT arrival FROM trail_pending ORDER BY arrival LIMIT $1) RETURNING *) \
                   INSERT INTO trail_leaf (seq, version, commitments, at, category, actor, action, resource, outcome, \
                   what_salt, address, session, request, agent, origin_salt, detail, detail_salt) \
                   SELECT (SELECT coalesce(max(seq), -1) FROM trail_leaf) + row_number() OVER (ORDER BY arrival), \
                   version, commitments, at, category, actor, action, resource, outcome, what_salt, address, session, \
                   request, agent, origin_salt, detail, detail_salt FROM moved",
    };
    /// How many leaves have no number yet.
    PENDING = {
        sqlite: "SELECT 0 AS n",
        postgres: "SELECT count(*) AS n FROM trail_pending",
    };
    /// Whether any leaf has no number yet.
    IS_PENDING = {
        sqlite: "SELECT 0 AS n",
        postgres: "SELECT 1::bigint AS n FROM trail_pending LIMIT 1",
    };
    /// The first and the last number.
    ENDS = "SELECT (SELECT min(seq) FROM trail_leaf) AS first, (SELECT max(seq) FROM trail_leaf) AS last";
    /// What is needed to seal leaves.
    UNSEALED = "SELECT seq, version, commitments FROM trail_leaf WHERE seq >= $1 ORDER BY seq LIMIT $2";
    /// What the next seal goes on from.
    HEAD = "SELECT size, frontier, note, at FROM trail_seal ORDER BY size DESC LIMIT 1";
    /// A new seal. Where another sealer went on from the same seal, this fails.
    ADD_SEAL = "INSERT INTO trail_seal (size, previous, root, leaves, frontier, note, at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// The next seals as they go out.
    NOTES = "SELECT size, note, at FROM trail_seal WHERE size > $1 ORDER BY size LIMIT $2";
    /// How far a place outside has come. A new one starts with the newest seal, which covers all before it.
    POSITION = "SELECT coalesce((SELECT size FROM trail_sink WHERE name = $1), \
                (SELECT max(previous) FROM trail_seal), 0) AS size";
    /// How far a place outside has come, from now on.
    SET_POSITION = "INSERT INTO trail_sink (name, size, at) VALUES ($1, $2, $3) \
                    ON CONFLICT (name) DO UPDATE SET size = excluded.size, at = excluded.at";
    /// The next seals, whole.
    SEALS = "SELECT size, previous, root, leaves, note, at FROM trail_seal WHERE size > $1 ORDER BY size LIMIT $2";
}

/// Numbers a batch of pending leaves; `None` where another node is at it.
pub(crate) async fn sequence(tx: &mut WriteTx) -> Result<Option<u64>, StoreError> {
    if !tx.fetch_one(TRY_SEQUENCE.sql()).await?.get::<bool>("held")? {
        return Ok(None);
    }
    tx.execute(SEQUENCE.bind(SEQUENCED_AT_ONCE)).await.map(Some)
}

pub(crate) async fn is_pending(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(conn.fetch_optional(IS_PENDING.sql()).await?.map(|row| row.get::<i64>("n")).transpose()?.is_some_and(|n| n > 0))
}

pub(crate) async fn count_pending(conn: &mut Conn) -> Result<u64, StoreError> {
    Ok(unsigned(conn.fetch_one(PENDING.sql()).await?.get("n")?))
}

/// The numbers of the first and the last leaf.
pub(crate) async fn read_ends(conn: &mut Conn) -> Result<Option<(i64, i64)>, StoreError> {
    let row = conn.fetch_one(ENDS.sql()).await?;
    Ok(row.get::<Option<i64>>("first")?.zip(row.get::<Option<i64>>("last")?))
}

/// A leaf that waits for its seal: number and hash.
pub(crate) async fn read_unsealed(conn: &mut Conn, from: u64, most: usize) -> Result<Vec<(u64, Hash)>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = conn.fetch_all(UNSEALED.bind(signed(from)).bind(most)).await?;
    rows.iter().map(|row| Ok((unsigned(row.get("seq")?), hash_of(row)?))).collect()
}

fn hash_of(row: &Row) -> Result<Hash, StoreError> {
    let commitments: Vec<u8> = row.get("commitments")?;
    let version: i64 = row.get("version")?;
    match (u8::try_from(version), commitments.as_slice().try_into()) {
        (Ok(version), Ok(commitments)) => Ok(stored_leaf_hash(version, commitments)),
        _ => Err(decode("commitments", "not a leaf that this program wrote")),
    }
}

pub(crate) async fn read_head(conn: &mut Conn) -> Result<Option<Head>, StoreError> {
    let Some(row) = conn.fetch_optional(HEAD.sql()).await? else { return Ok(None) };
    let frontier = Frontier::from_bytes(unsigned(row.get("size")?), &row.get::<Vec<u8>>("frontier")?);
    // A frontier that can't be read becomes an empty one, which the check of the head then refuses.
    let frontier = frontier.unwrap_or_default();
    Ok(Some(Head { note: row.get("note")?, frontier, at: row.get("at")? }))
}

pub(crate) async fn add_seal(tx: &mut WriteTx, seal: &Seal, frontier: &Frontier) -> Result<(), StoreError> {
    let sql = ADD_SEAL.bind(signed(seal.size)).bind(signed(seal.previous)).bind(&seal.root).bind(seal.leaves.concat());
    tx.execute(sql.bind(frontier.to_bytes()).bind(&seal.note).bind(seal.at)).await.map(drop)
}

#[expect(dead_code, reason = "verification reads them")]
/// The next seals after this size. One that can't be read has no hashes, which its check then finds.
pub(crate) async fn read_seals(conn: &mut Conn, after: u64, most: i64) -> Result<Vec<Seal>, StoreError> {
    let rows = conn.fetch_all(SEALS.bind(signed(after)).bind(most)).await?;
    let seals = rows.iter().map(|row| {
        Ok(Seal {
            size: unsigned(row.get("size")?),
            previous: unsigned(row.get("previous")?),
            root: row.get::<Vec<u8>>("root")?.try_into().unwrap_or_default(),
            leaves: hashes(&row.get::<Vec<u8>>("leaves")?).unwrap_or_default(),
            note: row.get("note")?,
            at: row.get::<Instant>("at")?,
        })
    });
    seals.collect()
}

pub(crate) async fn read_notes(conn: &mut Conn, after: u64, most: i64) -> Result<Vec<OutgoingSeal>, StoreError> {
    let rows = conn.fetch_all(NOTES.bind(signed(after)).bind(most)).await?;
    let seal =
        |row: &Row| Ok(OutgoingSeal { size: unsigned(row.get("size")?), note: row.get("note")?, at: row.get("at")? });
    rows.iter().map(seal).collect()
}

pub(crate) async fn read_position(conn: &mut Conn, name: &str) -> Result<u64, StoreError> {
    Ok(unsigned(conn.fetch_one(POSITION.bind(name)).await?.get("size")?))
}

pub(crate) async fn write_position(tx: &mut WriteTx, name: &str, size: u64, now: Instant) -> Result<(), StoreError> {
    tx.execute(SET_POSITION.bind(name).bind(signed(size)).bind(now)).await.map(drop)
}

/// Numbers of leaves are never negative where this program wrote them.
pub(crate) fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

pub(crate) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn decode(column: &str, message: &str) -> StoreError {
    StoreError::Decode { column: column.to_owned(), message: message.to_owned() }
}
