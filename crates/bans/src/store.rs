//! The SQL of bans.

use palisade_base::Instant;
use palisade_store::{Conn, Row, SqlBuilder, StoreError, WriteTx, statements};
use uuid::Uuid;

use crate::{
    Target,
    model::{Ban, BanFilter, BanOrder, Measure, Which},
};

statements! {
    /// A new ban; the same one again changes nothing, since a commit may have arrived although its answer did not.
    INSERT = "INSERT INTO ban (id, network, first_ip, last_ip, measure, jail, made_by, began_at, ends_at, reason, \
              evidence, failures, offences, change_no) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
              ON CONFLICT (id) DO NOTHING";
    /// Every measure against this network ends.
    LIFT = "UPDATE ban SET lifted_at = $1, lifted_by = $2, change_no = $4 \
            WHERE network = $3 AND lifted_at IS NULL AND (ends_at IS NULL OR ends_at > $1)";
    /// What holds now, those that last longest first.
    LIVE = "SELECT * FROM ban WHERE lifted_at IS NULL AND (ends_at IS NULL OR ends_at > $1) \
            ORDER BY ends_at IS NULL DESC, ends_at DESC LIMIT $2";
    /// The next change's number. Its row is held until the commit, so numbers become visible in their order.
    NEXT_CHANGE = "INSERT INTO ban_change (id, number) VALUES (1, 1) \
                   ON CONFLICT (id) DO UPDATE SET number = ban_change.number + 1 RETURNING number";
    /// The newest change's number.
    NEWEST_CHANGE = "SELECT number FROM ban_change WHERE id = 1";
    /// What the changes after the first number, up to the second, have left.
    CHANGED = "SELECT * FROM ban WHERE change_no > $1 AND change_no <= $2 ORDER BY change_no";
    /// What holds against exactly this network.
    LIVE_OF = "SELECT * FROM ban WHERE network = $1 AND lifted_at IS NULL AND (ends_at IS NULL OR ends_at > $2)";
    /// What a jail did and has not been forgotten, oldest first: how often a client was banned makes the next ban longer.
    RECENT = "SELECT * FROM ban WHERE jail = $1 AND (ends_at IS NULL OR ends_at > $2) ORDER BY began_at LIMIT $3";
    /// How many measures of each jail hold now.
    COUNT_BY_JAIL = "SELECT jail, count(*) AS n FROM ban WHERE lifted_at IS NULL \
                     AND (ends_at IS NULL OR ends_at > $1) GROUP BY jail";
    /// How far a jail has read its log files.
    KEEP_POSITION = "INSERT INTO log_position (host, jail, positions, noted_at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (host, jail) DO UPDATE SET positions = excluded.positions, noted_at = excluded.noted_at";
    POSITION = "SELECT positions FROM log_position WHERE host = $1 AND jail = $2";
    /// Of jails that are no more.
    FORGET_POSITIONS = "DELETE FROM log_position WHERE noted_at < $1";
    /// One of them.
    FIND = "SELECT * FROM ban WHERE id = $1";
    /// Long over.
    FORGET = "DELETE FROM ban WHERE lifted_at < $1 OR ends_at < $1";
}

/// What separates the lines of evidence; a line holds no control characters.
const LINE: &str = "\n";

/// The number of the change that this transaction is about to make.
pub(crate) async fn next_change(tx: &mut WriteTx) -> Result<i64, StoreError> {
    tx.fetch_one(NEXT_CHANGE.sql()).await?.get("number")
}

/// The number of the newest change; 0 where there was none.
pub(crate) async fn newest_change(conn: &mut Conn) -> Result<i64, StoreError> {
    conn.fetch_optional(NEWEST_CHANGE.sql()).await?.map_or(Ok(0), |row| row.get("number"))
}

/// The bans whose latest change is one of these.
pub(crate) async fn changed(conn: &mut Conn, after: i64, up_to: i64) -> Result<Vec<Ban>, StoreError> {
    conn.fetch_all(CHANGED.bind(after).bind(up_to)).await?.iter().map(read).collect()
}

/// What holds against exactly this target.
pub(crate) async fn live_of(conn: &mut Conn, target: Target, now: Instant) -> Result<Vec<Ban>, StoreError> {
    conn.fetch_all(LIVE_OF.bind(target.to_string()).bind(now)).await?.iter().map(read).collect()
}

pub(crate) async fn insert(tx: &mut WriteTx, ban: &Ban, change: i64) -> Result<(), StoreError> {
    let [first, last] = ban.target.ends();
    let sql = INSERT
        .bind(ban.id)
        .bind(ban.target.to_string())
        .bind(&first)
        .bind(&last)
        .bind(ban.measure.as_str())
        .bind(&ban.jail)
        .bind(&ban.made_by)
        .bind(ban.began_at)
        .bind(ban.ends_at)
        .bind(&ban.reason)
        .bind(ban.evidence.join(LINE))
        .bind(i64::from(ban.failures))
        .bind(i64::from(ban.offences))
        .bind(change);
    tx.execute(sql).await.map(drop)
}

pub(crate) async fn lift(
    tx: &mut WriteTx,
    target: Target,
    now: Instant,
    by: &str,
    change: i64,
) -> Result<u64, StoreError> {
    tx.execute(LIFT.bind(now).bind(by).bind(target.to_string()).bind(change)).await
}

pub(crate) async fn live(conn: &mut Conn, now: Instant, limit: i64) -> Result<Vec<Ban>, StoreError> {
    conn.fetch_all(LIVE.bind(now).bind(limit)).await?.iter().map(read).collect()
}

pub(crate) async fn recent(conn: &mut Conn, jail: &str, since: Instant, limit: i64) -> Result<Vec<Ban>, StoreError> {
    conn.fetch_all(RECENT.bind(jail).bind(since).bind(limit)).await?.iter().map(read).collect()
}

pub(crate) async fn count_by_jail(conn: &mut Conn, now: Instant) -> Result<Vec<(String, u64)>, StoreError> {
    let rows = conn.fetch_all(COUNT_BY_JAIL.bind(now)).await?;
    rows.iter().map(|row| Ok((row.get("jail")?, u64::try_from(row.get::<i64>("n")?).unwrap_or(0)))).collect()
}

pub(crate) async fn forget(tx: &mut WriteTx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET.bind(before)).await
}

pub(crate) async fn keep_position(
    tx: &mut WriteTx,
    host: &str,
    jail: &str,
    positions: &str,
    now: Instant,
) -> Result<(), StoreError> {
    tx.execute(KEEP_POSITION.bind(host).bind(jail).bind(positions).bind(now)).await.map(drop)
}

pub(crate) async fn position(conn: &mut Conn, host: &str, jail: &str) -> Result<Option<String>, StoreError> {
    conn.fetch_optional(POSITION.bind(host).bind(jail)).await?.map(|row| row.get("positions")).transpose()
}

pub(crate) async fn forget_positions(tx: &mut WriteTx, before: Instant) -> Result<u64, StoreError> {
    tx.execute(FORGET_POSITIONS.bind(before)).await
}

pub(crate) async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Ban>, StoreError> {
    conn.fetch_optional(FIND.bind(id)).await?.as_ref().map(read).transpose()
}

/// The bans that fit, in their order.
pub(crate) async fn list(conn: &mut Conn, filter: &BanFilter, now: Instant) -> Result<Vec<Ban>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT * FROM ban");
    push_filter(&mut sql, filter, now);
    sql.push(match filter.order {
        BanOrder::Newest => " ORDER BY began_at DESC, id DESC",
        BanOrder::Oldest => " ORDER BY began_at, id",
        BanOrder::EndsFirst => " ORDER BY ends_at IS NULL, ends_at, id",
        BanOrder::EndsLast => " ORDER BY ends_at IS NULL DESC, ends_at DESC, id DESC",
    });
    sql.push(" LIMIT ").value(whole(filter.limit));
    sql.push(" OFFSET ").value(whole(filter.offset));
    conn.fetch_all(sql.build()).await?.iter().map(read).collect()
}

/// How many fit.
pub(crate) async fn count(conn: &mut Conn, filter: &BanFilter, now: Instant) -> Result<u64, StoreError> {
    let mut sql = SqlBuilder::new("SELECT count(*) AS n FROM ban");
    push_filter(&mut sql, filter, now);
    let count: i64 = conn.fetch_one(sql.build()).await?.get("n")?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn push_filter(sql: &mut SqlBuilder, filter: &BanFilter, now: Instant) {
    match filter.which {
        Which::Live => sql.push(" WHERE lifted_at IS NULL AND (ends_at IS NULL OR ends_at > ").value(now).push(")"),
        Which::Over => sql.push(" WHERE (lifted_at IS NOT NULL OR ends_at <= ").value(now).push(")"),
        Which::All => sql.push(" WHERE 1 = 1"),
    };
    if let Some([first, last]) = filter.touching.map(Target::ends) {
        sql.push(" AND first_ip <= ").value(&last).push(" AND last_ip >= ").value(&first);
    }
    if let Some(jail) = &filter.jail {
        sql.push(" AND jail = ").value(jail);
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn read(row: &Row) -> Result<Ban, StoreError> {
    let network: String = row.get("network")?;
    let measure: String = row.get("measure")?;
    let evidence: String = row.get("evidence")?;
    let count = |column| row.get::<i64>(column).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let lifted_at: Option<Instant> = row.get("lifted_at")?;
    let lifted_by: Option<String> = row.get("lifted_by")?;
    Ok(Ban {
        id: row.get("id")?,
        target: Target::parse(&network).map_err(|_| StoreError::Other(format!("{network:?} is no banned network")))?,
        measure: Measure::read(&measure).ok_or_else(|| StoreError::Other(format!("{measure:?} is no measure")))?,
        jail: row.get("jail")?,
        made_by: row.get("made_by")?,
        began_at: row.get("began_at")?,
        ends_at: row.get("ends_at")?,
        reason: row.get("reason")?,
        evidence: evidence.split(LINE).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        failures: count("failures")?,
        offences: count("offences")?,
        lifted: lifted_at.map(|at| (at, lifted_by.unwrap_or_default())),
    })
}
