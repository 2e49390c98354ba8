//! Columns of a file and fields of a type.

use palisade_base::Error;
use palisade_sheets::Cell;

use crate::{Field, RecordType, View};

/// The heading of the column that holds ids.
pub(super) const ID: &str = "Id";

/// A column of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Id,
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
        let column =
            match known.iter().find(|(_, f)| f.label.eq_ignore_ascii_case(text) || f.name.eq_ignore_ascii_case(text)) {
                _ if text.is_empty() => None,
                Some((index, _)) => Some(Column::Field(*index)),
                None if text.eq_ignore_ascii_case(ID) => Some(Column::Id),
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

fn unknown(known: &[(usize, &Field)], text: &str) -> Error {
    let short: String = text.chars().take(60).collect();
    let labels = labels(known);
    Error::field("file", format!("There is no column “{short}” here. Rename it or take it out; known are: {labels}."))
}

fn labels(known: &[(usize, &Field)]) -> String {
    known.iter().map(|(_, field)| field.label).collect::<Vec<_>>().join(", ")
}
