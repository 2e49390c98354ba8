//! What a spreadsheet holds once it is read: sheets of rows of cells.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};

/// One worksheet, or the one table of a CSV file.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Sheet {
    /// The name on its tab; empty for CSV.
    pub name: String,
    /// Its rows from the first on. Rows end with their last filled cell, so they differ in length; a blank row is empty.
    pub rows: Vec<Vec<Cell>>,
}

/// The value of one cell. Formulas are never seen: a cell holds the result that was stored with the file.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text as found, spaces included.
    Text(String),
    /// A number; also a time of day or a duration, as a fraction of days.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// A day, without a time.
    Date(Date),
    /// A day with a time, in no particular time zone.
    DateTime(DateTime),
    /// The mark of a formula that failed, such as `#DIV/0!`.
    Error(String),
}

impl Sheet {
    /// The cell in this row and column, counted from 0; beyond the end there is [`Cell::Empty`].
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> &Cell {
        const NOTHING: &Cell = &Cell::Empty;
        self.rows.get(row).and_then(|cells| cells.get(column)).unwrap_or(NOTHING)
    }
}

impl Cell {
    /// A text cell; an empty text is an empty cell.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// Whether there is nothing to see: no value, or white space only.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// As a person would read or type it: numbers without a needless `.0`, dates as `2026-03-01`,
    /// times as `2026-03-01 09:30:00`, truth as `true` and `false`.
    #[must_use]
    pub fn display(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) | Self::Error(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Bool(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
            Self::Date(date) => Cow::Owned(date.to_string()),
            Self::DateTime(at) => Cow::Owned(at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        }
    }
}

/// The letters over a column counted from 0: `A`, `B`, …, `Z`, `AA`.
#[must_use]
pub fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    loop {
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        if rest < 26 {
            break;
        }
        rest = rest / 26 - 1;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_spreadsheets() {
        assert_eq!([0, 25, 26, 701, 702, 16_383].map(column_name), ["A", "Z", "AA", "ZZ", "AAA", "XFD"]);
    }

    #[test]
    fn cells_read_as_people_type_them() {
        assert_eq!(Cell::Number(3.0).display(), "3");
        assert_eq!(Cell::Number(0.5).display(), "0.5");
        assert_eq!(Cell::Date(jiff::civil::date(2026, 3, 1)).display(), "2026-03-01");
        assert_eq!(Cell::DateTime(jiff::civil::date(2026, 3, 1).at(9, 30, 0, 0)).display(), "2026-03-01 09:30:00");
    }
}
