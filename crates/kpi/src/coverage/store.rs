//! Whose records somebody may read.

use std::collections::HashSet;

use palisade_base::RecordId;
use palisade_records::RowFilter;
use palisade_store::{Conn, SqlBuilder, StoreError};

/// The employees that this filter of employees lets through.
pub(super) async fn reached(conn: &mut Conn, filter: &RowFilter) -> Result<HashSet<RecordId>, StoreError> {
    let mut sql = SqlBuilder::new("SELECT r.id AS id FROM employee r WHERE ");
    sql.append(&filter.condition());
    conn.fetch_all(sql.build()).await?.iter().map(|row| row.get("id")).collect()
}
