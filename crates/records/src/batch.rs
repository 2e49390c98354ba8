//! Several changes that belong together: all of them with their trail entries, or none.

use palisade_base::{Caller, Error, RecordId, TrailEntry};
use palisade_store::WriteTx;

use crate::{
    Draft, ListRequest, Page, Record, RecordType, Records, View,
    policy::{self, Archive, Create},
    service::find_written,
    store,
};

/// Changes of one caller in one transaction. Dropped without [`Batch::commit`], nothing has happened.
///
/// While it lives, nobody else writes (SQLite has one writer): do what takes time before it begins.
pub struct Batch<'a> {
    records: &'a Records,
    caller: &'a Caller,
    tx: WriteTx,
    entries: Vec<TrailEntry>,
}

impl Records {
    /// Begins changes that are to happen together, of a caller who may make records of all these types.
    ///
    /// # Errors
    /// `Denied` where one of the types is refused, which is traced before anything begins.
    pub async fn batch<'a>(&'a self, caller: &'a Caller, makes: &[&'static RecordType]) -> Result<Batch<'a>, Error> {
        for ty in makes {
            self.permit::<Create>(caller, ty).await?;
        }
        Ok(Batch { records: self, caller, tx: self.store.write().await?, entries: Vec::new() })
    }
}

impl Batch<'_> {
    /// A part of a list as the caller sees it, with what this batch has changed so far.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn list(&mut self, ty: &'static RecordType, request: &ListRequest) -> Result<Page, Error> {
        let view = View::new(ty, self.caller);
        let total = store::count(&mut self.tx, ty, &view, request).await?;
        let records = store::list(&mut self.tx, ty, &view, request).await?;
        Ok(Page { records, total })
    }

    /// One record as the caller sees it, with what this batch has changed so far.
    ///
    /// # Errors
    /// The caller does not see it, or the database can't be used.
    pub async fn get(&mut self, ty: &'static RecordType, id: RecordId) -> Result<Record, Error> {
        find_written(&mut self.tx, self.caller, ty, id).await
    }

    /// Makes a record.
    ///
    /// # Errors
    /// `Denied`, or what is wrong with the draft, all at once. The batch is of no more use then: drop it.
    pub async fn create(&mut self, ty: &'static RecordType, draft: &Draft) -> Result<RecordId, Error> {
        let (permit, rows) = policy::permit::<Create>(ty, self.caller)?;
        let (id, entries) = self.records.insert(&mut self.tx, self.caller, ty, draft, (&permit, rows)).await?;
        self.entries.extend(entries);
        Ok(id)
    }

    /// The transaction, for what an app does by hand in the same go; the entries of that go to [`Batch::add`].
    pub const fn tx(&mut self) -> &mut WriteTx {
        &mut self.tx
    }

    /// Adds the entry of something that was done by hand in [`Batch::tx`].
    pub fn add(&mut self, entry: TrailEntry) {
        self.entries.push(entry);
    }

    /// Takes a record out of use that this batch has made or found.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; the batch is of no more use then.
    pub async fn archive(&mut self, ty: &'static RecordType, id: RecordId) -> Result<(), Error> {
        let found = self.records.fetch_for::<Archive>(&mut self.tx, self.caller, ty, id).await?;
        if found.record.archived_at.is_none() {
            self.entries.push(self.records.write_archived(&mut self.tx, self.caller, &found, true).await?);
        }
        Ok(())
    }

    /// How many trail entries it has so far; none means that nothing was changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was changed so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Commits all changes, under an entry of their own that says what they were together. Where nothing was changed,
    /// nothing is written, this entry neither.
    ///
    /// # Errors
    /// The database can't be used; nothing was changed then.
    pub async fn commit(self, together: TrailEntry) -> Result<(), Error> {
        if !self.entries.is_empty() {
            self.tx.commit_all(together, self.entries).await?;
        }
        Ok(())
    }
}
