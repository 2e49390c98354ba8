//! The score card, from the company's real sheet to hostile ones.

mod difference;
pub(crate) mod filled;
mod hostile;
mod pages;
mod real_sheet;
mod round_trip;
mod sheets;
mod taking_in;

use palisade_base::Instant;
use palisade_kpi::catalogue::{Catalogue, Category};
use palisade_sheets::{Cell, Sheet, write_xlsx};

pub(crate) const NOW: Instant = Instant::from_micros(1_795_284_000_000_000);

pub(crate) fn category(name: &str, skills: &[&str], tools: &[&str]) -> Category {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    Category { name: name.to_owned(), skills: owned(skills), tools: owned(tools) }
}

pub(crate) fn small_catalogue() -> Catalogue {
    Catalogue {
        categories: vec![
            category("Crawl space", &["Wall Framing", "Insulating"], &["Ram Set"]),
            category("Garage/Sheds", &["Wall Framing"], &[]),
        ],
        general_tools: vec!["Tape Measure".to_owned()],
    }
}

/// A workbook of one sheet from rows of texts; digits become numbers.
pub(crate) fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let cell = |text: &&str| text.parse().map_or_else(|_| Cell::text(*text), Cell::Number);
    let rows = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    write_xlsx(&[Sheet { name: "Sheet1".to_owned(), rows }], NOW).unwrap()
}

/// A header row as on the paper.
pub(crate) const fn header(name: &str) -> [&str; 11] {
    [name, "1", "2", "3", "4", "5", "", "Tools", "Yes", "No", "TS"]
}
