//! The life of a record, as it is declared: its states, and the transitions that lead from one to the next.
//!
//! The state is a field of the program's (`begins_as`): no form, call, file or edit sets it, only a [`Transition`].

use std::pin::Pin;

use palisade_base::{Caller, Date, Error, PersonId, TrailEntry};
use palisade_store::{Value, WriteTx};

use crate::{Record, Records, Verb};

/// The states of a type's records.
#[derive(Debug)]
pub struct Lifecycle {
    /// The field that holds the state: a choice of the program's, so its options are the states.
    pub field: &'static str,
    /// The states in which a record is closed: neither it nor its rows are changed, and it is not archived.
    pub locked: &'static [&'static str],
    /// Who may change a record that is not closed, besides holding the permission.
    pub editor: Guard,
    /// What is said where the table allows one record only in a state, and there is another.
    pub taken: Option<&'static str>,
    /// What leads from state to state.
    pub transitions: &'static [Transition],
}

/// A way from one state to another.
#[derive(Debug)]
pub struct Transition {
    /// Its name in addresses and in the API: `take-back`.
    pub name: &'static str,
    /// What its button says, a verb: `Take back`.
    pub label: &'static str,
    /// What it does, in a sentence: for the API's description and the page that asks.
    pub about: &'static str,
    /// The states that it leads away from.
    pub from: &'static [&'static str],
    /// The state that it leads to.
    pub to: &'static str,
    /// The permission that it takes, and its event in the trail.
    pub verb: Verb,
    /// What must hold besides: who the caller is to the record, and what the record's own fields must say.
    pub guard: Guard,
    /// The fields that whoever does it gives, and must give: a reason.
    pub asks: &'static [&'static str],
    /// What else is written with the state.
    pub stamps: &'static [(&'static str, Stamp)],
    /// What follows from it, in the same transaction.
    pub effect: Option<Effect>,
}

/// A condition on what is about to happen: pure; says why not. `Denied` where it is about who, `Invalid` or `Conflict`
/// where it is about what.
pub type Guard = fn(&Moving<'_>) -> Result<(), Error>;

/// What else a transition does: it runs after the state was written, so nobody else can be moving the same record, and
/// before the commit, so it can refuse. Its changes go into the entry.
pub type Effect = for<'a> fn(Effecting<'a>) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// What an effect works with.
pub struct Effecting<'a> {
    /// The transaction of the transition.
    pub tx: &'a mut WriteTx,
    /// The record as it was, and who moves it.
    pub moving: &'a Moving<'a>,
    /// The record layer, for child rows.
    pub records: &'a Records,
    /// The transition's entry.
    pub entry: &'a mut TrailEntry,
    /// Entries of other records that it changes, to be committed with it.
    pub also: &'a mut Vec<TrailEntry>,
}

/// A record that somebody is about to change or to move.
#[derive(Clone, Copy, Debug)]
pub struct Moving<'a> {
    /// The record as it is.
    pub record: &'a Record,
    /// Who does it.
    pub caller: &'a Caller,
    /// The company's day.
    pub today: Date,
}

impl Moving<'_> {
    /// Whether the field of that name links to the caller's person.
    #[must_use]
    pub fn is_caller(&self, field: &str) -> bool {
        let value = self.record.value(field);
        self.caller.person.is_some_and(|person| value == Some(&Value::from(person)))
    }

    /// Whether the record is about the caller.
    #[must_use]
    pub fn is_subject(&self) -> bool {
        self.caller.person.is_some() && self.record.subject() == self.caller.person.map(PersonId::into)
    }
}

/// What a transition writes into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// The company's day.
    Today,
    /// The caller's person.
    Caller,
    /// Nothing.
    Empty,
}
