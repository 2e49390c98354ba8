//! A report as a file: a workbook with a sheet for each section, or one table of text.

use palisade_base::Error;
use palisade_sheets::{Cell, MAX_CELL_CHARS, Sheet, TitledSheet, write_csv, write_titled_xlsx};

use super::{Document, Section};

/// The workbook: a sheet for each section.
///
/// # Errors
/// It holds more than a workbook can.
pub fn xlsx(document: &Document) -> Result<Vec<u8>, Error> {
    let made = format!("Made on {} for {}", document.made.words, document.made.by);
    let sheet = |section: &Section| TitledSheet {
        title: format!("{}: {}", document.title, section.heading),
        made: made.clone(),
        sheet: Sheet { name: section.sheet.to_owned(), rows: rows(section) },
    };
    let sheets: Vec<TitledSheet> = document.sections.iter().map(sheet).collect();
    write_titled_xlsx(&sheets, document.made.at).map_err(Error::from)
}

/// One table as comma-separated values: the one that is called so, or the report's main table.
///
/// # Errors
/// The report has no such table.
pub fn csv(document: &Document, table: Option<&str>) -> Result<Vec<u8>, Error> {
    let section = match table {
        Some(key) => document.section(key),
        None => document.main_section(),
    };
    let section = section.ok_or_else(|| {
        let known: Vec<String> = document.sections.iter().map(Section::key).collect();
        Error::field("table", format!("This report has no such table. Ask for one of: {}.", known.join(", ")))
    })?;
    Ok(write_csv(&rows(section)))
}

/// The header and the rows.
fn rows(section: &Section) -> Vec<Vec<Cell>> {
    let header = section.table.columns.iter().map(|column| Cell::text(column.name)).collect();
    let data = section.table.rows.iter().map(|row| row.values.iter().map(|value| fitting(value.cell())).collect());
    std::iter::once(header).chain(data).collect()
}

/// A text that is too long for a cell is cut: a list of hundreds of tools must not keep the rest from being written.
fn fitting(cell: Cell) -> Cell {
    match cell {
        // A character takes two units at the most.
        Cell::Text(text) if text.chars().count() > MAX_CELL_CHARS / 2 => {
            Cell::Text(text.chars().take(MAX_CELL_CHARS / 2 - 1).chain(['…']).collect())
        }
        cell => cell,
    }
}
