//! The SQL of the trail: sequencing, seals, and what is read for verification. The leaves are written by the store.

use std::ops::Range;

use futures_util::stream::BoxStream;
use palisade_base::{
    Instant,
    leaf::{Hash, VERSION, stored_leaf_hash},
};
use palisade_store::{Conn, LEAF_COLUMNS, Row, SqlBuilder, StoreError, WriteTx, leaf_from_row, statements};

use crate::{Entry, Frontier, OutgoingSeal, Seal, seal::Head, tree::hashes};

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
        sqlite: "SELECT 0 * $1 AS moved",
        postgres: "SELECT trail_sequence($1) AS moved",
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
    /// What is needed to seal leaves of a range, in one value; `odd` counts rows that have to be looked at one by one.
    UNSEALED_PACKED = {
        sqlite: "SELECT count(*) AS n, max(seq) AS last, \
                 count(*) FILTER (WHERE version <> 1 OR octet_length(commitments) <> 96) AS odd, \
                 group_concat(commitments, '') AS commitments FROM (SELECT seq, version, commitments \
                 FROM trail_leaf WHERE seq >= $1 AND seq < $2 ORDER BY seq)",
        postgres: "SELECT count(*) AS n, max(seq) AS last, \
                   count(*) FILTER (WHERE version <> 1 OR octet_length(commitments) <> 96) AS odd, \
                   string_agg(commitments, ''::bytea ORDER BY seq) AS commitments \
                   FROM trail_leaf WHERE seq >= $1 AND seq < $2",
    };
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
    /// Leaves of a range, packed into one value, as `verify/packed.rs` reads them: reading a million rows one by one takes
    /// longer than checking them. `odd` counts rows that must be read by themselves: one with a long detail, of another
    /// version, or with a salt or commitments of a wrong length, so that the packing would not be one to one.
    PACKED = {
        sqlite: "SELECT count(*) AS n, min(seq) AS first, max(seq) AS last, coalesce(sum(is_odd), 0) AS odd, \
                 group_concat(octet_length(leaf)) AS lengths, group_concat(leaf, '') AS leaves FROM (SELECT seq, \
                 version <> 1 OR octet_length(what_salt) <> 16 OR octet_length(commitments) <> 96 \
                 OR coalesce(octet_length(origin_salt) <> 16, 0) OR coalesce(octet_length(detail_salt) <> 16, 0) \
                 OR coalesce(octet_length(detail) > 8192, 0) AS is_odd, \
                 concat_ws(x'ff', at, (address IS NULL) + 2 * (session IS NULL) + 4 * (request IS NULL) \
                 + 8 * (agent IS NULL) + 16 * (detail IS NULL) + 32 * (origin_salt IS NULL) + 64 * (detail_salt IS NULL), \
                 category, actor, action, resource, outcome, address, session, request, agent, detail, \
                 what_salt, commitments, origin_salt, detail_salt) AS leaf \
                 FROM trail_leaf WHERE seq >= $1 AND seq < $2 ORDER BY seq)",
        postgres: "SELECT 0 AS n WHERE $1::bigint > $2::bigint",
    };
    /// Leaves of a range, whole.
    LEAVES = "SELECT seq, version, commitments, at, category, actor, action, resource, outcome, what_salt, address, \
              session, request, agent, origin_salt, detail, detail_salt FROM trail_leaf \
              WHERE seq >= $1 AND seq < $2 ORDER BY seq";
    /// The next leaves of a range, whole.
    LEAF_PAGE = "SELECT seq, version, commitments, at, category, actor, action, resource, outcome, what_salt, address, \
                 session, request, agent, origin_salt, detail, detail_salt FROM trail_leaf \
                 WHERE seq >= $1 AND seq < $2 ORDER BY seq LIMIT $3";
    /// The number of the next leaf from here on.
    NEXT_SEQ = "SELECT min(seq) AS seq FROM trail_leaf WHERE seq >= $1";
    /// The next seals, whole.
    SEALS = "SELECT size, previous, root, leaves, frontier, note, at FROM trail_seal WHERE size > $1 ORDER BY size LIMIT $2";
}

/// Numbers a batch of pending leaves; `None` where another node is at it.
pub(crate) async fn sequence(tx: &mut WriteTx) -> Result<Option<u64>, StoreError> {
    if !tx.fetch_one(TRY_SEQUENCE.sql()).await?.get::<bool>("held")? {
        return Ok(None);
    }
    let row = tx.fetch_one(SEQUENCE.bind(SEQUENCED_AT_ONCE)).await?;
    Ok(Some(unsigned(row.get("moved")?)))
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

/// The leaves that wait for their seal: number and hash.
pub(crate) async fn read_unsealed(conn: &mut Conn, from: u64, most: usize) -> Result<Vec<(u64, Hash)>, StoreError> {
    if let Some(hashes) = read_unsealed_packed(conn, from, most).await? {
        return Ok((from..).zip(hashes).collect());
    }
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = conn.fetch_all(UNSEALED.bind(signed(from)).bind(most)).await?;
    rows.iter().map(|row| Ok((unsigned(row.get("seq")?), hash_of(row)?))).collect()
}

/// The same for leaves without gaps, which is what there is where nobody tampers; `None` elsewhere.
async fn read_unsealed_packed(conn: &mut Conn, from: u64, most: usize) -> Result<Option<Vec<Hash>>, StoreError> {
    let row = conn.fetch_one(UNSEALED_PACKED.bind(signed(from)).bind(signed(from + most as u64))).await?;
    let (n, last) = (unsigned(row.get("n")?), row.get::<Option<i64>>("last")?.map(unsigned));
    if row.get::<i64>("odd")? != 0 || last.is_none_or(|last| last + 1 - from != n) {
        return Ok(None);
    }
    let commitments: Vec<u8> = row.get("commitments")?;
    let (leaves, rest) = commitments.as_chunks::<96>();
    let is_whole = rest.is_empty() && leaves.len() as u64 == n;
    Ok(is_whole.then(|| leaves.iter().map(|leaf| stored_leaf_hash(VERSION, leaf)).collect()))
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
    let size = unsigned(row.get("size")?);
    let frontier = Frontier::from_bytes(size, &row.get::<Vec<u8>>("frontier")?);
    Ok(Some(Head { size, frontier, note: row.get("note")?, at: row.get("at")? }))
}

pub(crate) async fn add_seal(tx: &mut WriteTx, seal: &Seal) -> Result<(), StoreError> {
    let sql = ADD_SEAL.bind(signed(seal.size)).bind(signed(seal.previous)).bind(&seal.root).bind(seal.leaves.concat());
    let frontier = seal.frontier.as_ref().map(Frontier::to_bytes).unwrap_or_default();
    tx.execute(sql.bind(frontier).bind(&seal.note).bind(seal.at)).await.map(drop)
}

/// The next seals after this size. One that can't be read has no hashes, which its check then finds.
pub(crate) async fn read_seals(conn: &mut Conn, after: u64, most: i64) -> Result<Vec<Seal>, StoreError> {
    let rows = conn.fetch_all(SEALS.bind(signed(after)).bind(most)).await?;
    let seals = rows.iter().map(|row| {
        let size = unsigned(row.get("size")?);
        Ok(Seal {
            size,
            previous: unsigned(row.get("previous")?),
            root: row.get::<Vec<u8>>("root")?.try_into().unwrap_or_default(),
            leaves: hashes(&row.get::<Vec<u8>>("leaves")?).unwrap_or_default(),
            frontier: Frontier::from_bytes(size, &row.get::<Vec<u8>>("frontier")?),
            note: row.get("note")?,
            at: row.get("at")?,
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

/// Leaves in packed form, numbered without gaps.
pub(crate) struct Packed {
    /// The number of the first.
    pub(crate) first: u64,
    pub(crate) rows: u64,
    /// The length of each leaf, in decimal, with commas between.
    pub(crate) lengths: String,
    pub(crate) leaves: Vec<u8>,
}

/// The leaves of a range in packed form; `None` where some are missing or can't be packed.
pub(crate) async fn read_packed(conn: &mut Conn, range: Range<u64>) -> Result<Option<Packed>, StoreError> {
    let row = conn.fetch_one(PACKED.bind(signed(range.start)).bind(signed(range.end))).await?;
    let rows = unsigned(row.get("n")?);
    let ends = row.get::<Option<i64>>("first")?.zip(row.get::<Option<i64>>("last")?);
    let Some((first, last)) = ends.map(|(first, last)| (unsigned(first), unsigned(last))) else { return Ok(None) };
    // Numbers are unique and in order: as many as there is room for means all of them.
    if row.get::<i64>("odd")? != 0 || last - first + 1 != rows {
        return Ok(None);
    }
    let (lengths, leaves) = (row.get("lengths")?, row.get("leaves")?);
    Ok(Some(Packed { first, rows, lengths, leaves }))
}

/// The leaves of a range, one by one.
pub(crate) fn read_leaves(conn: &mut Conn, range: Range<u64>) -> BoxStream<'_, Result<Row, StoreError>> {
    conn.fetch(LEAVES.bind(signed(range.start)).bind(signed(range.end)))
}

/// The next leaves of a range, at most `most`.
pub(crate) async fn read_leaf_page(conn: &mut Conn, from: u64, to: u64, most: i64) -> Result<Vec<Row>, StoreError> {
    conn.fetch_all(LEAF_PAGE.bind(signed(from)).bind(signed(to)).bind(most)).await
}

/// The start of a search for leaves of a range; conditions and order follow.
pub(crate) fn select_entries(from: u64, to: u64) -> SqlBuilder {
    let mut sql = SqlBuilder::new("SELECT seq, ");
    sql.push(LEAF_COLUMNS).push(" FROM trail_leaf WHERE seq >= ").value(signed(from));
    sql.push(" AND seq < ").value(signed(to));
    sql
}

/// Entries as they are shown.
pub(crate) async fn read_entries(conn: &mut Conn, sql: SqlBuilder) -> Result<Vec<Entry>, StoreError> {
    let rows = conn.fetch_all(sql.build()).await?;
    let entry = |row: &Row| {
        let seq = unsigned(row.get("seq")?);
        Ok(leaf_from_row(row).map_or_else(|_| Entry::unreadable(seq), |leaf| Entry::new(seq, leaf)))
    };
    rows.iter().map(entry).collect()
}

pub(crate) async fn next_seq(conn: &mut Conn, from: u64) -> Result<Option<u64>, StoreError> {
    Ok(conn.fetch_one(NEXT_SEQ.bind(signed(from))).await?.get::<Option<i64>>("seq")?.map(unsigned))
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
