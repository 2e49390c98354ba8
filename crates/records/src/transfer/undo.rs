//! Taking an import back: what it made goes, what it changed becomes as it was, unless somebody has touched it since.

use palisade_base::{Caller, Error, Kind as ErrorKind, TrailEntry};
use palisade_store::{StoreError, WriteTx};
use serde_json::Value as Json;

use super::{Touched, columns::ACTIVE};
use crate::{
    Draft, Given, Record, RecordType, Records,
    policy::{self, UndoImport, Update},
    service::{batch_entry, entry},
    store,
};
use palisade_base::RecordId;

impl Records {
    /// Takes an applied import back, all of it or nothing.
    ///
    /// # Errors
    /// `NotFound` where there is no such import to take back, `Denied` (traced), `Conflict` where a record was changed
    /// since or something refers to it.
    pub async fn undo_import(&self, caller: &Caller, ty: &'static RecordType, id: RecordId) -> Result<usize, Error> {
        let done = self.try_undo(caller, ty, id).await;
        self.trace_denial(caller, ty, ty.verbs.undo_import, None, done).await
    }

    async fn try_undo(&self, caller: &Caller, ty: &'static RecordType, id: RecordId) -> Result<usize, Error> {
        policy::permit::<UndoImport>(ty, caller)?;
        let mut tx = self.store.write().await?;
        let rows = self.inbox(ty).set_undone(&mut tx, id).await?;
        let mut entries = Vec::new();
        // Backwards, so that what a later row refers to is still there while that row is taken back.
        for row in rows.iter().rev() {
            self.undo_row(&mut tx, caller, ty, row, &mut entries).await?;
        }
        let whole =
            batch_entry(caller, ty, ty.verbs.undo_import).note("import", id.to_string()).note("records", rows.len());
        tx.commit_all(whole, entries).await?;
        Ok(rows.len())
    }

    async fn undo_row(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        ty: &'static RecordType,
        row: &Touched,
        entries: &mut Vec<TrailEntry>,
    ) -> Result<(), Error> {
        let found = self.fetch_for::<Update>(tx, caller, ty, row.record).await?;
        if found.record.version != row.version {
            let message = format!(
                "“{}” was changed after the import, so the import can't be taken back as a whole. Change its records one by one.",
                found.record.title()
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        match &row.before {
            Some(before) => {
                let (draft, active) = draft_of(before);
                entries.extend(self.change(tx, caller, &found, &draft).await?);
                entries.extend(self.set_active(tx, caller, ty, (row.record, active)).await?);
            }
            None => entries.extend(remove(tx, caller, &found.record, row.made_base).await?),
        }
        Ok(())
    }
}

/// The fields as they were, and whether the record was in use where that was changed.
fn draft_of(before: &str) -> (Draft, Option<bool>) {
    let mut fields = match serde_json::from_str(before) {
        Ok(Json::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let active = fields.remove(ACTIVE).and_then(|active| active.as_bool());
    (fields.into_iter().fold(Draft::new(), |draft, (name, value)| draft.give(name, Given::Json(value))), active)
}

/// Removes a record that the import made, with the base that it made for it.
async fn remove(tx: &mut WriteTx, caller: &Caller, record: &Record, made_base: bool) -> Result<Vec<TrailEntry>, Error> {
    let ty = record.ty;
    let still_used = |error: StoreError| match error {
        StoreError::ForeignKey => {
            let message =
                format!("Something refers to “{}” by now, so the import can't be taken back.", record.title());
            Error::new(ErrorKind::Conflict, message)
        }
        other => other.into(),
    };
    store::delete(tx, ty, (record.id, record.own_version)).await.map_err(still_used)?;
    let mut entries = vec![entry(caller, ty, ty.verbs.undo_import, record.id)];
    if let (Some(base), Some((id, version)), true) = (&ty.base, record.base, made_base) {
        store::delete(tx, base.of, (id, version)).await.map_err(still_used)?;
        entries.push(entry(caller, base.of, base.of.verbs.undo_import, id));
    }
    Ok(entries)
}
