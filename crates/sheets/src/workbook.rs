//! Reading the cells of a checked workbook.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use calamine::{DataRef, Reader, SheetType, Xlsx, XlsxError};
use jiff::civil::{Date, DateTime};

use crate::{Cell, Limits, Place, Sheet, SheetError, package};

/// Reads every worksheet of an .xlsx file.
///
/// Rows and cells come in their places; blank ones at the end are left out, so millions of formatted but empty rows cost
/// nothing. Chart sheets are skipped, hidden sheets are not. Formulas give the result stored in the file.
///
/// # Errors
/// The file is not an .xlsx workbook, is damaged, holds what no honest workbook holds, or exceeds `limits`.
/// The error says which, where and what to do; nothing of the file is returned then.
pub fn read_workbook(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, SheetError> {
    let checked = package::checked(bytes, limits)?;
    contain(|| read_checked(checked, limits))
}

/// The library has `expect`s and unchecked sums; we know of none that a checked part still reaches, and do not bet the
/// server on it. Unwinding ends here, and nothing half built outlives it, so no broken state can be seen.
fn contain<T>(read: impl FnOnce() -> Result<T, SheetError>) -> Result<T, SheetError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(damaged(Place::File, "the spreadsheet library panicked")))
}

fn read_checked(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<Sheet>, SheetError> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| from_library(Place::File, e))?;
    let names: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    if names.is_empty() {
        return Err(SheetError::MissingPart("a worksheet"));
    }
    if names.len() > limits.sheets {
        return Err(too_large(Place::File, "the number of its sheets", limits.sheets));
    }
    let mut budget = Budget { cells: limits.cells, text_bytes: limits.text_bytes, limits };
    names.into_iter().map(|name| read_sheet(&mut workbook, name, &mut budget)).collect()
}

fn read_sheet(
    workbook: &mut Xlsx<Cursor<Vec<u8>>>,
    name: String,
    budget: &mut Budget<'_>,
) -> Result<Sheet, SheetError> {
    let place = || Place::Sheet(name.clone());
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|e| from_library(place(), e))?;
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|e| from_library(place(), e))? {
        let (row, column) = cell.get_position();
        let at = (row as usize, column as usize);
        let value = convert(cell.get_value());
        if !matches!(value, Cell::Empty) {
            budget.put(&mut rows, &name, at, value)?;
        }
    }
    Ok(Sheet { name, rows })
}

/// What may still be read.
struct Budget<'a> {
    cells: usize,
    text_bytes: usize,
    limits: &'a Limits,
}

impl Budget<'_> {
    /// Puts a value in its place, unless that is too far out or too much.
    fn put(
        &mut self,
        rows: &mut Vec<Vec<Cell>>,
        sheet: &str,
        (row, column): (usize, usize),
        value: Cell,
    ) -> Result<(), SheetError> {
        let place = || Place::cell(sheet, row, column);
        if row >= self.limits.rows {
            return Err(too_large(place(), "the number of its rows", self.limits.rows));
        }
        if column >= self.limits.columns {
            return Err(too_large(place(), "the number of its columns", self.limits.columns));
        }
        self.take_text(&value).map_err(|(what, limit)| too_large(place(), what, limit))?;
        if rows.len() <= row {
            rows.resize_with(row + 1, Vec::new);
        }
        let Some(cells) = rows.get_mut(row) else { return Ok(()) };
        if cells.len() <= column {
            let more = column + 1 - cells.len();
            self.cells = self
                .cells
                .checked_sub(more)
                .ok_or_else(|| too_large(place(), "the number of its cells", self.limits.cells))?;
            cells.resize(column + 1, Cell::Empty);
        }
        if let Some(cell) = cells.get_mut(column) {
            *cell = value;
        }
        Ok(())
    }

    fn take_text(&mut self, value: &Cell) -> Result<(), (&'static str, usize)> {
        let Cell::Text(text) = value else { return Ok(()) };
        if text.len() > self.limits.cell_chars && text.chars().count() > self.limits.cell_chars {
            return Err(("the text of one cell, in characters", self.limits.cell_chars));
        }
        match self.text_bytes.checked_sub(text.len()) {
            Some(rest) => self.text_bytes = rest,
            None => return Err(("its text altogether, in bytes", self.limits.text_bytes)),
        }
        Ok(())
    }
}

fn convert(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) => Cell::text(text.as_str()),
        DataRef::SharedString(text) => Cell::text(*text),
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet keeps every number as a double")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(truth) => Cell::Bool(*truth),
        DataRef::DateTime(at) => date_time(*at),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => iso(text),
        DataRef::Error(error) => Cell::Error(error.to_string()),
    }
}

/// A serial number that is formatted as a date. Whole days are dates; numbers before the first day are times of day or
/// durations and stay numbers.
fn date_time(at: calamine::ExcelDateTime) -> Cell {
    let serial = at.as_f64();
    if at.is_duration() || !serial.is_finite() || serial < 1.0 {
        return Cell::Number(serial);
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let small = |n: u8| i8::try_from(n).unwrap_or(0);
    let year = i16::try_from(year).unwrap_or(0);
    match DateTime::new(
        year,
        small(month),
        small(day),
        small(hour),
        small(minute),
        small(second),
        i32::from(milli) * 1_000_000,
    ) {
        Ok(_) if serial.fract() == 0.0 => {
            Date::new(year, small(month), small(day)).map_or(Cell::Number(serial), Cell::Date)
        }
        Ok(at) => Cell::DateTime(at),
        // 29 February 1900, which the format has and the calendar has not.
        Err(_) => Cell::Number(serial),
    }
}

/// A date that the file holds as text by ISO 8601; anything else stays text.
fn iso(text: &str) -> Cell {
    if let Ok(at) = text.parse::<DateTime>() {
        let is_day = !text.contains(['T', 't', ' ']);
        return if is_day { Cell::Date(at.date()) } else { Cell::DateTime(at) };
    }
    Cell::text(text)
}

fn from_library(place: Place, error: XlsxError) -> SheetError {
    match error {
        XlsxError::Password => SheetError::Encrypted,
        error => damaged(place, error),
    }
}

fn damaged(place: Place, detail: impl std::fmt::Display) -> SheetError {
    SheetError::Damaged { place, detail: detail.to_string() }
}

fn too_large(place: Place, what: &'static str, limit: usize) -> SheetError {
    SheetError::TooLarge { place, what, limit: limit as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_library_becomes_an_error() {
        let error = contain::<()>(|| panic!("index out of bounds")).unwrap_err();
        assert!(error.to_string().starts_with("The file is damaged or incomplete."), "{error}");
    }

    #[test]
    fn dates_and_times_are_told_apart() {
        let at = |serial| date_time(calamine::ExcelDateTime::new(serial, calamine::ExcelDateTimeType::DateTime, false));
        assert_eq!(at(45_943.0), Cell::Date(jiff::civil::date(2025, 10, 13)));
        assert_eq!(at(45_943.5), Cell::DateTime(jiff::civil::date(2025, 10, 13).at(12, 0, 0, 0)));
        // Noon without a day; 29 February 1900; numbers that no calendar has.
        for serial in [0.5, 60.0, -3.0, f64::INFINITY] {
            assert_eq!(at(serial), Cell::Number(serial));
        }
        assert!(matches!(at(f64::NAN), Cell::Number(number) if number.is_nan()));
        // Beyond the format's last day the library gives that day.
        assert_eq!(at(1e300), Cell::Date(jiff::civil::date(9999, 12, 31)));
    }
}
