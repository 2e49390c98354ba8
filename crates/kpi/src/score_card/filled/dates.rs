//! Dates as people write them on paper. One that two days could be meant by is asked about, never guessed.

use palisade_base::Date;

/// What stands behind "Date:".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum DateOnCard {
    /// Nothing.
    #[default]
    Missing,
    /// One day, whoever reads it.
    Day(Date),
    /// Something that is no day, or may be one of several.
    Unclear {
        /// As it is written.
        written: String,
        /// The days that it may mean, earliest first; none where it means no day.
        candidates: Vec<Date>,
    },
}

/// Far longer than any date; what is longer is a story.
const MAX_CHARS: usize = 60;

/// Reads a date: `2026-03-04`, `Mar 4, 2026`, `4 March 26`, `3/14/2026`, `20260304`.
///
/// `3/4/2026` is the third of April to some and the fourth of March to others: both come back.
#[must_use]
pub fn read_date(written: &str) -> DateOnCard {
    let written = written.trim().trim_matches('_').trim();
    if written.is_empty() {
        return DateOnCard::Missing;
    }
    let short: String = written.chars().take(MAX_CHARS).collect();
    let mut candidates = if short.len() == written.len() { candidates(written) } else { Vec::new() };
    candidates.sort_unstable();
    candidates.dedup();
    match candidates.as_slice() {
        [day] => DateOnCard::Day(*day),
        _ => DateOnCard::Unclear { written: short, candidates },
    }
}

fn candidates(text: &str) -> Vec<Date> {
    let parts = parts(text);
    let months: Vec<usize> = (0..parts.len()).filter(|at| month_of(parts[*at]).is_some()).collect();
    match (parts.as_slice(), months.as_slice()) {
        ([one], []) if one.len() == 8 && one.bytes().all(|byte| byte.is_ascii_digit()) => {
            day(&one[..4], &one[4..6], &one[6..]).into_iter().collect()
        }
        ([a, b, c], []) => in_digits(a, b, c, text.contains('-')),
        ([_, _, _], [at]) => with_month(&parts, *at).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The words and numbers of a text, less what says nothing: weekdays, "of", the "th" of a number.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        // "4th", "4Mar26": where digits and letters meet, one part ends.
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c: char| c.is_ascii_digit() != first.is_ascii_digit()).unwrap_or(rest.len());
            let (part, behind) = rest.split_at(end);
            if !says_nothing(part) {
                parts.push(part);
            }
            rest = behind;
        }
    }
    parts
}

fn says_nothing(word: &str) -> bool {
    const FILLERS: [&str; 6] = ["st", "nd", "rd", "th", "of", "the"];
    const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let word = word.to_lowercase();
    FILLERS.contains(&word.as_str()) || (word.len() >= 3 && WEEKDAYS.iter().any(|day| day.starts_with(&word)))
}

/// 1 to 12, from a month's name or its first letters, three at the least.
fn month_of(word: &str) -> Option<&'static str> {
    const MONTHS: [(&str, &str); 12] = [
        ("january", "1"),
        ("february", "2"),
        ("march", "3"),
        ("april", "4"),
        ("may", "5"),
        ("june", "6"),
        ("july", "7"),
        ("august", "8"),
        ("september", "9"),
        ("october", "10"),
        ("november", "11"),
        ("december", "12"),
    ];
    let word = word.to_lowercase();
    let is_it = |(name, _): &&(&str, &str)| word.len() >= 3 && name.starts_with(&word);
    MONTHS.iter().find(is_it).map(|(_, number)| *number)
}

/// Month, day and year in figures, in the orders that are in use.
fn in_digits(a: &str, b: &str, c: &str, has_hyphens: bool) -> Vec<Date> {
    if a.len() == 4 {
        return day(a, b, c).into_iter().collect();
    }
    let mut orders = vec![day(c, a, b), day(c, b, a)];
    if has_hyphens && c.len() == 2 {
        // 26-03-04 may begin with the year.
        orders.push(day(a, b, c));
    }
    orders.into_iter().flatten().collect()
}

/// A month in letters: what stands beside it is day and year, and the year comes last or has four digits.
fn with_month(parts: &[&str], at: usize) -> Option<Date> {
    let month = month_of(parts.get(at)?)?;
    let mut others = parts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, part)| *part);
    let (first, last) = (others.next()?, others.next()?);
    if first.len() == 4 { day(first, month, last) } else { day(last, month, first) }
}

/// A real day in this century or the last years of the one before.
fn day(year: &str, month: &str, day: &str) -> Option<Date> {
    let year: i16 = match year.len() {
        4 => year.parse().ok().filter(|year| (1990..=2099).contains(year))?,
        2 => 2000 + year.parse::<i16>().ok()?,
        _ => return None,
    };
    let small = |text: &str| if text.len() <= 2 { text.parse::<i8>().ok() } else { None };
    Date::new(year, small(month)?, small(day)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOURTH_OF_MARCH: Date = Date::constant(2026, 3, 4);

    #[test]
    fn a_day_is_read_in_the_ways_that_people_write_it() {
        for written in [
            "2026-03-04",
            "2026/3/4",
            "2026.03.04",
            "20260304",
            "Mar 4, 2026",
            "March 4th 2026",
            "4 March 2026",
            "4-Mar-26",
            "Wed, Mar 4, 2026",
            "the 4th of March, 2026",
            "4Mar26",
            "2026 Mar 4",
            "MARCH 4, 26",
            " Mar. 4, 2026 ",
        ] {
            assert_eq!(read_date(written), DateOnCard::Day(FOURTH_OF_MARCH), "{written}");
        }
        assert_eq!(read_date("3/14/2026"), DateOnCard::Day(Date::constant(2026, 3, 14)));
        assert_eq!(read_date("14.3.26"), DateOnCard::Day(Date::constant(2026, 3, 14)));
        assert_eq!(read_date("5/5/26"), DateOnCard::Day(Date::constant(2026, 5, 5)));
    }

    #[test]
    fn a_date_that_two_days_could_be_meant_by_is_asked_about() {
        let unclear = |written: &str| match read_date(written) {
            DateOnCard::Unclear { candidates, .. } => candidates,
            other => panic!("{written}: {other:?}"),
        };
        assert_eq!(unclear("3/4/2026"), [FOURTH_OF_MARCH, Date::constant(2026, 4, 3)]);
        assert_eq!(unclear("3.4.26"), [FOURTH_OF_MARCH, Date::constant(2026, 4, 3)]);
        assert_eq!(unclear("26-03-04"), [Date::constant(2004, 3, 26), FOURTH_OF_MARCH]);
    }

    #[test]
    fn what_is_no_day_is_kept_as_written() {
        for written in [
            "yesterday",
            "3/4",
            "2026",
            "30 Feb 2026",
            "13/13/2026",
            "3/4/2026 signed",
            "March",
            "4/3/1026",
            "１/２/26",
            "é1é",
            "𞓪𐀟",
        ] {
            let expected = DateOnCard::Unclear { written: written.to_owned(), candidates: Vec::new() };
            assert_eq!(read_date(written), expected);
        }
        assert_eq!(read_date("  "), DateOnCard::Missing);
        assert_eq!(read_date("____"), DateOnCard::Missing);
        assert!(matches!(read_date(&"9".repeat(10_000)), DateOnCard::Unclear { written, .. } if written.len() == 60));
    }
}
