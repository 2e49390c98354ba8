//! The SQL of the overview's evaluations: every statement is made of the rows that the caller reaches.

use std::collections::HashSet;

use palisade_base::{Caller, Error, PersonId, RecordId};
use palisade_records::{RowFilter, policy};
use palisade_store::{Conn, Row, SqlBuilder, StoreError};

use super::{Asked, EvaluationCounts, RecentEvaluation, Waiting};
use crate::{
    evaluation::{EvaluationKind, State},
    types::{EMPLOYEE, EVALUATION, READ_DETAILS, REVIEW},
};

/// How many of the newest evaluations are shown.
const RECENT: i64 = 5;

/// The evaluations that count among those asked for: handed in, in use, and not replaced by a corrected copy, which
/// itself counts from its review on.
fn counted(sql: &mut SqlBuilder, caller: &Caller, asked: &Asked) {
    sql.push(" WHERE ").append(&policy::readable(&EVALUATION, caller).condition());
    sql.push(
        " AND r.state <> 'draft' AND r.archived_at IS NULL AND (r.amends_id IS NULL OR r.state = 'reviewed') \
         AND NOT EXISTS (SELECT 1 FROM evaluation a WHERE a.amends_id = r.id AND a.state = 'reviewed' \
         AND a.archived_at IS NULL)",
    );
    if let Some(from) = asked.period.from {
        sql.push(" AND r.evaluated_on >= ").value(from);
    }
    if let Some(to) = asked.period.to {
        sql.push(" AND r.evaluated_on <= ").value(to);
    }
    match asked.filter.employee {
        Some(id) => sql.push(" AND e.id = ").value(id),
        None => sql.push(" AND e.archived_at IS NULL"),
    };
    if let Some(team) = asked.filter.team {
        sql.push(" AND e.team_id = ").value(team);
    }
    if let Some(tier) = asked.filter.tier {
        sql.push(" AND e.tier_id = ").value(tier);
    }
}

pub(super) async fn counts(conn: &mut Conn, caller: &Caller, asked: &Asked) -> Result<EvaluationCounts, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT count(*) AS total, CAST(coalesce(sum(CASE WHEN r.kind = 'self' THEN 1 ELSE 0 END), 0) AS BIGINT) AS own \
         FROM evaluation r JOIN employee e ON e.id = r.employee_id",
    );
    counted(&mut sql, caller, asked);
    let row = conn.fetch_one(sql.build()).await?;
    let (total, own): (i64, i64) = (row.get("total")?, row.get("own")?);
    Ok(EvaluationCounts { by_managers: (total - own).unsigned_abs(), by_themselves: own.unsigned_abs() })
}

pub(super) async fn recent(
    conn: &mut Conn,
    caller: &Caller,
    asked: &Asked,
) -> Result<Vec<RecentEvaluation>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT r.id AS id, r.employee_id AS employee_id, p.given_name || ' ' || p.family_name AS employee_name, \
         v.given_name || ' ' || v.family_name AS evaluator_name, r.kind AS kind, r.state AS state, \
         r.evaluated_on AS evaluated_on FROM evaluation r JOIN employee e ON e.id = r.employee_id \
         JOIN person p ON p.id = e.person_id JOIN person v ON v.id = r.evaluator_id",
    );
    counted(&mut sql, caller, asked);
    sql.push(" ORDER BY r.evaluated_on DESC, r.created_at DESC, r.id LIMIT ").value(RECENT);
    conn.fetch_all(sql.build()).await?.iter().map(read_recent).collect()
}

fn read_recent(row: &Row) -> Result<RecentEvaluation, StoreError> {
    let word = |column: &str| row.get::<String>(column);
    let unknown =
        |column: &str| StoreError::Decode { column: column.to_owned(), message: "an unknown word".to_owned() };
    Ok(RecentEvaluation {
        id: row.get("id")?,
        employee: row.get("employee_id")?,
        employee_name: word("employee_name")?,
        evaluator_name: word("evaluator_name")?,
        kind: EvaluationKind::parse(&word("kind")?).ok_or_else(|| unknown("kind"))?,
        state: State::parse(&word("state")?).ok_or_else(|| unknown("state"))?,
        evaluated_on: row.get("evaluated_on")?,
    })
}

/// What this person has to finish and to review. Nobody reviews what is about them, nor what they wrote about others.
pub(super) async fn waiting(conn: &mut Conn, caller: &Caller, person: PersonId) -> Result<Waiting, StoreError> {
    let mut sql = SqlBuilder::new("SELECT CAST(coalesce(sum(CASE WHEN r.state = 'draft' AND r.evaluator_id = ");
    sql.value(person).push(" THEN 1 ELSE 0 END), 0) AS BIGINT) AS drafts, ");
    sql.push("CAST(coalesce(sum(CASE WHEN r.state = 'completed' AND e.person_id <> ").value(person);
    sql.push(" AND (r.kind = 'self' OR r.evaluator_id <> ").value(person).push(") AND ");
    sql.append(&policy::reached_with(&EVALUATION, caller, REVIEW).condition());
    sql.push(" THEN 1 ELSE 0 END), 0) AS BIGINT) AS reviews FROM evaluation r JOIN employee e ON e.id = r.employee_id");
    sql.push(" WHERE r.state <> 'reviewed' AND r.archived_at IS NULL AND ");
    sql.append(&policy::readable(&EVALUATION, caller).condition());
    let row = conn.fetch_one(sql.build()).await?;
    let (drafts, reviews): (i64, i64) = (row.get("drafts")?, row.get("reviews")?);
    Ok(Waiting { drafts: drafts.unsigned_abs(), reviews: reviews.unsigned_abs() })
}

/// The employees whose evaluations are the caller's to make; `None`: everybody's.
pub(super) async fn to_evaluate(
    conn: &mut Conn,
    caller: &Caller,
    evaluate: &'static str,
) -> Result<Option<HashSet<RecordId>>, Error> {
    let rows: [RowFilter; 2] =
        [policy::reached_with(&EMPLOYEE, caller, READ_DETAILS), policy::reached_with(&EMPLOYEE, caller, evaluate)];
    if rows.iter().all(RowFilter::is_open) {
        return Ok(None);
    }
    let mut sql = SqlBuilder::new(
        "SELECT r.id AS id FROM employee r JOIN person b ON b.id = r.person_id WHERE r.archived_at IS NULL",
    );
    for rows in rows {
        sql.push(" AND ").append(&rows.condition());
    }
    let found = conn.fetch_all(sql.build()).await?;
    Ok(Some(found.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?))
}
