//! The days that a report is about.

use jiff::{ToSpan as _, civil::Date};
use palisade_base::FieldError;
use palisade_web::component::date_words;

use crate::standing::Quarter;

/// The most years that a report goes back over: what is drawn by quarter must stay readable.
const MOST_YEARS: i16 = 20;

/// From one day to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Period {
    /// The twelve months that end with this day.
    #[must_use]
    pub fn year_to(day: Date) -> Self {
        let from = day.checked_sub(1.year()).and_then(Date::tomorrow).unwrap_or(day);
        Self { from, to: day }
    }

    /// The days as they were given, as dates like `2026-03-31`; empty ones are the last twelve months.
    ///
    /// # Errors
    /// A day that is none, one after today, days in the wrong order, or more than twenty years: each with its field.
    pub fn parse(from: Option<&str>, to: Option<&str>, today: Date) -> Result<Self, Vec<FieldError>> {
        let (to, from) = match (day("to", to), day("from", from)) {
            (Ok(to), Ok(from)) => (to, from),
            (to, from) => return Err([to.err(), from.err()].into_iter().flatten().collect()),
        };
        let last = to.unwrap_or(today);
        let period = Self { from: from.unwrap_or_else(|| Self::year_to(last).from), to: last };
        if period.to > today {
            return Err(wrong("to", "This day is still to come. Choose today or a day before."));
        }
        if period.from > period.to {
            return Err(wrong("from", "This lies after the last day. Choose a day before it."));
        }
        if period.to.year() - period.from.year() > MOST_YEARS {
            return Err(wrong("from", "A report goes back twenty years at the most. Choose a later day."));
        }
        Ok(period)
    }

    /// Whether a day lies in it.
    #[must_use]
    pub fn has(&self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// The quarters that it touches, oldest first.
    #[must_use]
    pub fn quarters(&self) -> Vec<Quarter> {
        let (first, last) = (Quarter::of(self.from), Quarter::of(self.to));
        last.last(last.number() - first.number() + 1)
    }
}

impl std::fmt::Display for Period {
    /// `22 Nov 2025 to 21 Nov 2026`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", date_words(self.from), date_words(self.to))
    }
}

fn day(field: &'static str, given: Option<&str>) -> Result<Option<Date>, FieldError> {
    let Some(text) = given.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    palisade_records::read_date(text).map(Some).map_err(|message| FieldError { field: field.into(), message })
}

fn wrong(field: &'static str, message: &str) -> Vec<FieldError> {
    vec![FieldError { field: field.into(), message: message.to_owned() }]
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 11, 21);

    fn fields(from: &str, to: &str) -> Vec<String> {
        let wrong = Period::parse(Some(from), Some(to), TODAY).unwrap_err();
        wrong.into_iter().map(|error| error.field.into_owned()).collect()
    }

    #[test]
    fn without_days_it_is_the_last_twelve_months() {
        let year = Period { from: date(2025, 11, 22), to: TODAY };
        assert_eq!(Period::parse(None, Some(" "), TODAY), Ok(year));
        assert_eq!(year.to_string(), "22 Nov 2025 to 21 Nov 2026");
        let quarters: Vec<String> = year.quarters().iter().map(Quarter::to_string).collect();
        assert_eq!(quarters, ["Q4 2025", "Q1 2026", "Q2 2026", "Q3 2026", "Q4 2026"]);
        // The day before the leap day's anniversary does not exist; the year still has its days.
        assert_eq!(Period::year_to(date(2024, 2, 29)).from, date(2023, 3, 1));
        assert!(year.has(TODAY) && !year.has(date(2025, 11, 21)));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        assert_eq!(fields("soon", "2026-13-01"), ["to", "from"]);
        assert_eq!(fields("2026-01-01", "2026-11-22"), ["to"]);
        assert_eq!(fields("2026-02-01", "2026-01-01"), ["from"]);
        assert_eq!(fields("1990-01-01", ""), ["from"]);
        assert_eq!(fields("-000001-01-01", ""), ["from"]);
        assert_eq!(fields("20260101", ""), ["from"]);
    }
}
