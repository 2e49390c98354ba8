//! What stands in the trail, for tests.

use palisade_store::{Engine, LEAF_COLUMNS, SqlBuilder, leaf_from_row};
use palisade_testkit::TestStore;

/// One event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) outcome: String,
    pub(crate) detail: Option<String>,
}

/// The whole trail, oldest first.
pub(crate) async fn trail(db: &TestStore) -> Vec<Event> {
    let (table, order) = match db.store.engine() {
        Engine::Sqlite => ("trail_leaf", "seq"),
        Engine::Postgres => ("trail_pending", "arrival"),
    };
    let mut sql = SqlBuilder::new("SELECT ");
    sql.push(LEAF_COLUMNS).push(" FROM ").push(table).push(" ORDER BY ").push(order);
    let rows = db.store.read().await.unwrap().fetch_all(sql.build()).await.unwrap();
    let event = |row| {
        let leaf = leaf_from_row(row).unwrap();
        let what = leaf.what.0;
        let detail = leaf.detail.and_then(|(detail, _)| detail);
        Event { actor: what.actor, action: what.action, outcome: what.outcome, detail }
    };
    rows.iter().map(event).collect()
}
