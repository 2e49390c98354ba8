//! One XML part of a workbook, checked before the spreadsheet library reads it.

use quick_xml::{
    Reader,
    events::{BytesStart, Event, attributes::AttrError},
};

use crate::{Limits, Place, SheetError};

/// The last row and column that the format itself has, counted from 1.
const FORMAT_ROWS: u32 = 1_048_576;
const FORMAT_COLUMNS: u32 = 16_384;
/// The five entities that XML has without a DTD.
const PLAIN_ENTITIES: [&str; 5] = ["lt", "gt", "amp", "apos", "quot"];

/// Refuses what no honest workbook holds: a DTD (and with it every entity and outside file), another encoding, elements
/// nested without end, cell positions off the sheet, and counts that would make the library reserve memory for them.
pub(crate) fn check(name: &str, part: &[u8], limits: &Limits) -> Result<(), SheetError> {
    let text = std::str::from_utf8(part).map_err(|_| refused(name, "its text is not in UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut place = Walk { name, limits, depth: 0, is_worksheet: false };
    loop {
        match reader.read_event().map_err(|e| damaged(name, e))? {
            Event::Start(element) => {
                place.enter()?;
                place.element(&element)?;
            }
            Event::Empty(element) => place.element(&element)?,
            Event::End(_) => place.depth = place.depth.saturating_sub(1),
            Event::DocType(_) => return Err(refused(name, "it holds a document type definition (DTD)")),
            Event::GeneralRef(entity) if !is_plain(&entity) => {
                return Err(refused(name, "it uses an entity of its own"));
            }
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().transpose().map_err(|e| damaged(name, e))?;
                if encoding.is_some_and(|encoding| !is_utf8(&encoding)) {
                    return Err(refused(name, "its text is not in UTF-8"));
                }
            }
            Event::Eof if place.depth > 0 => return Err(damaged(name, "ends within an element")),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn is_utf8(encoding: &str) -> bool {
    encoding.eq_ignore_ascii_case("utf-8") || encoding.eq_ignore_ascii_case("us-ascii")
}

fn is_plain(entity: &str) -> bool {
    entity.starts_with('#') || PLAIN_ENTITIES.contains(&entity)
}

/// Where the check stands within a part.
struct Walk<'a> {
    name: &'a str,
    limits: &'a Limits,
    depth: usize,
    is_worksheet: bool,
}

impl Walk<'_> {
    fn enter(&mut self) -> Result<(), SheetError> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            let place = Place::Part(self.name.to_owned());
            let limit = self.limits.depth as u64;
            return Err(SheetError::TooLarge { place, what: "how deep its elements nest", limit });
        }
        Ok(())
    }

    /// The few attributes that the library computes with.
    fn element(&mut self, element: &BytesStart<'_>) -> Result<(), SheetError> {
        match element.local_name().as_ref() {
            "worksheet" => self.is_worksheet = true,
            "sst" => {
                return self.each(element, &["count", "uniqueCount"], |value, limits| is_count(value, limits.cells));
            }
            "row" if self.is_worksheet => return self.each(element, &["r"], |value, _| is_row(value)),
            "c" if self.is_worksheet => return self.each(element, &["r"], |value, _| is_position(value)),
            "dimension" if self.is_worksheet => return self.each(element, &["ref"], |value, _| is_range(value)),
            _ => {}
        }
        Ok(())
    }

    fn each(
        &self,
        element: &BytesStart<'_>,
        keys: &[&str],
        is_sound: fn(&str, &Limits) -> bool,
    ) -> Result<(), SheetError> {
        // Looking for duplicates compares every attribute with every other one: a million of them would take hours.
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(|e: AttrError| damaged(self.name, e))?;
            if keys.contains(&attribute.key.as_ref()) && !is_sound(&attribute.value, self.limits) {
                return Err(refused(self.name, "it gives a position or a count that no sheet has"));
            }
        }
        Ok(())
    }
}

fn is_count(value: &str, most: usize) -> bool {
    value.parse::<usize>().is_ok_and(|count| count <= most)
}

fn is_row(value: &str) -> bool {
    is_digits(value) && value.parse::<u32>().is_ok_and(|row| (1..=FORMAT_ROWS).contains(&row))
}

/// `B7`: a column of the format and a row of the format.
fn is_position(value: &str) -> bool {
    position(value).is_some()
}

/// `A1` or `A1:K294`, from the upper left to the lower right.
fn is_range(value: &str) -> bool {
    match value.split_once(':') {
        None => is_position(value),
        Some((from, to)) => match (position(from), position(to)) {
            (Some(from), Some(to)) => from.0 <= to.0 && from.1 <= to.1,
            _ => false,
        },
    }
}

/// Row and column, counted from 1.
fn position(value: &str) -> Option<(u32, u32)> {
    let split = value.find(|c: char| !c.is_ascii_alphabetic())?;
    let (letters, digits) = value.split_at(split);
    if letters.is_empty() || letters.len() > 3 || !is_row(digits) {
        return None;
    }
    let column = letters.bytes().fold(0, |sum, letter| sum * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    (column <= FORMAT_COLUMNS).then_some((digits.parse().ok()?, column))
}

fn is_digits(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn refused(name: &str, what: &'static str) -> SheetError {
    SheetError::Refused { place: Place::Part(name.to_owned()), what }
}

fn damaged(name: &str, detail: impl std::fmt::Display) -> SheetError {
    SheetError::Damaged { place: Place::Part(name.to_owned()), detail: detail.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_ranges_stay_on_the_sheet() {
        for range in ["A1", "A1:K294", "XFD1048576", "a1:b2"] {
            assert!(is_range(range), "{range}");
        }
        for range in ["", "A", "1", "A0", "XFE1", "A1048577", "A-1", "B2:A1", "A1:", "A1:B2:C3", "AAAA1", "Ä1", "A+1"]
        {
            assert!(!is_range(range), "{range}");
        }
    }
}
