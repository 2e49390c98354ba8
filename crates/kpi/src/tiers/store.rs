//! The SQL of promotions, and of what rules look at besides standings.

use palisade_base::{Date, Instant, PersonId, RecordId};
use palisade_records::RowFilter;
use palisade_store::{Conn, SqlBuilder, StoreError, WriteTx, statements};

statements! {
    /// The tier changes where it still is what was decided on, and the employee has not left.
    SET_TIER = "UPDATE employee SET tier_id = $1, version = version + 1, updated_at = $2 \
                WHERE id = $3 AND tier_id = $4 AND archived_at IS NULL";
    /// What was decided, with its evidence.
    INSERT = "INSERT INTO promotion (id, employee_id, from_tier_id, to_tier_id, decided_on, decided_by, reason, evidence, \
              version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)";
}

/// A promotion as it is written.
pub(super) struct Row<'a> {
    pub(super) id: RecordId,
    pub(super) employee: RecordId,
    pub(super) from: RecordId,
    pub(super) to: RecordId,
    pub(super) decided_on: Date,
    pub(super) decided_by: Option<PersonId>,
    pub(super) reason: &'a str,
    pub(super) evidence: &'a str,
}

/// Whose employee's record it is, where all these let it through.
pub(super) async fn person(
    conn: &mut Conn,
    employee: RecordId,
    rows: &[RowFilter],
) -> Result<Option<PersonId>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT r.person_id AS person_id FROM employee r JOIN person b ON b.id = r.person_id WHERE r.id = ",
    );
    sql.value(employee);
    for rows in rows {
        sql.push(" AND ").append(&rows.condition());
    }
    conn.fetch_optional(sql.build()).await?.map(|row| row.get("person_id")).transpose()
}

/// Who trains others, among these rows.
pub(super) async fn trainers(conn: &mut Conn, rows: RowFilter) -> Result<Vec<RecordId>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT r.id AS id FROM employee r JOIN person b ON b.id = r.person_id WHERE r.trains_others AND ",
    );
    sql.append(&rows.condition());
    conn.fetch_all(sql.build()).await?.iter().map(|row| row.get("id")).collect()
}

/// Gives the tier and writes down why; `false`, and nothing is written, where the tier is another by now.
pub(super) async fn promote(tx: &mut WriteTx, row: &Row<'_>, now: Instant) -> Result<bool, StoreError> {
    let changed = tx.execute(SET_TIER.bind(row.to).bind(now).bind(row.employee).bind(row.from)).await?;
    if changed == 0 {
        return Ok(false);
    }
    let sql = INSERT
        .bind(row.id)
        .bind(row.employee)
        .bind(row.from)
        .bind(row.to)
        .bind(row.decided_on)
        .bind(row.decided_by)
        .bind(row.reason)
        .bind(row.evidence)
        .bind(now)
        .bind(now);
    tx.execute(sql).await?;
    Ok(true)
}
