//! The trail's append table: leaves into rows, rows into leaves.
//!
//! SQLite has one writer, so a leaf gets its number as it is written. On PostgreSQL writers must not queue behind
//! each other: leaves go into `trail_pending`, and one sequencer moves them into `trail_leaf` afterwards.

use std::{borrow::Cow, sync::LazyLock};

use palisade_base::leaf::{Commitments, Leaf, Salt, What, Whence};
use sqlx::{PgConnection, SqliteConnection};

use crate::{Row, StoreError, Value, conn::postgres_query};

/// The columns of a leaf, in the order that they are bound in; `seq` goes before them where it is known.
pub const LEAF_COLUMNS: &str = "version, commitments, at, category, actor, action, resource, outcome, what_salt, \
     address, session, request, agent, origin_salt, detail, detail_salt";

/// How many columns a numbered leaf has.
pub(crate) const COLUMNS: usize = 17;

/// Leaves are inserted in a few sizes of batch only, so that the statements stay prepared.
const BATCH_SIZES: [usize; 5] = [1, 4, 16, 64, 256];

/// `INSERT` of numbered leaves, one text for each size of batch.
static SQLITE_INSERTS: LazyLock<[String; 5]> = LazyLock::new(|| {
    // Bare `?`: SQLite looks a numbered placeholder up among all the others each time that one is bound.
    BATCH_SIZES.map(|rows| insert_text(&format!("trail_leaf (seq, {LEAF_COLUMNS})"), rows, COLUMNS, |_| "?".to_owned()))
});
/// `INSERT` of leaves that the sequencer will number.
static POSTGRES_INSERTS: LazyLock<[String; 5]> = LazyLock::new(|| {
    BATCH_SIZES
        .map(|rows| insert_text(&format!("trail_pending ({LEAF_COLUMNS})"), rows, COLUMNS - 1, |n| format!("${n}")))
});

/// How many of the waiting leaves go into the next statement.
pub(crate) const fn batch_size(waiting: usize) -> usize {
    BATCH_SIZES[batch_index(waiting)]
}

/// Whether so many leaves are written by a single statement, which needs no transaction around it.
pub(crate) fn is_one_statement(leaves: usize) -> bool {
    BATCH_SIZES.contains(&leaves)
}

const fn batch_index(waiting: usize) -> usize {
    let mut index = 0;
    while index + 1 < BATCH_SIZES.len() && BATCH_SIZES[index + 1] <= waiting {
        index += 1;
    }
    index
}

/// `INSERT` of that many numbered leaves.
pub(crate) fn sqlite_insert(leaves: usize) -> Cow<'static, str> {
    Cow::Borrowed(&SQLITE_INSERTS[batch_index(leaves)])
}

fn insert_text(target: &str, rows: usize, columns: usize, placeholder: impl Fn(usize) -> String) -> String {
    let row = |row: usize| {
        let cells: Vec<String> = (1..=columns).map(|column| placeholder(row * columns + column)).collect();
        format!("({})", cells.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO {target} VALUES {}", rows.join(", "))
}

/// The number of the next leaf: gaps are impossible, so it is one more than the last.
pub(crate) async fn next_seq(conn: &mut SqliteConnection) -> Result<i64, StoreError> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(seq) FROM trail_leaf").fetch_one(conn).await?;
    Ok(last.map_or(0, |last| last + 1))
}

pub(crate) async fn postgres_insert(conn: &mut PgConnection, leaves: Vec<Leaf>) -> Result<(), StoreError> {
    let mut leaves = leaves.into_iter();
    while leaves.len() > 0 {
        let size = batch_size(leaves.len());
        let mut args = Vec::with_capacity(size * (COLUMNS - 1));
        for leaf in leaves.by_ref().take(size) {
            push_leaf(&mut args, leaf);
        }
        let text = Cow::Borrowed(POSTGRES_INSERTS[batch_index(size)].as_str());
        postgres_query(text, args).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Binds a leaf's columns, in the order of [`LEAF_COLUMNS`].
pub(crate) fn push_leaf(args: &mut Vec<Value>, leaf: Leaf) {
    let (what, what_salt) = leaf.what;
    args.push(i64::from(leaf.version).into());
    args.push(leaf.commitments.to_bytes().into());
    args.push(what.at.into());
    args.extend([what.category, what.actor, what.action, what.resource, what.outcome].map(Value::from));
    args.push((&what_salt).into());
    let (whence, whence_salt) = leaf.whence.unzip();
    let whence = whence.unwrap_or_default();
    args.extend([whence.address, whence.session, whence.request, whence.agent].map(Value::from));
    args.push(whence_salt.map(|salt| salt.to_vec()).into());
    let (detail, detail_salt) = leaf.detail.unzip();
    args.push(detail.flatten().into());
    args.push(detail_salt.map(|salt| salt.to_vec()).into());
}

/// Reads a leaf from a row that has [`LEAF_COLUMNS`].
///
/// # Errors
/// A column does not hold what a leaf can hold: the row was written by something else.
pub fn leaf_from_row(row: &Row) -> Result<Leaf, StoreError> {
    let commitments: Vec<u8> = row.get("commitments")?;
    let commitments =
        Commitments::from_bytes(&commitments).ok_or_else(|| StoreError::decode("commitments", "not three hashes"))?;
    let version = u8::try_from(row.get::<i64>("version")?).map_err(|e| StoreError::decode("version", e))?;
    let what = What {
        at: row.get("at")?,
        category: row.get("category")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        resource: row.get("resource")?,
        outcome: row.get("outcome")?,
    };
    let origin_salt: Option<Salt> = row.get("origin_salt")?;
    let whence = Whence {
        address: row.get("address")?,
        session: row.get("session")?,
        request: row.get("request")?,
        agent: row.get("agent")?,
    };
    let detail_salt: Option<Salt> = row.get("detail_salt")?;
    Ok(Leaf {
        version,
        commitments,
        what: (what, row.get("what_salt")?),
        whence: origin_salt.map(|salt| (whence, salt)),
        detail: detail_salt.map(|salt| Ok::<_, StoreError>((row.get("detail")?, salt))).transpose()?,
    })
}
