//! What is written into the trail.

use std::{borrow::Cow, fmt};

use serde_json::{Value, json};

use crate::{Actor, Caller, Origin};

/// The kinds of event that an auditor filters by (K6.1), and changes of business data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// Signing in and out, factors, passwords.
    Authentication,
    /// Users, roles, grants, keys.
    Administration,
    /// Reading protected or personal data, exports.
    Access,
    /// Settings and policy.
    Configuration,
    /// Denials, bans, lockouts, tampering.
    Security,
    /// Records made, changed or archived.
    Change,
}

impl Category {
    /// All of them, in the order that pages list them.
    pub const ALL: [Self; 6] =
        [Self::Authentication, Self::Administration, Self::Access, Self::Configuration, Self::Security, Self::Change];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Administration => "administration",
            Self::Access => "access",
            Self::Configuration => "configuration",
            Self::Security => "security",
            Self::Change => "change",
        }
    }
}

/// Whether it succeeded, and if not, why: a short fixed word, never foreign text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused or failed, for this reason.
    Failure(&'static str),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Failure(reason) => write!(f, "failure:{reason}"),
        }
    }
}

/// What an event is about: a kind and an id, `employee:0192…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    kind: &'static str,
    id: Cow<'static, str>,
}

impl Resource {
    /// The thing of this kind with this id.
    pub fn new(kind: &'static str, id: impl fmt::Display) -> Self {
        Self { kind, id: Cow::Owned(id.to_string()) }
    }

    /// The only one of its kind, or all of it (a settings page, a whole list).
    #[must_use]
    pub const fn whole(kind: &'static str) -> Self {
        Self { kind, id: Cow::Borrowed("") }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.id.is_empty() { f.write_str(self.kind) } else { write!(f, "{}:{}", self.kind, self.id) }
    }
}

/// A value as the trail may hold it.
#[derive(Clone, Debug, PartialEq)]
pub enum TrailValue {
    /// Written as it is (it lies in the erasable part of the leaf).
    Shown(Value),
    /// A secret: only that it changed is written.
    Withheld,
}

/// One field before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The field's name, as declared.
    pub field: Cow<'static, str>,
    /// Its value before.
    pub before: TrailValue,
    /// Its value after.
    pub after: TrailValue,
}

/// One entry for the trail: the guide's six fields (when, who, what, on what, from where, with what success) and more.
///
/// The instant is added when it is written.
#[derive(Clone, Debug)]
pub struct TrailEntry {
    /// What an auditor filters by.
    pub category: Category,
    /// Who acted.
    pub actor: Actor,
    /// What was done, `noun.verb`: `employee.update`, `session.start`.
    pub action: &'static str,
    /// What it was done to.
    pub resource: Resource,
    /// Whether it succeeded.
    pub outcome: Outcome,
    /// Where it came from.
    pub origin: Origin,
    /// The fields that changed.
    pub changes: Vec<Change>,
    /// Facts that belong to the event but are no fields: counts, a reason that a person gave.
    pub notes: Vec<(&'static str, Value)>,
}

impl TrailEntry {
    /// A successful event by this caller.
    #[must_use]
    pub fn new(category: Category, caller: &Caller, action: &'static str, resource: Resource) -> Self {
        Self {
            category,
            actor: caller.actor.clone(),
            action,
            resource,
            outcome: Outcome::Success,
            origin: caller.origin.clone(),
            changes: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The same event, refused or failed.
    #[must_use]
    pub fn failed(mut self, reason: &'static str) -> Self {
        self.outcome = Outcome::Failure(reason);
        self
    }

    /// Adds a changed field. Equal values are left out.
    #[must_use]
    pub fn changed(mut self, field: impl Into<Cow<'static, str>>, before: Value, after: Value) -> Self {
        if before != after {
            let (before, after) = (TrailValue::Shown(before), TrailValue::Shown(after));
            self.changes.push(Change { field: field.into(), before, after });
        }
        self
    }

    /// Adds a secret field that changed: no value is written.
    #[must_use]
    pub fn changed_secret(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        let (before, after) = (TrailValue::Withheld, TrailValue::Withheld);
        self.changes.push(Change { field: field.into(), before, after });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.notes.push((name, value.into()));
        self
    }

    /// The erasable detail as JSON text; `None` where there is nothing to say.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        if self.changes.is_empty() && self.notes.is_empty() {
            return None;
        }
        let mut detail = serde_json::Map::new();
        if !self.changes.is_empty() {
            detail.insert("changes".into(), self.changes.iter().map(change_json).collect());
        }
        for (name, value) in &self.notes {
            detail.insert((*name).into(), value.clone());
        }
        Some(Value::Object(detail).to_string())
    }
}

fn change_json(change: &Change) -> Value {
    match (&change.before, &change.after) {
        (TrailValue::Shown(before), TrailValue::Shown(after)) => {
            json!({ "field": change.field, "before": before, "after": after })
        }
        _ => json!({ "field": change.field, "withheld": true }),
    }
}
