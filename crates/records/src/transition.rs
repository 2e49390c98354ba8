//! Moving records from state to state. There is no other way for a state to change.

use palisade_base::{Caller, Error, FieldError, Kind as ErrorKind, RecordId};
use palisade_store::{Conn, StoreError, Value};

use crate::{
    Draft, Effecting, Lifecycle, Moving, Record, RecordType, Records, Stamp, Transition, View,
    check::{lower_first, missing},
    service, store,
};

impl Lifecycle {
    /// The state of a record, as stored.
    #[must_use]
    pub fn state_of<'a>(&self, record: &'a Record) -> &'a str {
        match record.value(self.field) {
            Some(Value::Text(state)) => state,
            _ => "",
        }
    }

    /// Whether nobody may change the record as it is.
    ///
    /// # Errors
    /// `Conflict` where its state closes it, or what the rule about its editors says.
    pub(crate) fn check_open(&self, moving: &Moving<'_>) -> Result<(), Error> {
        if self.locked.contains(&self.state_of(moving.record)) {
            let (singular, state) = (moving.record.ty.singular, state_words(moving.record, self));
            let message = format!("This {singular} is {state}, and closed to changes.");
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        (self.editor)(moving)
    }
}

impl Records {
    /// Moves a record to another state, with everything that follows from it. Gives the record as the caller sees it
    /// now; none where it has gone out of their sight. Without a version it is moved whatever its version is.
    ///
    /// # Errors
    /// `NotFound`; `Denied` (traced); `Conflict` where it is in another state or has another version; `Invalid` with what
    /// is missing.
    pub async fn transition(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        name: &str,
        (id, version): (RecordId, Option<i64>),
        given: &Draft,
    ) -> Result<Option<Record>, Error> {
        let transition = ty.transitions().iter().find(|known| known.name == name).ok_or_else(Error::not_found)?;
        let done = self.try_transition(caller, transition, (ty, id, version), given).await;
        self.trace_denial(caller, ty, transition.verb, Some(id), done).await
    }

    async fn try_transition(
        &self,
        caller: &Caller,
        transition: &'static Transition,
        (ty, id, version): (&'static RecordType, RecordId, Option<i64>),
        given: &Draft,
    ) -> Result<Option<Record>, Error> {
        let mut tx = self.store.write().await?;
        let view = View::new(ty, caller);
        let record = store::find(&mut tx, ty, &view, id).await?.ok_or_else(Error::not_found)?;
        let moving = Moving { record: &record, caller, today: self.today() };
        may_move(self, &mut tx, &moving, transition).await?;
        let values = written(&moving, transition, read_asked(&moving, transition, given)?);
        version.map_or(Ok(()), |version| record.expect_version(version))?;
        let columns = service::columns(ty, &values, false);
        let done = store::update(&mut tx, ty, (id, record.own_version), &columns, self.store.env().now()).await;
        if !done.map_err(|error| taken(ty, error))? {
            return Err(service::moved_meanwhile(&record));
        }
        let entry = service::entry(caller, ty, transition.verb, id);
        let mut entry = service::with_changes(entry, ty, Some(&record), &values, false);
        let mut also = Vec::new();
        if let Some(effect) = transition.effect {
            let (tx, moving) = (&mut tx, &moving);
            effect(Effecting { tx, moving, records: self, entry: &mut entry, also: &mut also }).await?;
        }
        let seen = store::find(&mut tx, ty, &view, id).await?;
        tx.commit_all(entry, also).await?;
        Ok(seen)
    }

    /// Whether the caller could begin this transition from where the record is.
    ///
    /// # Errors
    /// What [`Records::transition`] would say, but for what may be missing in the record.
    pub async fn check_transition(
        &self,
        caller: &Caller,
        record: &Record,
        transition: &'static Transition,
    ) -> Result<(), Error> {
        let moving = Moving { record, caller, today: self.today() };
        let mut conn = self.store.read().await?;
        match may_move(self, &mut conn, &moving, transition).await {
            Err(error) if error.kind() == ErrorKind::Invalid => Ok(()),
            checked => checked,
        }
    }

    /// The transitions that the caller can begin from where the record is: for showing only buttons that lead somewhere.
    /// What may still be missing, the transition says itself.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn transitions_of(&self, caller: &Caller, record: &Record) -> Result<Vec<&'static Transition>, Error> {
        if record.ty.transitions().is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.store.read().await?;
        let moving = Moving { record, caller, today: self.today() };
        let mut open = Vec::new();
        for transition in record.ty.transitions() {
            match may_move(self, &mut conn, &moving, transition).await {
                Ok(()) => open.push(transition),
                Err(error) if error.kind() == ErrorKind::Internal => return Err(error),
                Err(error) if error.kind() == ErrorKind::Invalid => open.push(transition),
                Err(_) => {}
            }
        }
        Ok(open)
    }
}

/// Permission, reach, state, guard.
async fn may_move(
    records: &Records,
    conn: &mut Conn,
    moving: &Moving<'_>,
    transition: &'static Transition,
) -> Result<(), Error> {
    let record = moving.record;
    if !records.reaches(conn, moving.caller, transition.verb.permission, (record.ty, record.id)).await? {
        return Err(Error::denied());
    }
    check_state(record, transition)?;
    (transition.guard)(moving)
}

fn check_state(record: &Record, transition: &'static Transition) -> Result<(), Error> {
    let Some(lifecycle) = record.ty.lifecycle else { return Err(Error::not_found()) };
    let conflict = |message: String| Err(Error::new(ErrorKind::Conflict, message));
    if record.archived_at.is_some() {
        return conflict(format!("This {} is out of use.", record.ty.singular));
    }
    if transition.from.contains(&lifecycle.state_of(record)) {
        return Ok(());
    }
    let (singular, state) = (record.ty.singular, state_words(record, lifecycle));
    conflict(format!("This {singular} is {state}; “{}” is possible only from another state.", transition.label))
}

/// Another record may stand where this one would go.
fn taken(ty: &RecordType, error: StoreError) -> Error {
    match (error, ty.lifecycle.and_then(|lifecycle| lifecycle.taken)) {
        (StoreError::Unique(_), Some(message)) => Error::new(ErrorKind::Conflict, message),
        (error, _) => error.into(),
    }
}

/// The state within a sentence.
fn state_words(record: &Record, lifecycle: &Lifecycle) -> String {
    lower_first(&record.text(lifecycle.field).unwrap_or_default())
}

/// The fields that the transition asks for, all of them and no others.
fn read_asked(
    moving: &Moving<'_>,
    transition: &'static Transition,
    given: &Draft,
) -> Result<Vec<(usize, Value)>, Error> {
    let ty = moving.record.ty;
    let mut wrong = Vec::new();
    let mut say = |field: String, message: String| wrong.push(FieldError { field: field.into(), message });
    for (name, _) in &given.given {
        if !transition.asks.contains(&name.as_str()) {
            say(name.chars().take(40).collect(), "This is not asked for here.".into());
        }
    }
    let mut values = Vec::new();
    for name in transition.asks {
        let (Some(index), Some(field)) = (ty.position(name), ty.field(name)) else { continue };
        let given = given.given.iter().find(|(given, _)| given == name).map(|(_, given)| given);
        match given.map_or(Ok(Value::Null(field.kind.stored_as())), |given| field.read_value(given)) {
            Ok(value) if value.is_null() => say((*name).to_owned(), missing(field)),
            Ok(value) => values.push((index, value)),
            Err(message) => say((*name).to_owned(), message),
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(Error::invalid(wrong)) }
}

/// Everything that the transition writes into the record.
fn written(moving: &Moving<'_>, transition: &'static Transition, asked: Vec<(usize, Value)>) -> Vec<(usize, Value)> {
    let ty = moving.record.ty;
    let stamps = transition.stamps.iter().filter_map(|(name, stamp)| {
        let kind = ty.field(name)?.kind.stored_as();
        let value = match stamp {
            Stamp::Today => moving.today.into(),
            Stamp::Caller => moving.caller.person.map_or(Value::Null(kind), Value::from),
            Stamp::Empty => Value::Null(kind),
        };
        Some((ty.position(name)?, value))
    });
    let state = ty.lifecycle.and_then(|lifecycle| ty.position(lifecycle.field));
    let state = state.map(|index| (index, Value::from(transition.to)));
    state.into_iter().chain(stamps).chain(asked).collect()
}
