//! What is done with records. Every way to a record leads through here: it is found, checked and permitted in one call,
//! and a change is committed with its trail entry or not at all.

use jiff::tz::TimeZone;
use palisade_base::{
    Caller, Category, Date, Error, FieldError, Kind as ErrorKind, Permit, RecordId, Resource, TrailEntry,
};
use palisade_store::{Conn, Store, Value, WriteTx};
use serde_json::Value as Json;

use crate::{
    Draft, Moving, Privacy, Record, RecordType, Verb, View,
    check::{self, Target},
    policy::{self, Archive, Create, RecordAction, Restore, RowFilter, Update},
    store,
};

/// All records of all types. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    pub(crate) store: Store,
    zone: TimeZone,
}

/// A record found for an action, with the decision that the action is permitted on it.
pub struct Permitted<A: RecordAction> {
    /// The record.
    pub record: Record,
    /// The decision.
    pub permit: Permit<A>,
    /// The rows that the action is permitted on; the record must lie within it afterwards, too.
    pub(crate) rows: RowFilter,
}

impl Records {
    /// The records in this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, zone: TimeZone::UTC }
    }

    /// The same records of a company in this time zone, which decides what "today" is.
    #[must_use]
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The company's day.
    #[must_use]
    pub fn today(&self) -> Date {
        self.store.env().now().date_in(&self.zone)
    }

    /// The store below, for an app's hand-written reads; they take a [`RowFilter`].
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Finds a record for an action and decides about it in the same call.
    ///
    /// # Errors
    /// `NotFound` where the caller does not see the record, `Denied` where they see it and may not do this to it, `Conflict`
    /// where its state closes it to changes.
    pub async fn fetch_for<A: RecordAction>(
        &self,
        conn: &mut Conn,
        caller: &Caller,
        ty: &'static RecordType,
        id: RecordId,
    ) -> Result<Permitted<A>, Error> {
        let record = store::find(conn, ty, &View::new(ty, caller), id).await?.ok_or_else(Error::not_found)?;
        let (permit, rows) = policy::permit::<A>(ty, caller)?;
        if !rows.is_open() && !store::is_within(conn, ty, id, &[rows]).await? {
            return Err(Error::denied());
        }
        if let (Some(lifecycle), true) = (ty.lifecycle, A::IS_CHANGE) {
            lifecycle.check_open(&Moving { record: &record, caller, today: self.today() })?;
        }
        Ok(Permitted { record, permit, rows })
    }

    /// Whether the caller may do `A` to this record, for showing only buttons that work.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn may<A: RecordAction>(&self, caller: &Caller, record: &Record) -> Result<bool, Error> {
        let mut conn = self.store.read().await?;
        match self.fetch_for::<A>(&mut conn, caller, record.ty, record.id).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Conflict) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether this record lies within what the caller reaches with a permission that its app declares.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn reaches(
        &self,
        conn: &mut Conn,
        caller: &Caller,
        permission: &'static str,
        (ty, id): (&'static RecordType, RecordId),
    ) -> Result<bool, Error> {
        let rows = policy::reached_with(ty, caller, permission);
        Ok(!rows.is_closed() && store::is_within(conn, ty, id, &[rows]).await?)
    }

    /// Decides whether the caller may do `A` to records of this type at all, for work that an app does by hand.
    ///
    /// # Errors
    /// `Denied`, which is traced.
    pub async fn permit<A: RecordAction>(&self, caller: &Caller, ty: &'static RecordType) -> Result<Permit<A>, Error> {
        let decided = policy::permit::<A>(ty, caller).map(|(permit, _)| permit);
        self.trace_denial(caller, ty, A::verb(&ty.verbs), None, decided).await
    }

    /// Makes a record.
    ///
    /// # Errors
    /// `Denied` (which is traced), or what is wrong with the draft, all at once.
    pub async fn create(&self, caller: &Caller, ty: &'static RecordType, draft: &Draft) -> Result<Record, Error> {
        let made = self.try_create(caller, ty, draft).await;
        self.trace_denial(caller, ty, ty.verbs.create, None, made).await
    }

    async fn try_create(&self, caller: &Caller, ty: &'static RecordType, draft: &Draft) -> Result<Record, Error> {
        let (permit, rows) = policy::permit::<Create>(ty, caller)?;
        let mut tx = self.store.write().await?;
        let (id, mut entries) = self.insert(&mut tx, caller, ty, draft, (&permit, rows)).await?;
        let record = find_written(&mut tx, caller, ty, id).await?;
        let first = entries.remove(0);
        tx.commit_all(first, entries).await?;
        Ok(record)
    }

    /// Adds the rows of a new record; gives its id and the entries that must be committed with it, its own first.
    pub(crate) async fn insert(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        ty: &'static RecordType,
        draft: &Draft,
        (_permit, rows): (&Permit<Create>, RowFilter),
    ) -> Result<(RecordId, Vec<TrailEntry>), Error> {
        let mut values = check::check(tx, &Target { ty, caller, current: None }, draft).await?.values;
        let filters = check::write_filters(&View::new(ty, caller), rows, &values);
        let (env, now) = (self.store.env(), self.store.env().now());
        let id = RecordId::new(env);
        let mut entries = vec![entry(caller, ty, ty.verbs.create, id)];
        if let (Some(base), Some(link)) = (&ty.base, ty.base_link())
            && !values.iter().any(|(index, _)| *index == link)
        {
            let base_id = RecordId::new(env);
            store::insert(tx, base.of, base_id, &columns(ty, &values, true), now).await?;
            let shared = entry(caller, base.of, base.of.verbs.create, base_id);
            entries.push(with_changes(shared, ty, None, &values, true));
            values.push((link, base_id.into()));
        }
        values.extend(initial_values(ty));
        store::insert(tx, ty, id, &columns(ty, &values, false), now).await?;
        entries[0] = with_changes(entries[0].clone(), ty, None, &values, false);
        stay_within(tx, ty, id, &filters).await?;
        Ok((id, entries))
    }

    /// Changes a record that still has the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`, `Denied` (traced), `Conflict` where the record was changed meanwhile (the fields that now differ from
    /// the draft are named), or what is wrong with the draft.
    pub async fn update(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        (id, version): (RecordId, i64),
        draft: &Draft,
    ) -> Result<Record, Error> {
        let done = self.try_update(caller, ty, (id, version), draft).await;
        self.trace_denial(caller, ty, ty.verbs.update, Some(id), done).await
    }

    async fn try_update(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        (id, version): (RecordId, i64),
        draft: &Draft,
    ) -> Result<Record, Error> {
        let mut tx = self.store.write().await?;
        let found = self.fetch_for::<Update>(&mut tx, caller, ty, id).await?;
        if !found.record.is_settable() {
            return Err(Error::denied());
        }
        if found.record.version != version {
            return Err(changed_meanwhile(&found.record, draft));
        }
        let mut entries = self.change(&mut tx, caller, &found, draft).await?;
        if entries.is_empty() {
            // Nothing differs: nothing is written, and the version stays.
            return Ok(found.record);
        }
        let record = find_written(&mut tx, caller, ty, id).await?;
        let first = entries.remove(0);
        tx.commit_all(first, entries).await?;
        Ok(record)
    }

    /// Changes the rows of a record; gives the entries that must be committed with it: none where nothing differs.
    pub(crate) async fn change(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        found: &Permitted<Update>,
        draft: &Draft,
    ) -> Result<Vec<TrailEntry>, Error> {
        let (record, ty) = (&found.record, found.record.ty);
        let values = check::check(tx, &Target { ty, caller, current: Some(record) }, draft).await?.values;
        let filters = check::write_filters(&View::new(ty, caller), found.rows, &values);
        let now = self.store.env().now();
        let mut entries = Vec::new();
        let own = columns(ty, &values, false);
        if !own.is_empty() {
            let done = store::update(tx, ty, (record.id, record.own_version), &own, now).await?;
            done.then_some(()).ok_or_else(|| changed_meanwhile(record, draft))?;
            let own_entry = entry(caller, ty, ty.verbs.update, record.id);
            entries.push(with_changes(own_entry, ty, Some(record), &values, false));
        }
        let shared = columns(ty, &values, true);
        if let (Some(base), Some((base_id, base_version)), false) = (&ty.base, record.base, shared.is_empty()) {
            let done = store::update(tx, base.of, (base_id, base_version), &shared, now).await?;
            done.then_some(()).ok_or_else(|| changed_meanwhile(record, draft))?;
            let shared_entry = entry(caller, base.of, base.of.verbs.update, base_id);
            entries.push(with_changes(shared_entry, ty, Some(record), &values, true));
        }
        stay_within(tx, ty, record.id, &filters).await?;
        Ok(entries)
    }

    /// Takes a record out of use. It stays, is found under "out of use", and can be taken into use again.
    ///
    /// # Errors
    /// As [`Records::update`].
    pub async fn archive(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        (id, version): (RecordId, i64),
    ) -> Result<Record, Error> {
        let done = self.set_archived::<Archive>(caller, ty, (id, version), true).await;
        self.trace_denial(caller, ty, ty.verbs.archive, Some(id), done).await
    }

    /// Takes a record into use again.
    ///
    /// # Errors
    /// As [`Records::update`].
    pub async fn restore(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        (id, version): (RecordId, i64),
    ) -> Result<Record, Error> {
        let done = self.set_archived::<Restore>(caller, ty, (id, version), false).await;
        self.trace_denial(caller, ty, ty.verbs.restore, Some(id), done).await
    }

    async fn set_archived<A: RecordAction>(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        (id, version): (RecordId, i64),
        archived: bool,
    ) -> Result<Record, Error> {
        let mut tx = self.store.write().await?;
        let found = self.fetch_for::<A>(&mut tx, caller, ty, id).await?;
        if found.record.version != version {
            return Err(changed_meanwhile(&found.record, &Draft::new()));
        }
        if found.record.archived_at.is_some() == archived {
            return Ok(found.record);
        }
        let done = self.write_archived(&mut tx, caller, &found, archived).await?;
        let record = find_written(&mut tx, caller, ty, id).await?;
        tx.commit(done).await?;
        Ok(record)
    }

    /// Takes a record out of use or into it; gives the entry that must be committed with it.
    pub(crate) async fn write_archived<A: RecordAction>(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        found: &Permitted<A>,
        archived: bool,
    ) -> Result<TrailEntry, Error> {
        let (record, ty, now) = (&found.record, found.record.ty, self.store.env().now());
        if archived {
            self.check_free(tx, caller, record).await?;
        }
        let values = [("archived_at", archived.then_some(now).into())];
        if !store::update(tx, ty, (record.id, record.own_version), &values, now).await? {
            return Err(changed_meanwhile(record, &Draft::new()));
        }
        Ok(entry(caller, ty, A::verb(&ty.verbs), record.id))
    }

    /// Writes a refusal into the trail; everything else passes through. The transaction is over by now: it held the writer.
    ///
    /// # Errors
    /// The same as before, or the trail can't be written.
    pub async fn trace_denial<T>(
        &self,
        caller: &Caller,
        ty: &RecordType,
        verb: Verb,
        id: Option<RecordId>,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        if let Err(error) = &result
            && error.kind() == ErrorKind::Denied
        {
            let resource = id.map_or_else(|| Resource::whole(ty.name), |id| Resource::new(ty.name, id));
            let entry = TrailEntry::new(Category::Security, caller, verb.action, resource).failed("denied");
            self.store.append(&[entry]).await?;
        }
        result
    }
}

pub(crate) async fn find_written(
    tx: &mut WriteTx,
    caller: &Caller,
    ty: &'static RecordType,
    id: RecordId,
) -> Result<Record, Error> {
    store::find(tx, ty, &View::new(ty, caller), id).await?.ok_or_else(Error::denied)
}

/// A written row must still be one that the writer may write: nobody moves a record beyond their own reach.
async fn stay_within(
    tx: &mut WriteTx,
    ty: &'static RecordType,
    id: RecordId,
    filters: &[RowFilter],
) -> Result<(), Error> {
    if filters.is_empty() || store::is_within(tx, ty, id, filters).await? {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Denied,
        "Your role reaches the records of your own team only, and this one would lie outside of it.",
    ))
}

pub(crate) fn entry(caller: &Caller, ty: &RecordType, verb: Verb, id: RecordId) -> TrailEntry {
    TrailEntry::new(Category::Change, caller, verb.action, Resource::new(ty.name, id))
}

/// The entry of something that is done to many records at once.
pub(crate) fn batch_entry(caller: &Caller, ty: &RecordType, verb: Verb) -> TrailEntry {
    TrailEntry::new(Category::Change, caller, verb.action, Resource::whole(ty.name))
}

/// What the program sets in a new record.
fn initial_values(ty: &RecordType) -> impl Iterator<Item = (usize, Value)> {
    let fields = ty.fields.iter().enumerate();
    fields.filter_map(|(index, field)| field.initial.map(|word| (index, Value::from(word))))
}

/// The columns to write: those of the record's own table, or those that it shares with its base.
pub(crate) fn columns(ty: &RecordType, values: &[(usize, Value)], shared: bool) -> Vec<(&'static str, Value)> {
    let fields = values.iter().map(|(index, value)| (&ty.fields[*index], value));
    fields.filter(|(field, _)| field.is_shared == shared).map(|(field, value)| (field.column, value.clone())).collect()
}

pub(crate) fn with_changes(
    mut entry: TrailEntry,
    ty: &RecordType,
    before: Option<&Record>,
    values: &[(usize, Value)],
    shared: bool,
) -> TrailEntry {
    for (index, value) in values {
        let field = &ty.fields[*index];
        if field.is_shared != shared {
            continue;
        }
        let old = before.map_or(Json::Null, |record| field.kind.write_json(&record.cells[*index].value));
        entry = match field.privacy {
            Privacy::Secret => entry.changed_secret(field.name),
            Privacy::None | Privacy::Personal(_) => entry.changed(field.name, old, field.kind.write_json(value)),
        };
    }
    entry
}

impl Record {
    /// Whether it still has the version that somebody has seen.
    ///
    /// # Errors
    /// `Conflict` where it has not.
    pub fn expect_version(&self, version: i64) -> Result<(), Error> {
        if self.version == version { Ok(()) } else { Err(changed_meanwhile(self, &Draft::new())) }
    }
}

/// Says that somebody was quicker, and which fields now differ from what was sent.
pub(crate) fn changed_meanwhile(record: &Record, draft: &Draft) -> Error {
    let mut fields = Vec::new();
    for (index, field) in record.ty.fields.iter().enumerate() {
        let cell = &record.cells[index];
        let given = draft.given.iter().find(|(name, _)| name == field.name).map(|(_, given)| given);
        let differs = given.and_then(|given| field.read_value(given).ok()).is_some_and(|value| value != cell.value);
        if cell.is_shown && differs {
            let now = record.text(field.name).filter(|text| !text.is_empty()).unwrap_or_else(|| "empty".into());
            fields.push(FieldError {
                field: field.name.into(),
                message: format!("This is “{now}” now; you sent something else."),
            });
        }
    }
    let at = record.updated_at;
    let message = format!(
        "Somebody changed this at {at}, after you had opened it. Nothing of yours was written. Look at what differs, then send it again if it is still right."
    );
    Error::new(ErrorKind::Conflict, message).about(fields).caused_by(OTHER_VERSION)
}

/// Says that a record is no longer in the state in which it was found.
pub(crate) fn moved_meanwhile(record: &Record) -> Error {
    let message =
        format!("Somebody was quicker: this {} is not what it was a moment ago. Look at it again.", record.ty.singular);
    Error::new(ErrorKind::Conflict, message)
}

/// The private cause of a conflict of versions, which tells it from one of names.
const OTHER_VERSION: &str = "the record has another version than the one that was named";

/// Whether a conflict is one of versions.
pub(crate) fn is_other_version(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && error.cause_for_log() == Some(OTHER_VERSION)
}
