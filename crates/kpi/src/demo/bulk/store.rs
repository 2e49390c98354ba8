//! Many evaluations with all their marks, in statements of many rows.

use palisade_base::{Date, Instant, PersonId, RecordId};
use palisade_store::{SqlBuilder, StoreError, WriteTx};

use crate::evaluation::{EvaluationKind, EvaluationOrigin, State};

/// Rows in one statement; with ten columns each, far below what either engine takes.
const ROWS: usize = 500;

/// An evaluation in which every skill is rated.
pub(super) struct BulkEvaluation {
    pub(super) id: RecordId,
    pub(super) employee: RecordId,
    pub(super) kind: EvaluationKind,
    pub(super) evaluator: PersonId,
    pub(super) tier: RecordId,
    pub(super) on: Date,
    /// Decides the ratings.
    pub(super) seed: usize,
    pub(super) with_tools: bool,
}

impl BulkEvaluation {
    /// 1 to 5, mostly in the middle, other for each skill.
    fn rating(&self, place: usize) -> i64 {
        let mixed = (self.seed + place * 7_919).wrapping_mul(2_654_435_761) >> 7;
        [2, 3, 3, 4, 4, 5, 3, 1][mixed % 8]
    }
}

pub(super) async fn insert(
    tx: &mut WriteTx,
    evaluations: &[BulkEvaluation],
    (skills, tools): (&[RecordId], &[RecordId]),
    now: Instant,
) -> Result<(), StoreError> {
    for some in evaluations.chunks(ROWS) {
        headers(tx, some, now).await?;
    }
    let marks = evaluations.iter().flat_map(|one| skills.iter().enumerate().map(move |(place, id)| (one, place, *id)));
    let marks: Vec<_> = marks.collect();
    for some in marks.chunks(ROWS) {
        let mut sql =
            SqlBuilder::new("INSERT INTO evaluation_skill (evaluation_id, skill_id, rating, tapped_at) VALUES ");
        for (at, (one, place, skill)) in some.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" }).value(one.id).push(", ").value(*skill).push(", ");
            sql.value(one.rating(*place)).push(", ").value(now).push(")");
        }
        tx.execute(sql.build()).await?;
    }
    let with_tools = evaluations.iter().filter(|one| one.with_tools);
    let marks: Vec<_> =
        with_tools.flat_map(|one| tools.iter().enumerate().map(move |(place, id)| (one, place, *id))).collect();
    for some in marks.chunks(ROWS) {
        let mut sql = SqlBuilder::new(
            "INSERT INTO evaluation_tool (evaluation_id, tool_id, can_operate, truck_stock, tapped_at) VALUES ",
        );
        for (at, (one, place, tool)) in some.iter().enumerate() {
            let rating = one.rating(*place);
            sql.push(if at == 0 { "(" } else { ", (" }).value(one.id).push(", ").value(*tool).push(", ");
            sql.value(rating > 2).push(", ").value(rating > 3).push(", ").value(now).push(")");
        }
        tx.execute(sql.build()).await?;
    }
    Ok(())
}

async fn headers(tx: &mut WriteTx, evaluations: &[BulkEvaluation], now: Instant) -> Result<(), StoreError> {
    let mut sql = SqlBuilder::new(
        "INSERT INTO evaluation (id, employee_id, kind, evaluator_id, evaluated_on, state, completed_on, tier_id, origin, \
         version, created_at, updated_at) VALUES ",
    );
    for (at, one) in evaluations.iter().enumerate() {
        sql.push(if at == 0 { "(" } else { ", (" }).value(one.id).push(", ").value(one.employee).push(", ");
        sql.value(one.kind.as_str()).push(", ").value(one.evaluator).push(", ").value(one.on).push(", ");
        sql.value(State::Completed.as_str()).push(", ").value(one.on).push(", ").value(one.tier).push(", ");
        sql.value(EvaluationOrigin::Form.as_str()).push(", 1, ").value(now).push(", ").value(now).push(")");
    }
    tx.execute(sql.build()).await.map(drop)
}
