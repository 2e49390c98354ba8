//! Spreadsheets from strangers, read safely; spreadsheets for people, written safely.
//!
//! A workbook is a zip of XML files, and both formats have a long history of attacks: archives that unpack to
//! terabytes, entities that read local files, a cell at the far corner that makes a reader allocate the whole grid.
//! [`read_workbook`] therefore checks the archive and every XML part itself, repacks what passed, and hands only that
//! to the spreadsheet library; cells are taken one by one and counted against [`Limits`]. Every refusal is a
//! [`SheetError`] that says what is wrong, where, and what to do.
//!
//! What we write must not attack those who open it: a text that a spreadsheet program would run as a formula is
//! written as a plain string in a workbook and gets an apostrophe in CSV ([`write_csv`]), which [`read_csv`] takes off.
//!
//! Nothing here touches the disk, the network or the clock; the bytes come in and go out.

mod csv_file;
mod error;
mod formula;
mod limits;
mod model;
mod package;
mod workbook;
mod write;
mod xml;

pub use csv_file::{read_csv, write_csv};
pub use error::{Place, SheetError};
pub use formula::{is_formula_like, neutralise};
pub use limits::Limits;
pub use model::{Cell, Sheet, column_name};
pub use workbook::read_workbook;
pub use write::{MAX_CELL_CHARS, TitledSheet, safe_sheet_name, write_titled_xlsx, write_xlsx};
