//! How far the changes have come: what tells whether something that was read earlier still holds.

use crate::{Conn, StoreError, statements};

statements! {
    /// The newest change that is numbered, and how many wait for their number. SQLite numbers them as they are written.
    LAST_CHANGE = {
        sqlite: "SELECT max(seq) AS numbered, 0 AS waiting FROM trail_leaf WHERE category = 'change'",
        postgres: "SELECT (SELECT max(seq) FROM trail_leaf WHERE category = 'change') AS numbered, \
                   (SELECT count(*) FROM trail_pending WHERE category = 'change') AS waiting",
    };
}

/// A point in the sequence of all changes of records, of every process on this database. Later points are greater.
///
/// No change is committed without its leaf of the category `change`, in the same transaction. So whoever keeps what they
/// have read asks for this *before* they read, keeps it beside it, and asks again before they use it: while it is the
/// same, nothing has changed. Waiting leaves only become fewer by being numbered, so of two points with the same number
/// the one with more leaves waiting is the later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LastChange {
    numbered: Option<i64>,
    waiting: i64,
}

impl LastChange {
    /// The point of the change of this number, with none waiting behind it: for tests of what is kept.
    #[must_use]
    pub const fn numbered(number: i64) -> Self {
        Self { numbered: Some(number), waiting: 0 }
    }
}

impl Conn {
    /// How far the changes have come, as this connection sees it.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn last_change(&mut self) -> Result<LastChange, StoreError> {
        let row = self.fetch_one(LAST_CHANGE.sql()).await?;
        Ok(LastChange { numbered: row.get("numbered")?, waiting: row.get("waiting")? })
    }
}
