//! What keeps a record in use: it is not archived as long as others need it.

use palisade_base::{Caller, Error, Kind as ErrorKind};
use palisade_store::Conn;

use crate::{Hold, Record, Records, View, store};

/// Why a record stays in use, and what to do about it.
pub(crate) struct Held {
    /// Who needs it, in a sentence without its full stop.
    pub(crate) reason: String,
    /// What to do first.
    pub(crate) advice: &'static str,
    /// The first record that needs it, where the caller sees it.
    pub(crate) by: Option<Record>,
}

impl Held {
    /// Who needs it, and what to do.
    pub(crate) fn message(&self) -> String {
        format!("{}. {}", self.reason, self.advice)
    }
}

impl Records {
    /// What keeps this record in use, if anything does.
    pub(crate) async fn held(&self, conn: &mut Conn, caller: &Caller, record: &Record) -> Result<Option<Held>, Error> {
        for field in record.ty.fields {
            let (Some(hold), Some(value)) = (field.hold, record.value(field.name)) else { continue };
            let Some(place) = hold.by.position(hold.field).filter(|_| !value.is_null()) else { continue };
            let ids = store::in_use_with(conn, hold.by, (place, value)).await?;
            let (mut seen, view) = (Vec::new(), View::new(hold.by, caller));
            for id in &ids {
                seen.extend(store::find(conn, hold.by, &view, *id).await?);
            }
            if !ids.is_empty() {
                let reason = reason(record, hold, &seen, ids.len() - seen.len());
                return Ok(Some(Held { reason, advice: hold.advice, by: seen.into_iter().next() }));
            }
        }
        Ok(None)
    }

    /// Whether the record can go out of use.
    ///
    /// # Errors
    /// `Conflict` with who needs it.
    pub(crate) async fn check_free(&self, conn: &mut Conn, caller: &Caller, record: &Record) -> Result<(), Error> {
        match self.held(conn, caller, record).await? {
            Some(held) => Err(Error::new(ErrorKind::Conflict, held.message())),
            None => Ok(()),
        }
    }
}

/// `Nora North leads the team “North” and one that is not yours to see`.
fn reason(record: &Record, hold: &Hold, seen: &[Record], unseen: usize) -> String {
    let singular = hold.by.singular;
    let named = seen.iter().map(|by| format!("the {singular} “{}”", by.title()));
    let hidden = (unseen > 0).then(|| format!("a {singular} that is not yours to see"));
    let all: Vec<String> = named.chain(hidden).collect();
    format!("{} {} {}", record.title(), hold.verb, all.join(" and "))
}
