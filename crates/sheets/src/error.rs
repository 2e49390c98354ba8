//! Why a file was refused: what, where, and what to do.

use std::fmt;

use palisade_base::Error;

use crate::model::column_name;

/// Where in a file something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A part of the archive, by its name there.
    Part(String),
    /// A worksheet, by its name.
    Sheet(String),
    /// A cell, row and column counted from 0. The sheet is empty for CSV.
    Cell {
        /// The worksheet.
        sheet: String,
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// A line of a text file, counted from 1.
    Line(usize),
}

/// A file that cannot be read or written. Its `Display` is meant for the person who uploaded it.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// There are no bytes at all.
    #[error("The file is empty. Choose the file again and upload it once more.")]
    Empty,
    /// It is not a zip archive, so it is no .xlsx.
    #[error(
        "This is not an Excel workbook (.xlsx). Open it in a spreadsheet program, save it as .xlsx, and upload that."
    )]
    NotAWorkbook,
    /// It is some other kind of spreadsheet.
    #[error(
        "This is {0}, not an Excel workbook (.xlsx). Open it in a spreadsheet program, save it as .xlsx, and upload that."
    )]
    OtherFormat(&'static str),
    /// It is protected by a password.
    #[error("This file is protected by a password. Save a copy without a password and upload that.")]
    Encrypted,
    /// It is cut off or damaged.
    #[error("The file is damaged or incomplete{}. Open it in a spreadsheet program, save it again, and upload that.", at(.place))]
    Damaged {
        /// Where.
        place: Place,
        /// What the parser said; for the log.
        detail: String,
    },
    /// A part that every workbook has is not there.
    #[error(
        "The file is not a complete workbook: its part “{0}” is missing. Open it in a spreadsheet program, save it again, and upload that."
    )]
    MissingPart(&'static str),
    /// Something that an honest workbook does not hold.
    #[error("The file was refused, because {what}{}. Open it in a spreadsheet program, save it as a new .xlsx, and upload that.", at(.place))]
    Refused {
        /// Where.
        place: Place,
        /// What it is.
        what: &'static str,
    },
    /// More than the limit allows.
    #[error("The file is too large: {what}{} (at most {limit}). Split it, or remove what is not needed, and upload it again.", at(.place))]
    TooLarge {
        /// Where.
        place: Place,
        /// What there is too much of.
        what: &'static str,
        /// How much there may be.
        limit: u64,
    },
    /// A workbook where CSV was expected.
    #[error("This is a workbook or another packed file, not CSV. Upload it as .xlsx, or save it as “CSV UTF-8” first.")]
    NotCsv,
    /// Text in another encoding than UTF-8.
    #[error("The text is not in UTF-8{}. In the spreadsheet program choose “CSV UTF-8” when saving, and upload that.", at(.0))]
    NotUtf8(Place),
    /// A quotation mark in CSV that is never closed, or closed too early.
    #[error("A quotation mark{} {what}. Close it, or double it where it is part of the text.", at(.place))]
    Quote {
        /// Where.
        place: Place,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl Place {
    /// A cell; row and column counted from 0.
    #[must_use]
    pub fn cell(sheet: &str, row: usize, column: usize) -> Self {
        Self::Cell { sheet: sheet.to_owned(), row, column }
    }
}

/// `" in sheet “X”, cell B7"`, or nothing for the file as a whole.
fn at(place: &Place) -> String {
    match place {
        Place::File => String::new(),
        place => format!(" {place}"),
    }
}

/// Names come from the file; a long one would bury the message.
fn short(name: &str) -> String {
    if name.chars().count() <= 60 {
        return name.to_owned();
    }
    name.chars().take(59).chain(['…']).collect()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("in the file"),
            Self::Part(name) => write!(f, "in its part “{}”", short(name)),
            Self::Sheet(name) => write!(f, "in sheet “{}”", short(name)),
            Self::Cell { sheet, row, column } if sheet.is_empty() => {
                write!(f, "in row {}, column {}", row + 1, column_name(*column))
            }
            Self::Cell { sheet, row, column } => {
                write!(f, "in sheet “{}”, cell {}{}", short(sheet), column_name(*column), row + 1)
            }
            Self::Line(line) => write!(f, "in line {line}"),
        }
    }
}

impl From<SheetError> for Error {
    /// As a mistake in the form's field `file`; the parser's own words go to the log only.
    fn from(error: SheetError) -> Self {
        let public = Self::field("file", error.to_string());
        match error {
            SheetError::Damaged { detail, .. } => public.caused_by(detail),
            _ => public,
        }
    }
}
