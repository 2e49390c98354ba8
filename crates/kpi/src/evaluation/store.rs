//! The tables of evaluations. Reading whole evaluations is the record layer's; here is what it has no words for.

use std::collections::HashMap;

use palisade_base::{Date, Instant, PersonId, RecordId};
use palisade_records::RowFilter;
use palisade_store::{Conn, Row, SqlBuilder, StoreError, WriteTx, statements};

use super::{EvaluationKind, EvaluationOrigin, State};

statements! {
    /// The open draft of an author about an employee.
    OPEN_DRAFT = "SELECT id FROM evaluation WHERE employee_id = $1 AND kind = $2 AND evaluator_id = $3 \
                  AND state = 'draft' AND archived_at IS NULL";
    /// The corrected copy of an evaluation.
    COPY_OF = "SELECT id FROM evaluation WHERE amends_id = $1 AND archived_at IS NULL";
    /// Whether an author has handed in something of this day already.
    OF_DAY = "SELECT id FROM evaluation WHERE employee_id = $1 AND evaluator_id = $2 AND evaluated_on = $3 \
              AND state <> 'draft' AND archived_at IS NULL LIMIT 1";
    /// The header of a draft.
    SET_DETAILS = "UPDATE evaluation SET evaluated_on = $1, notes = $2, reviewer_id = $3, version = version + 1, \
                   updated_at = $4 WHERE id = $5 AND version = $6 AND state = 'draft' AND archived_at IS NULL";
    /// The tier at the time.
    SET_TIER = "UPDATE evaluation SET tier_id = $1 WHERE id = $2";
    /// A corrected copy stands in the place of this one; or it is taken out again as it came in.
    PUT_ASIDE = "UPDATE evaluation SET archived_at = $1, updated_at = $1, version = version + 1 \
                 WHERE id = $2 AND archived_at IS NULL";
    /// As it came in with a sheet or a table.
    AS_IT_CAME = "SELECT employee_id FROM evaluation WHERE id = $1 AND version = 1 AND archived_at IS NULL \
                  AND origin IN ('sheet', 'table')";
    /// People who lead a team in use.
    LEADERS = "SELECT p.id, p.given_name, p.family_name FROM person p WHERE p.archived_at IS NULL AND p.id IN \
               (SELECT t.manager_id FROM team t WHERE t.archived_at IS NULL) ORDER BY p.family_name, p.given_name, p.id";
    /// All skills by category, in the order of the catalogue.
    SKILLS = "SELECT c.id AS category_id, c.name AS category, s.id, s.name FROM skill s \
              JOIN skill_category c ON c.id = s.category_id ORDER BY c.display_order, c.name, c.id, s.display_order, s.name, s.id";
    /// All tools by category, in the order of the catalogue.
    TOOLS = "SELECT c.id AS category_id, c.name AS category, s.id, s.name FROM tool s \
             JOIN tool_category c ON c.id = s.category_id ORDER BY c.display_order, c.name, c.id, s.display_order, s.name, s.id";
}

/// A row of the table to be.
#[derive(Clone, Debug)]
pub(super) struct NewEvaluation {
    pub(super) id: RecordId,
    pub(super) employee: RecordId,
    pub(super) kind: EvaluationKind,
    pub(super) evaluator: PersonId,
    pub(super) evaluated_on: Date,
    pub(super) state: State,
    pub(super) completed_on: Option<Date>,
    pub(super) reviewed: Option<(PersonId, Date)>,
    pub(super) amends: Option<RecordId>,
    pub(super) tier: Option<RecordId>,
    pub(super) origin: EvaluationOrigin,
    pub(super) notes: Option<String>,
}

/// Adds evaluations; gives how many, which is less where one of them has a draft or a copy standing in its way.
pub(super) async fn insert(tx: &mut WriteTx, all: &[NewEvaluation], now: Instant) -> Result<u64, StoreError> {
    let mut added = 0;
    for chunk in all.chunks(500) {
        let mut sql = SqlBuilder::new(
            "INSERT INTO evaluation (id, employee_id, kind, evaluator_id, evaluated_on, state, completed_on, reviewed_by, \
             reviewed_on, amends_id, tier_id, origin, notes, version, created_at, updated_at) VALUES ",
        );
        for (place, new) in chunk.iter().enumerate() {
            sql.push(if place == 0 { "(" } else { ", (" }).value(new.id).push(", ").value(new.employee);
            sql.push(", ").value(new.kind.as_str()).push(", ").value(new.evaluator).push(", ").value(new.evaluated_on);
            sql.push(", ").value(new.state.as_str()).push(", ").value(new.completed_on);
            sql.push(", ").value(new.reviewed.map(|(by, _)| by)).push(", ").value(new.reviewed.map(|(_, on)| on));
            sql.push(", ").value(new.amends).push(", ").value(new.tier).push(", ").value(new.origin.as_str());
            sql.push(", ").value(new.notes.clone()).push(", 1, ").value(now).push(", ").value(now).push(")");
        }
        sql.push(" ON CONFLICT DO NOTHING");
        added += tx.execute(sql.build()).await?;
    }
    Ok(added)
}

pub(super) async fn open_draft(
    conn: &mut Conn,
    (employee, kind, evaluator): (RecordId, EvaluationKind, PersonId),
) -> Result<Option<RecordId>, StoreError> {
    let sql = OPEN_DRAFT.bind(employee).bind(kind.as_str()).bind(evaluator);
    conn.fetch_optional(sql).await?.map(|row| row.get("id")).transpose()
}

pub(super) async fn copy_of(conn: &mut Conn, id: RecordId) -> Result<Option<RecordId>, StoreError> {
    conn.fetch_optional(COPY_OF.bind(id)).await?.map(|row| row.get("id")).transpose()
}

pub(super) async fn is_there(
    conn: &mut Conn,
    (employee, evaluator, day): (RecordId, PersonId, Date),
) -> Result<bool, StoreError> {
    Ok(conn.fetch_optional(OF_DAY.bind(employee).bind(evaluator).bind(day)).await?.is_some())
}

pub(super) async fn set_details(
    tx: &mut WriteTx,
    (id, version): (RecordId, i64),
    (day, notes, reviewer): (Date, Option<String>, Option<PersonId>),
    now: Instant,
) -> Result<bool, StoreError> {
    let sql = SET_DETAILS.bind(day).bind(notes).bind(reviewer).bind(now).bind(id).bind(version);
    Ok(tx.execute(sql).await? == 1)
}

pub(super) async fn set_tier(tx: &mut WriteTx, id: RecordId, tier: Option<RecordId>) -> Result<(), StoreError> {
    tx.execute(SET_TIER.bind(tier).bind(id)).await.map(drop)
}

pub(super) async fn put_aside(tx: &mut WriteTx, id: RecordId, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.execute(PUT_ASIDE.bind(now).bind(id)).await? == 1)
}

/// Whom an evaluation is about that is still as it came in with a file.
pub(super) async fn as_it_came(conn: &mut Conn, id: RecordId) -> Result<Option<RecordId>, StoreError> {
    conn.fetch_optional(AS_IT_CAME.bind(id)).await?.map(|row| row.get("employee_id")).transpose()
}

/// The last evaluation before this one of the same employee and kind that was handed in, among the rows of the filter.
pub(super) async fn previous(
    conn: &mut Conn,
    rows: &RowFilter,
    (id, employee, kind): (RecordId, RecordId, EvaluationKind),
    day: Date,
) -> Result<Option<RecordId>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT r.id FROM evaluation r WHERE r.employee_id = ");
    sql.value(employee).push(" AND r.kind = ").value(kind.as_str()).push(" AND r.id <> ").value(id);
    sql.push(" AND r.state <> 'draft' AND r.archived_at IS NULL AND r.evaluated_on <= ").value(day);
    sql.push(" AND ").append(&rows.condition()).push(" ORDER BY r.evaluated_on DESC, r.id DESC LIMIT 1");
    conn.fetch_optional(sql.build()).await?.map(|row| row.get("id")).transpose()
}

pub(super) async fn leaders(conn: &mut Conn) -> Result<Vec<(PersonId, String)>, StoreError> {
    let read = |row: &Row| -> Result<_, StoreError> {
        let (given, family): (String, String) = (row.get("given_name")?, row.get("family_name")?);
        Ok((row.get("id")?, format!("{given} {family}")))
    };
    conn.fetch_all(LEADERS.sql()).await?.iter().map(read).collect()
}

/// Name of a skill or a tool, and whether it is in use.
pub(super) type Item = (String, bool);

/// Those of these skills or tools that there are.
pub(super) async fn items(
    conn: &mut Conn,
    table: &'static str,
    ids: &[RecordId],
) -> Result<HashMap<RecordId, Item>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT id, name, archived_at FROM ");
    sql.ident(table).push(" WHERE id IN (").values(ids.iter().copied()).push(")");
    let read = |row: &Row| -> Result<_, StoreError> {
        Ok((row.get("id")?, (row.get("name")?, row.get::<Option<Instant>>("archived_at")?.is_none())))
    };
    conn.fetch_all(sql.build()).await?.iter().map(read).collect()
}

/// What an evaluation has to know about an employee: the person, the tier, whether they work here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub(super) person: PersonId,
    pub(super) tier: RecordId,
    pub(super) is_active: bool,
}

/// Those of these employees whom the filter lets through.
pub(super) async fn subjects(
    conn: &mut Conn,
    rows: &RowFilter,
    ids: &[RecordId],
) -> Result<HashMap<RecordId, Subject>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT r.id, r.person_id, r.tier_id, r.archived_at FROM employee r WHERE r.id IN (");
    sql.values(ids.iter().copied()).push(") AND ").append(&rows.condition());
    let read = |row: &Row| -> Result<_, StoreError> {
        let is_active = row.get::<Option<Instant>>("archived_at")?.is_none();
        Ok((row.get("id")?, Subject { person: row.get("person_id")?, tier: row.get("tier_id")?, is_active }))
    };
    conn.fetch_all(sql.build()).await?.iter().map(read).collect()
}

/// Those of these people who are in the directory.
pub(super) async fn people(conn: &mut Conn, ids: &[PersonId]) -> Result<Vec<PersonId>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT id FROM person WHERE id IN (");
    sql.values(ids.iter().copied()).push(")");
    conn.fetch_all(sql.build()).await?.iter().map(|row| row.get("id")).collect()
}

/// An item of the catalogue with its category.
pub(super) struct Listed {
    pub(super) category: (RecordId, String),
    pub(super) id: RecordId,
    pub(super) name: String,
}

pub(super) async fn skills(conn: &mut Conn) -> Result<Vec<Listed>, StoreError> {
    conn.fetch_all(SKILLS.sql()).await?.iter().map(listed).collect()
}

pub(super) async fn tools(conn: &mut Conn) -> Result<Vec<Listed>, StoreError> {
    conn.fetch_all(TOOLS.sql()).await?.iter().map(listed).collect()
}

fn listed(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed { category: (row.get("category_id")?, row.get("category")?), id: row.get("id")?, name: row.get("name")? })
}
