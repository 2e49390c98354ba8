//! Columns of a file and fields of a type.

use palisade_base::Error;
use palisade_sheets::Cell;

use crate::{Field, RecordType, View};

/// The heading of the column that holds ids.
pub(super) const ID: &str = "Id";
/// The heading of the column that tells whether a record is in use.
pub(crate) const ACTIVE: &str = "Active";

/// A column of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Id,
    Active,
    Field(usize),
}

/// The fields that a file of this type has, as far as the caller sees them: all but the link to the base, whose facts
/// stand in columns of their own.
pub(super) fn fields(ty: &'static RecordType, view: &View) -> Vec<(usize, &'static Field)> {
    view.fields(ty).filter(|(index, _)| Some(*index) != ty.base_link()).collect()
}

/// Reads the heading row: labels or names of fields, in any order, each at most once. `None` is a column without heading.
pub(super) fn read_headings(
    ty: &'static RecordType,
    view: &View,
    headings: &[Cell],
) -> Result<Vec<Option<Column>>, Error> {
    let known = fields(ty, view);
    let mut columns: Vec<Option<Column>> = Vec::new();
    for cell in headings {
        let text = cell.display();
        let text = text.trim();
        let heading = plain_heading(text);
        let column = match known.iter().find(|(_, field)| is_called(field, &heading)) {
            _ if text.is_empty() => None,
            Some((index, _)) => Some(Column::Field(*index)),
            None if heading == plain_heading(ID) => Some(Column::Id),
            None if heading == plain_heading(ACTIVE) => Some(Column::Active),
            None => return Err(unknown(&known, text)),
        };
        if column.is_some() && columns.contains(&column) {
            return Err(Error::field("file", format!("The column “{text}” is there twice. Take one of them out.")));
        }
        columns.push(column);
    }
    if columns.iter().flatten().any(|column| matches!(column, Column::Field(_))) {
        return Ok(columns);
    }
    let labels = labels(&known);
    Err(Error::field("file", format!("The first row must hold the headings of the columns. Known are: {labels}.")))
}

/// A heading in small letters, its words parted by single spaces: `hire_date`, `Hire-Date` and `hire  date` are one.
#[must_use]
pub fn plain_heading(heading: &str) -> String {
    let words = heading.split(|c: char| c.is_whitespace() || c == '_' || c == '-').filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// A field is known by its label, its name, its name without "id", and what else files call it.
fn is_called(field: &Field, heading: &str) -> bool {
    let name = plain_heading(field.name);
    plain_heading(field.label) == heading
        || name == heading
        || name.strip_suffix(" id") == Some(heading)
        || field.headings.contains(&heading)
}

fn unknown(known: &[(usize, &Field)], text: &str) -> Error {
    let short: String = text.chars().take(60).collect();
    let labels = labels(known);
    Error::field("file", format!("There is no column “{short}” here. Rename it or take it out; known are: {labels}."))
}

fn labels(known: &[(usize, &Field)]) -> String {
    known.iter().map(|(_, field)| field.label).collect::<Vec<_>>().join(", ")
}
