//! The rows above the first category: name, date and telephone.

use palisade_sheets::{Cell, Sheet};

use super::{
    super::read::{Layout, is_header},
    DateOnCard, FilledCard, read_date,
};
use crate::catalogue::MAX_NAME_CHARS;

/// The labels of the head, in small letters; what stands behind one, up to the next, belongs to it.
const LABELS: [(&str, What); 4] =
    [("name:", What::Name), ("date:", What::Date), ("phone #:", What::Phone), ("phone:", What::Phone)];
/// Longer than any telephone number with its extension.
const MAX_PHONE_CHARS: usize = 40;

#[derive(Clone, Copy, PartialEq)]
enum What {
    Name,
    Date,
    Phone,
}

/// Reads the head into the card. What stands first counts.
pub(super) fn read(layout: &Layout<'_>, card: &mut FilledCard) {
    let rows = layout.sheet.rows.len();
    for row in (0..rows).take_while(|row| !is_header(layout.sheet, *row)) {
        for (what, text) in labelled(&row_text(layout.sheet, row)) {
            match what {
                What::Name if card.name.is_none() => card.name = text_of(text, MAX_NAME_CHARS),
                What::Phone if card.phone.is_none() => card.phone = text_of(text, MAX_PHONE_CHARS),
                What::Date if card.date == DateOnCard::Missing => card.date = read_date(text),
                What::Name | What::Phone | What::Date => {}
            }
        }
    }
}

/// The cells of a row one after the other: people part a merged cell and write into its halves. A time of day is left off.
fn row_text(sheet: &Sheet, row: usize) -> String {
    let cells = sheet.rows.get(row).map_or(&[][..], Vec::as_slice).iter().filter(|cell| !cell.is_blank());
    let texts = cells.map(|cell| match cell {
        Cell::DateTime(at) => at.date().to_string(),
        cell => cell.display().into_owned(),
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// The labelled parts of a row, in order.
fn labelled(text: &str) -> Vec<(What, &str)> {
    // Only ASCII changes its case here, so places in one text are places in the other.
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<(usize, usize, What)> =
        LABELS.iter().filter_map(|(label, what)| lower.find(label).map(|at| (at, at + label.len(), *what))).collect();
    found.sort_unstable_by_key(|(at, ..)| *at);
    let ends = found.iter().skip(1).map(|(at, ..)| *at).chain([text.len()]).collect::<Vec<_>>();
    found.iter().zip(ends).filter_map(|((_, begin, what), end)| Some((*what, text.get(*begin..end)?))).collect()
}

/// A text without the lines that are printed to write on; none where nothing is left, or more than anybody writes there.
fn text_of(text: &str, most: usize) -> Option<String> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == '_').filter(|word| !word.is_empty()).collect();
    let text = words.join(" ");
    (!text.is_empty() && text.chars().count() <= most).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_head_are_told_apart() {
        let parts = labelled("Name: Ada King   Date: Mar 4, 2026");
        assert!(parts == [(What::Name, " Ada King   "), (What::Date, " Mar 4, 2026")]);
        assert!(labelled("DATE: 1/2/26 NAME: Zoë Ünal") == [(What::Date, " 1/2/26 "), (What::Name, " Zoë Ünal")]);
        assert!(labelled("Phone #: 555-0100") == [(What::Phone, " 555-0100")]);
        assert!(labelled("Rate yourself").is_empty());
    }

    #[test]
    fn lines_to_write_on_are_no_name() {
        assert_eq!(text_of(" ______ ", 100), None);
        assert_eq!(text_of(" _Ada_  King__", 100), Some("Ada King".to_owned()));
        assert_eq!(text_of(&"x".repeat(101), 100), None);
    }
}
