//! Any bytes as a CSV file: it is read or refused, and what was read survives being written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_sheets::{Limits, Sheet, read_csv, write_csv};

fuzz_target!(|bytes: &[u8]| {
    let Ok(sheet) = read_csv(bytes, &Limits::default()) else { return };
    let filled = filled_rows(&sheet);
    // A file without any value is refused, so there would be nothing to read again.
    if !filled.is_empty() {
        let again = read_csv(&write_csv(&sheet.rows), &Limits::default()).expect("what we write, we read");
        assert_eq!(filled, filled_rows(&again));
    }
});

/// The rows that hold a value; blank lines and blank ends of rows need not survive.
fn filled_rows(sheet: &Sheet) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for row in &sheet.rows {
        let length = row.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1);
        if length > 0 {
            rows.push(row[..length].iter().map(|cell| cell.display().into_owned()).collect());
        }
    }
    rows
}
