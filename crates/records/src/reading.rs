//! Reading records: as somebody sees them, and so that who looked is known.

use std::collections::HashSet;

use palisade_base::{Caller, Category, Error, RecordId, Resource, TrailEntry};

use crate::{ListRequest, Page, Record, RecordType, Records, View, store};

impl Records {
    /// A part of the list as this caller sees it.
    ///
    /// # Errors
    /// The caller may not read this type, or the database can't be used.
    pub async fn list(&self, caller: &Caller, ty: &'static RecordType, request: &ListRequest) -> Result<Page, Error> {
        let view = View::new(ty, caller);
        let mut conn = self.store.read().await?;
        let total = store::count(&mut conn, ty, &view, request).await?;
        let records = store::list(&mut conn, ty, &view, request).await?;
        Ok(Page { records, total })
    }

    /// A part of the list, to be shown. Where people other than the caller are on it, that they were viewed is in the trail
    /// before it is given out: of what kind, how many, and what was asked for; not who, and no values.
    ///
    /// # Errors
    /// As [`Records::list`]; also where the trail can't be written.
    pub async fn view_list(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        request: &ListRequest,
    ) -> Result<Page, Error> {
        let page = self.list(caller, ty, request).await?;
        let own = caller.person.map(RecordId::from);
        let subjects = page.records.iter().filter_map(Record::subject).filter(|subject| Some(*subject) != own);
        let people = subjects.collect::<HashSet<_>>().len();
        if ty.is_personal() && people > 0 {
            let entry = TrailEntry::new(Category::Access, caller, ty.verbs.list.action, Resource::whole(ty.name));
            let entry = entry.note("people", people).note("filter", request.in_words(ty));
            self.store.append(&[entry]).await?;
        }
        Ok(page)
    }

    /// How many records of this type, in use, the caller sees.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn count(&self, caller: &Caller, ty: &'static RecordType) -> Result<u64, Error> {
        let mut conn = self.store.read().await?;
        Ok(store::count(&mut conn, ty, &View::new(ty, caller), &ListRequest::default()).await?)
    }

    /// One record as this caller sees it. Leaves no trace: for links, forms and checks.
    ///
    /// # Errors
    /// `NotFound` where there is none, or none for this caller.
    pub async fn get(&self, caller: &Caller, ty: &'static RecordType, id: RecordId) -> Result<Record, Error> {
        let mut conn = self.store.read().await?;
        let record = store::find(&mut conn, ty, &View::new(ty, caller), id).await?;
        record.ok_or_else(Error::not_found)
    }

    /// One record, to be shown. Where it is about a person other than the caller, that it was viewed is in the trail
    /// before it is given out.
    ///
    /// # Errors
    /// As [`Records::get`]; also where the trail can't be written.
    pub async fn view(&self, caller: &Caller, ty: &'static RecordType, id: RecordId) -> Result<Record, Error> {
        let record = self.get(caller, ty, id).await?;
        let own = caller.person.map(RecordId::from);
        if ty.is_personal() && record.subject().is_some() && record.subject() != own {
            let entry = TrailEntry::new(Category::Access, caller, ty.verbs.read.action, Resource::new(ty.name, id));
            self.store.append(&[entry]).await?;
        }
        Ok(record)
    }
}
