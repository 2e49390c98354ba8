//! Whom somebody may evaluate.

use palisade_base::{PersonId, RecordId};
use palisade_records::RowFilter;
use palisade_store::{Conn, Row, SqlBuilder, StoreError};

/// Somebody whom the caller may evaluate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The employee's record.
    pub employee: RecordId,
    /// The person.
    pub person: PersonId,
    /// First and last name.
    pub name: String,
}

/// The employees in use that this filter lets through, by name.
pub(super) async fn subjects(conn: &mut Conn, rows: RowFilter) -> Result<Vec<Subject>, StoreError> {
    let mut sql = SqlBuilder::new(
        "SELECT r.id, r.person_id, b.given_name, b.family_name FROM employee r JOIN person b ON b.id = r.person_id WHERE ",
    );
    sql.append(&rows.condition()).push(" AND r.archived_at IS NULL ORDER BY b.family_name, b.given_name, r.id");
    let read = |row: &Row| {
        let (given, family): (String, String) = (row.get("given_name")?, row.get("family_name")?);
        Ok(Subject { employee: row.get("id")?, person: row.get("person_id")?, name: format!("{given} {family}") })
    };
    conn.fetch_all(sql.build()).await?.iter().map(read).collect()
}
