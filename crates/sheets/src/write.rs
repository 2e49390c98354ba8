//! Writing workbooks that are harmless to open.

use jiff::civil::DateTime;
use palisade_base::Instant;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::{Cell, Place, Sheet, SheetError};

/// Characters (UTF-16 units, as spreadsheet programs count) that fit into one cell of a workbook.
pub const MAX_CELL_CHARS: usize = 32_767;
const MAX_NAME_CHARS: usize = 31;

/// Writes these sheets as an .xlsx workbook. The first row of each is its header: bold, and always in view.
///
/// Texts are written as strings, never as formulas or links, whatever they start with; dates are real dates.
/// `now` becomes the file's creation time, so that the same rows at the same instant give the same bytes.
///
/// # Errors
/// A text is longer than [`MAX_CELL_CHARS`], there are more rows or columns than a workbook can hold, or two sheets have
/// the same name once [`safe_sheet_name`] has been applied.
pub fn write_xlsx(sheets: &[Sheet], now: Instant) -> Result<Vec<u8>, SheetError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(now));
    for sheet in sheets {
        let target = workbook.add_worksheet();
        let place = || Place::Sheet(sheet.name.clone());
        target.set_name(safe_sheet_name(&sheet.name)).map_err(|e| unwritable(place(), &e))?;
        target.set_freeze_panes(1, 0).map_err(|e| unwritable(place(), &e))?;
        write_rows(target, sheet, 0)?;
        target.autofit();
    }
    workbook.save_to_buffer().map_err(|e| unwritable(Place::File, &e))
}

/// A sheet under a title, as reports have it.
#[derive(Clone, Debug, PartialEq)]
pub struct TitledSheet {
    /// What stands in the first row, over eight columns.
    pub title: String,
    /// What stands in the second: when it was made, and for whom.
    pub made: String,
    /// Its rows; the first is the header, in the fourth row of the sheet.
    pub sheet: Sheet,
}

/// The row of the header under a title, counted from 0.
const TITLED_HEADER: u16 = 3;

/// Writes these sheets as [`write_xlsx`] does, each under its title: title in row 1, when and for whom in row 2, header in
/// row 4, data from row 5. On paper the header is repeated, and the columns fit on one page.
///
/// # Errors
/// As [`write_xlsx`].
pub fn write_titled_xlsx(sheets: &[TitledSheet], now: Instant) -> Result<Vec<u8>, SheetError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(now));
    for titled in sheets {
        let target = workbook.add_worksheet();
        write_titled(target, titled).map_err(|e| unwritable(Place::Sheet(titled.sheet.name.clone()), &e))?;
        write_rows(target, &titled.sheet, TITLED_HEADER.into())?;
    }
    workbook.save_to_buffer().map_err(|e| unwritable(Place::File, &e))
}

fn write_titled(target: &mut Worksheet, titled: &TitledSheet) -> Result<(), XlsxError> {
    let header = u32::from(TITLED_HEADER);
    let title = Format::new().set_bold().set_font_size(14).set_num_format("@");
    target.set_name(safe_sheet_name(&titled.sheet.name))?.set_freeze_panes(header + 1, 0)?;
    target.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(header, header)?;
    target.merge_range(0, 0, 0, 7, &titled.title, &title)?;
    target.write_string_with_format(1, 0, &titled.made, &Format::new().set_num_format("@"))?;
    for (column, width) in widths(&titled.sheet).into_iter().enumerate() {
        target.set_column_width(u16::try_from(column).unwrap_or(u16::MAX), width)?;
    }
    Ok(())
}

/// How wide each column must be for its texts; the title and the line below it reach over several.
fn widths(sheet: &Sheet) -> Vec<f64> {
    const NARROW: u32 = 8;
    const WIDE: u32 = 60;
    let mut widths: Vec<u32> = Vec::new();
    for row in &sheet.rows {
        for (column, cell) in row.iter().enumerate() {
            let chars = u32::try_from(cell.display().chars().count()).unwrap_or(u32::MAX);
            let wanted = chars.saturating_add(2).clamp(NARROW, WIDE);
            match widths.get_mut(column) {
                Some(width) => *width = wanted.max(*width),
                None => widths.push(wanted),
            }
        }
    }
    widths.into_iter().map(f64::from).collect()
}

/// A name that every spreadsheet program accepts for a tab: no `[ ] : * ? / \`, no apostrophe at either end, at most
/// 31 characters, never empty.
#[must_use]
pub fn safe_sheet_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') || c.is_control() { ' ' } else { c })
        .collect();
    let mut short = String::new();
    for c in plain.trim_matches(['\'', ' ']).chars() {
        // Spreadsheet programs count UTF-16 units.
        if short.encode_utf16().count() + c.len_utf16() > MAX_NAME_CHARS {
            break;
        }
        short.push(c);
    }
    let short = short.trim_matches(['\'', ' ']);
    // “History” is reserved by the format.
    if short.is_empty() || short.eq_ignore_ascii_case("history") { "Sheet".to_owned() } else { short.to_owned() }
}

fn properties(now: Instant) -> DocProperties {
    let properties = DocProperties::new().set_author("Palisade");
    // The format has milliseconds at best; beyond its years the library's own default stands.
    match ExcelDateTime::from_timestamp(now.as_micros() / 1_000_000) {
        Ok(at) => properties.set_creation_datetime(&at),
        Err(_) => properties,
    }
}

/// Writes the rows of a sheet; the first is its header, and stands in this row.
fn write_rows(target: &mut Worksheet, sheet: &Sheet, header: usize) -> Result<(), SheetError> {
    let formats = Formats::new();
    for (row, cells) in sheet.rows.iter().enumerate() {
        let text = if row == 0 { &formats.header } else { &formats.text };
        for (column, cell) in cells.iter().enumerate() {
            write_cell(target, (header + row, column), cell, (&formats, text))
                .map_err(|e| unwritable(Place::cell(&sheet.name, header + row, column), &e))?;
        }
    }
    Ok(())
}

struct Formats {
    header: Format,
    text: Format,
    date: Format,
    date_time: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            header: Format::new().set_bold(),
            // "@" keeps a text a text when somebody edits the cell; without it, leaving the cell would turn "=1" into a
            // formula.
            text: Format::new().set_num_format("@"),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            date_time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }
}

fn write_cell(
    target: &mut Worksheet,
    (row, column): (usize, usize),
    cell: &Cell,
    (formats, text_format): (&Formats, &Format),
) -> Result<(), XlsxError> {
    let at_row = u32::try_from(row).map_err(|_| XlsxError::RowColumnLimitError)?;
    let at_column = u16::try_from(column).map_err(|_| XlsxError::RowColumnLimitError)?;
    match cell {
        Cell::Empty => {}
        Cell::Number(number) if number.is_finite() => {
            target.write_number(at_row, at_column, *number)?;
        }
        Cell::Bool(truth) => {
            target.write_boolean(at_row, at_column, *truth)?;
        }
        Cell::Date(date) => match excel_date(date.at(0, 0, 0, 0)) {
            Some(at) => drop(target.write_datetime_with_format(at_row, at_column, &at, &formats.date)?),
            None => drop(target.write_string_with_format(at_row, at_column, cell.display(), text_format)?),
        },
        Cell::DateTime(at) => match excel_date(*at) {
            Some(at) => drop(target.write_datetime_with_format(at_row, at_column, &at, &formats.date_time)?),
            None => drop(target.write_string_with_format(at_row, at_column, cell.display(), text_format)?),
        },
        Cell::Text(_) | Cell::Error(_) | Cell::Number(_) => {
            target.write_string_with_format(at_row, at_column, cell.display(), text_format)?;
        }
    }
    Ok(())
}

/// `None` outside of the years that the format has (1900 to 9999).
fn excel_date(at: DateTime) -> Option<ExcelDateTime> {
    let year = u16::try_from(at.year()).ok().filter(|year| *year >= 1900)?;
    let small = |n: i8| u8::try_from(n).unwrap_or(0);
    let seconds = f64::from(at.second()) + f64::from(at.millisecond()) / 1_000.0;
    ExcelDateTime::from_ymd(year, small(at.month()), small(at.day()))
        .and_then(|date| date.and_hms(u16::from(small(at.hour())), small(at.minute()), seconds))
        .ok()
}

fn unwritable(place: Place, error: &XlsxError) -> SheetError {
    match error {
        XlsxError::MaxStringLengthExceeded => {
            SheetError::TooLarge { place, what: "the text of one cell, in characters", limit: MAX_CELL_CHARS as u64 }
        }
        XlsxError::RowColumnLimitError => {
            SheetError::TooLarge { place, what: "the number of its rows", limit: 1_048_576 }
        }
        error => SheetError::Damaged { place, detail: error.to_string() },
    }
}
