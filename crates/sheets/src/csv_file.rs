//! CSV, read strictly and written harmlessly.
//!
//! Written by hand because the usual reader is lenient where it hurts: an unclosed quotation mark would silently swallow
//! the rest of a file into one value, and blank lines vanish, so that "row 7" in a message is not the row people see.

use std::{iter::Peekable, str::Chars};

use crate::{
    Cell, Limits, Place, Sheet, SheetError,
    formula::{neutralise, restore},
};

/// Marks a text as UTF-8; spreadsheet programs guess wrong without it.
const BOM: &str = "\u{feff}";

/// Reads a CSV file in UTF-8, with or without a byte order mark, its values parted by commas or by semicolons.
///
/// Every value comes as text ([`Cell::Text`], or [`Cell::Empty`]); a leading apostrophe that [`write_csv`] put before a
/// formula-like text is taken off. Quoting follows RFC 4180, and a quotation mark within an unquoted value is taken as it is. Blank lines are blank rows. The sheet has no name.
///
/// # Errors
/// It is empty, not UTF-8, quoted wrongly, or exceeds `limits`; the error names the line.
pub fn read_csv(bytes: &[u8], limits: &Limits) -> Result<Sheet, SheetError> {
    let text = decode(bytes, limits)?;
    let mut parser = Parser {
        rest: text.chars().peekable(),
        line: 1,
        delimiter: delimiter_of(text),
        limits,
        cells_left: limits.cells,
    };
    let mut rows = Vec::new();
    while parser.rest.peek().is_some() {
        if rows.len() >= limits.rows {
            return Err(parser.too_large("the number of its rows", limits.rows));
        }
        rows.push(parser.row()?);
    }
    Ok(Sheet { name: String::new(), rows })
}

/// Writes rows as CSV: UTF-8 with a byte order mark, commas, lines ending with CR LF as RFC 4180 has them.
///
/// Texts that a spreadsheet program would run as a formula get an apostrophe in front; numbers are written as they are.
#[must_use]
pub fn write_csv(rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut text = String::from(BOM);
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            if column > 0 {
                text.push(',');
            }
            push_value(&mut text, cell);
        }
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn push_value(text: &mut String, cell: &Cell) {
    let shown = cell.display();
    let safe = match cell {
        Cell::Text(_) | Cell::Error(_) => neutralise(&shown),
        _ => shown,
    };
    // A semicolon needs no quotes by the standard, but programs of half the world take it for the delimiter.
    if safe.contains(['"', ',', ';', '\r', '\n']) {
        text.push('"');
        text.push_str(&safe.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(&safe);
    }
}

fn decode<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, SheetError> {
    if bytes.len() > limits.file_bytes {
        let limit = limits.file_bytes as u64;
        return Err(SheetError::TooLarge { place: Place::File, what: "its size in bytes", limit });
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(SheetError::NotCsv);
    }
    let not_utf8 = |valid: usize| {
        let before = bytes.get(..valid).unwrap_or_default();
        SheetError::NotUtf8(Place::Line(1 + before.iter().filter(|&&byte| byte == b'\n').count()))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(error.valid_up_to()))?;
    // UTF-16 of plain English text is valid UTF-8 full of NULs.
    if let Some(at) = text.find('\0') {
        return Err(not_utf8(at));
    }
    let text = text.strip_prefix(BOM).unwrap_or(text);
    if text.trim().is_empty() { Err(SheetError::Empty) } else { Ok(text) }
}

/// Whichever of comma and semicolon occurs more often in the first line, outside of quotes; comma where neither does.
fn delimiter_of(text: &str) -> char {
    let mut is_quoted = false;
    let (mut commas, mut semicolons) = (0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            b',' if !is_quoted => commas += 1,
            b';' if !is_quoted => semicolons += 1,
            _ => {}
        }
    }
    if semicolons > commas { ';' } else { ',' }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    /// Counted from 1.
    line: usize,
    delimiter: char,
    limits: &'a Limits,
    cells_left: usize,
}

impl Parser<'_> {
    /// One row with its line end; trailing blank values are left out.
    fn row(&mut self) -> Result<Vec<Cell>, SheetError> {
        let mut row = Vec::new();
        loop {
            let value = self.value()?;
            self.count(row.len())?;
            row.push(Cell::text(restore(&value)));
            if self.rest.next_if_eq(&self.delimiter).is_none() {
                break;
            }
        }
        self.end_line();
        while row.last() == Some(&Cell::Empty) {
            row.pop();
        }
        Ok(row)
    }

    fn count(&mut self, column: usize) -> Result<(), SheetError> {
        if column >= self.limits.columns {
            return Err(self.too_large("the number of its columns", self.limits.columns));
        }
        match self.cells_left.checked_sub(1) {
            Some(left) => self.cells_left = left,
            None => return Err(self.too_large("the number of its values", self.limits.cells)),
        }
        Ok(())
    }

    fn value(&mut self) -> Result<String, SheetError> {
        let value = if self.rest.next_if_eq(&'"').is_some() { self.quoted()? } else { self.plain() };
        if value.len() > self.limits.cell_chars && value.chars().count() > self.limits.cell_chars {
            return Err(self.too_large("the text of one value, in characters", self.limits.cell_chars));
        }
        Ok(value)
    }

    /// A value without quotation marks around it. One within it is taken as it is: `2" Brush` means inches.
    fn plain(&mut self) -> String {
        let mut value = String::new();
        while let Some(c) = self.rest.peek().copied().filter(|c| !self.ends_value(*c)) {
            value.push(c);
            self.rest.next();
        }
        value
    }

    /// What stands between quotation marks, the first of which has been read.
    fn quoted(&mut self) -> Result<String, SheetError> {
        let opened = self.line;
        let mut value = String::new();
        while let Some(c) = self.rest.next() {
            match c {
                // Two in a row stand for one.
                '"' if self.rest.next_if_eq(&'"').is_some() => value.push('"'),
                '"' if self.rest.peek().copied().is_none_or(|c| self.ends_value(c)) => return Ok(value),
                '"' => return Err(wrong_quote(self.line, "is closed before its value ends")),
                c => {
                    self.line += usize::from(c == '\n');
                    value.push(c);
                }
            }
        }
        Err(wrong_quote(opened, "is opened and never closed"))
    }

    fn ends_value(&self, c: char) -> bool {
        c == self.delimiter || matches!(c, '\r' | '\n')
    }

    /// CR LF, LF, or the CR of very old programs.
    fn end_line(&mut self) {
        let has_cr = self.rest.next_if_eq(&'\r').is_some();
        let has_lf = self.rest.next_if_eq(&'\n').is_some();
        self.line += usize::from(has_cr || has_lf);
    }

    fn too_large(&self, what: &'static str, limit: usize) -> SheetError {
        SheetError::TooLarge { place: Place::Line(self.line), what, limit: limit as u64 }
    }
}

fn wrong_quote(line: usize, what: &'static str) -> SheetError {
    SheetError::Quote { place: Place::Line(line), what }
}
