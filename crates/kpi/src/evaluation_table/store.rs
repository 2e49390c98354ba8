//! What was handed in, as tables need it: the evaluations that a caller reaches, and their marks.

use std::collections::HashMap;

use palisade_base::{Date, Instant, PersonId, RecordId};
use palisade_records::RowFilter;
use palisade_store::{Conn, Row, SqlBuilder, StoreError};

use crate::evaluation::{EvaluationKind, Marks, SkillMark, State, ToolMark};

/// Evaluations whose marks are read at once.
const AT_ONCE: usize = 200;

/// An evaluation without its marks.
pub(super) struct Header {
    pub(super) id: RecordId,
    pub(super) employee: RecordId,
    pub(super) evaluator: PersonId,
    pub(super) evaluated_on: Date,
    pub(super) kind: EvaluationKind,
    pub(super) state: State,
    pub(super) notes: Option<String>,
    pub(super) reviewed_on: Option<Date>,
    /// Who wrote it and who has reviewed it, by name.
    pub(super) evaluator_name: String,
    pub(super) reviewer_name: Option<String>,
    /// Number and name of the employee.
    pub(super) number: Option<String>,
    pub(super) employee_name: String,
}

/// Which evaluations.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// Of this employee only.
    pub employee: Option<RecordId>,
    /// Of this day or later.
    pub from: Option<Date>,
    /// Of this day or earlier.
    pub to: Option<Date>,
}

fn conditions(sql: &mut SqlBuilder, rows: RowFilter, which: &Which) {
    sql.push(" WHERE ").append(&rows.condition());
    sql.push(" AND r.archived_at IS NULL AND r.state <> 'draft'");
    if let Some(employee) = which.employee {
        sql.push(" AND r.employee_id = ").value(employee);
    }
    if let Some(from) = which.from {
        sql.push(" AND r.evaluated_on >= ").value(from);
    }
    if let Some(to) = which.to {
        sql.push(" AND r.evaluated_on <= ").value(to);
    }
}

/// How many marks these evaluations have together.
pub(super) async fn count_marks(conn: &mut Conn, rows: RowFilter, which: &Which) -> Result<u64, StoreError> {
    let mut total = 0;
    for table in ["evaluation_skill", "evaluation_tool"] {
        let mut sql = SqlBuilder::new("SELECT COUNT(*) AS n FROM ");
        sql.ident(table).push(" m JOIN evaluation r ON r.id = m.evaluation_id");
        conditions(&mut sql, rows, which);
        let row = conn.fetch_optional(sql.build()).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.get("n"))?;
        total += u64::try_from(count).unwrap_or(0);
    }
    Ok(total)
}

/// The evaluations that this filter lets through, drafts never: oldest first.
pub(super) async fn headers(conn: &mut Conn, rows: RowFilter, which: &Which) -> Result<Vec<Header>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT r.id, r.employee_id, r.evaluator_id, r.evaluated_on, r.kind, r.state, r.notes, r.reviewed_on, e.number, \
         p.given_name, p.family_name, v.given_name AS evaluator_given, v.family_name AS evaluator_family, \
         w.given_name AS reviewer_given, w.family_name AS reviewer_family \
         FROM evaluation r JOIN employee e ON e.id = r.employee_id JOIN person p ON p.id = e.person_id \
         JOIN person v ON v.id = r.evaluator_id LEFT JOIN person w ON w.id = r.reviewed_by",
    );
    conditions(&mut sql, rows, which);
    sql.push(" ORDER BY r.evaluated_on, p.family_name, p.given_name, r.id");
    conn.fetch_all(sql.build()).await?.iter().map(header).collect()
}

fn header(row: &Row) -> Result<Header, StoreError> {
    let kind: String = row.get("kind")?;
    let state: String = row.get("state")?;
    let name = |given: &str, family: &str| -> Result<Option<String>, StoreError> {
        let (given, family): (Option<String>, Option<String>) = (row.get(given)?, row.get(family)?);
        Ok(given.zip(family).map(|(given, family)| format!("{given} {family}")))
    };
    Ok(Header {
        id: row.get("id")?,
        employee: row.get("employee_id")?,
        evaluator: row.get("evaluator_id")?,
        evaluated_on: row.get("evaluated_on")?,
        kind: EvaluationKind::parse(&kind).unwrap_or(EvaluationKind::Manager),
        state: State::parse(&state).unwrap_or(State::Completed),
        notes: row.get("notes")?,
        reviewed_on: row.get("reviewed_on")?,
        evaluator_name: name("evaluator_given", "evaluator_family")?.unwrap_or_default(),
        reviewer_name: name("reviewer_given", "reviewer_family")?,
        number: row.get("number")?,
        employee_name: name("given_name", "family_name")?.unwrap_or_default(),
    })
}

/// The marks of these evaluations, as far as this filter lets through.
pub(super) async fn marks(
    conn: &mut Conn,
    rows: RowFilter,
    ids: &[RecordId],
) -> Result<HashMap<RecordId, Marks>, StoreError> {
    let mut found: HashMap<RecordId, Marks> = HashMap::new();
    for chunk in ids.chunks(AT_ONCE) {
        let of_these = |sql: &mut SqlBuilder| {
            sql.push(" WHERE ").append(&rows.condition());
            sql.push(" AND r.id IN (").values(chunk.iter().copied()).push(")");
        };
        let mut sql = SqlBuilder::new(
            "SELECT m.evaluation_id, m.skill_id, m.rating, m.note, m.tapped_at \
             FROM evaluation_skill m JOIN evaluation r ON r.id = m.evaluation_id",
        );
        of_these(&mut sql);
        for row in conn.fetch_all(sql.build()).await? {
            found.entry(row.get("evaluation_id")?).or_default().skills.push(skill_mark(&row)?);
        }
        let mut sql = SqlBuilder::new(
            "SELECT m.evaluation_id, m.tool_id, m.can_operate, m.truck_stock, m.note, m.tapped_at \
             FROM evaluation_tool m JOIN evaluation r ON r.id = m.evaluation_id",
        );
        of_these(&mut sql);
        for row in conn.fetch_all(sql.build()).await? {
            found.entry(row.get("evaluation_id")?).or_default().tools.push(tool_mark(&row)?);
        }
    }
    Ok(found)
}

fn skill_mark(row: &Row) -> Result<SkillMark, StoreError> {
    let rating: Option<i64> = row.get("rating")?;
    let tapped_at: Instant = row.get("tapped_at")?;
    let rating = rating.and_then(|rating| u8::try_from(rating).ok());
    Ok(SkillMark { skill: row.get("skill_id")?, rating, note: row.get("note")?, tapped_at })
}

fn tool_mark(row: &Row) -> Result<ToolMark, StoreError> {
    let (can_operate, truck_stock) = (row.get("can_operate")?, row.get("truck_stock")?);
    let tapped_at: Instant = row.get("tapped_at")?;
    Ok(ToolMark { tool: row.get("tool_id")?, can_operate, truck_stock, note: row.get("note")?, tapped_at })
}
