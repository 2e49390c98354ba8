//! Records as they are read, and what is asked of lists and writes.

use palisade_base::{Instant, RecordId};
use palisade_store::Value;

use crate::{Given, RecordType};

/// A record as one caller sees it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its type.
    pub ty: &'static RecordType,
    /// Its id.
    pub id: RecordId,
    /// Goes up with each change of the record or of the facts it shares; a write has to name it.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it or a fact that it shares was last changed.
    pub updated_at: Instant,
    /// Since when it has been out of use.
    pub archived_at: Option<Instant>,
    /// Its fields, in the order of the declaration.
    pub cells: Vec<Cell>,
    /// The person whom the record that it is about is about.
    pub(crate) linked_subject: Option<RecordId>,
    pub(crate) own_version: i64,
    pub(crate) base: Option<(RecordId, i64)>,
}

/// One field of a record, as one caller sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its value; none where it is not shown.
    pub value: Value,
    /// Whether the caller may see it in this row.
    pub is_shown: bool,
    /// Whether the caller may set it in this row, if they may change the row at all.
    pub is_settable: bool,
    /// The title of the record that it links to.
    pub linked_title: Option<String>,
}

impl Record {
    /// What people call it: its title fields.
    #[must_use]
    pub fn title(&self) -> String {
        let parts = self.ty.title.iter().filter_map(|name| self.text(name)).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    }

    /// The cell of the field of that name.
    #[must_use]
    pub fn cell(&self, name: &str) -> Option<&Cell> {
        self.ty.position(name).and_then(|index| self.cells.get(index))
    }

    /// The value of the field of that name; none where it is not shown.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.cell(name).map(|cell| &cell.value).filter(|value| !value.is_null())
    }

    /// The field of that name as people read it: a link by its title.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let cell = self.cell(name)?;
        let kind = self.ty.field(name)?.kind;
        Some(cell.linked_title.clone().unwrap_or_else(|| kind.write_text(&cell.value)))
    }

    /// Whether the caller may set any field of it, if they may change it at all.
    #[must_use]
    pub fn is_settable(&self) -> bool {
        self.ty.fields.iter().zip(&self.cells).any(|(field, cell)| !field.is_fixed && cell.is_settable)
    }

    /// The person whom the record is about.
    #[must_use]
    pub fn subject(&self) -> Option<RecordId> {
        match self.ty.subject {
            Some("id") => Some(self.id),
            Some(_) if self.linked_subject.is_some() => self.linked_subject,
            Some(name) => match self.value(name) {
                Some(Value::Id(id)) => Some(RecordId(*id)),
                _ => None,
            },
            None => None,
        }
    }
}

/// What was given for a new record or a change: by field name, not yet checked.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub(crate) given: Vec<(String, Given)>,
    /// The draft is the whole record: what is not given becomes empty.
    pub(crate) is_whole: bool,
}

impl Draft {
    /// A draft that changes what it gives and nothing else.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same draft as a whole record: an optional field that it does not give becomes empty.
    #[must_use]
    pub const fn whole(mut self) -> Self {
        self.is_whole = true;
        self
    }

    /// Gives a field.
    #[must_use]
    pub fn give(mut self, field: impl Into<String>, given: Given) -> Self {
        self.given.push((field.into(), given));
        self
    }

    /// Gives a field as a form does.
    #[must_use]
    pub fn text(self, field: impl Into<String>, text: impl Into<String>) -> Self {
        self.give(field, Given::Text(text.into()))
    }
}

/// Which records a list shows by whether they are in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Archived {
    /// Those in use.
    #[default]
    Without,
    /// Those out of use.
    Only,
    /// All.
    With,
}

/// What is asked of a list.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// Fields, by place, and the value that they must have.
    pub filters: Vec<(usize, Value)>,
    /// Fields, by place, and the least and the greatest value that they may have.
    pub ranges: Vec<(usize, Option<Value>, Option<Value>)>,
    /// Words that must all occur in searchable fields.
    pub search: Option<String>,
    /// Whether records out of use are shown.
    pub archived: Archived,
    /// The field to sort by; without it, the type's own order.
    pub sort: Option<usize>,
    /// Largest first.
    pub is_descending: bool,
    /// Rows to pass over.
    pub offset: u64,
    /// Rows to give at most.
    pub limit: u64,
}

impl ListRequest {
    /// What it asks for, in words and without values: what is looked for may itself be about a person.
    #[must_use]
    pub fn in_words(&self, ty: &RecordType) -> String {
        let filters = self.filters.iter().map(|(index, _)| *index);
        let places = filters.chain(self.ranges.iter().map(|(index, ..)| *index));
        let mut parts: Vec<String> =
            places.filter_map(|index| ty.fields.get(index)).map(|field| format!("by {}", field.label)).collect();
        if self.search.is_some() {
            parts.push("with words that were searched for".into());
        }
        match self.archived {
            Archived::Without => {}
            Archived::Only => parts.push("out of use".into()),
            Archived::With => parts.push("in use or not".into()),
        }
        if parts.is_empty() { "none".into() } else { parts.join(", ") }
    }
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records, in order.
    pub records: Vec<Record>,
    /// How many there are without paging.
    pub total: u64,
}
