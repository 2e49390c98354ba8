//! From when to when: what the address says, and the days and quarters that it means.

use jiff::ToSpan as _;
use palisade_base::{Date, FieldError};

use crate::standing::Quarter;

/// How far back a view goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// As far as there is anything.
    All,
    /// The last twelve months.
    Year,
    /// The last three months.
    Quarter,
    /// The last month.
    Month,
    /// Between two days.
    Custom,
}

impl Range {
    /// All of them, as a list offers them.
    pub const ALL: [Self; 5] = [Self::All, Self::Year, Self::Quarter, Self::Month, Self::Custom];

    /// As in the address.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Custom => "custom",
        }
    }

    /// As people read it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "All the time",
            Self::Year => "Last 12 months",
            Self::Quarter => "Last 3 months",
            Self::Month => "Last month",
            Self::Custom => "From – to",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.as_str() == word)
    }

    fn begin(self, today: Date) -> Option<Date> {
        let months = match self {
            Self::Year => 12,
            Self::Quarter => 3,
            Self::Month => 1,
            Self::All | Self::Custom => return None,
        };
        Some(today.saturating_sub(months.months()))
    }
}

/// A range with its days, both included; open where one is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// What was asked for.
    pub range: Range,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
}

/// The most quarters that a course shows: ten years.
const MOST_QUARTERS: u16 = 40;
/// How many quarters are looked at where no beginning is asked for.
const ALL_QUARTERS: u16 = 20;

impl Period {
    /// Reads `range`, `from` and `to` of an address. Days that are given count, whatever range stands beside them.
    ///
    /// # Errors
    /// What is wrong, by the name of the parameter.
    pub fn parse(
        range: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
        today: Date,
    ) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut say = |field: &'static str, message: &'static str| {
            wrong.push(FieldError { field: field.into(), message: message.into() });
        };
        let range = match range.map(Range::parse) {
            None => Range::Year,
            Some(Some(range)) => range,
            Some(None) => {
                say("range", "Use all, year, quarter, month or custom.");
                Range::Year
            }
        };
        let mut day = |field: &'static str, text: Option<&str>| {
            let read = text.map(str::parse::<Date>).transpose();
            read.unwrap_or_else(|_| {
                say(field, "Write a date like 2026-03-31.");
                None
            })
        };
        let (from, to) = (day("from", from), day("to", to));
        if matches!((from, to), (Some(from), Some(to)) if from > to) {
            say("to", "This day lies before the first one.");
        }
        if range == Range::Custom && wrong.is_empty() && from.is_none() && to.is_none() {
            wrong.push(FieldError { field: "from".into(), message: "Say from when, or to when.".into() });
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(if from.is_some() || to.is_some() {
            Self { range: Range::Custom, from, to }
        } else {
            Self { range, from: range.begin(today), to: None }
        })
    }

    /// The quarters that it touches, oldest first; at most the last forty.
    #[must_use]
    pub fn quarters(self, today: Date) -> Vec<Quarter> {
        let last = Quarter::of(self.to.unwrap_or(today).min(today));
        let number = match self.from {
            Some(from) => (last.number() + 1).saturating_sub(Quarter::of(from).number()).clamp(1, MOST_QUARTERS),
            None => ALL_QUARTERS,
        };
        last.last(number)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 11, 21);

    fn quarters(range: Option<&str>, from: Option<&str>, to: Option<&str>) -> Vec<String> {
        let period = Period::parse(range, from, to, TODAY).unwrap();
        period.quarters(TODAY).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_range_touches_its_quarters() {
        assert_eq!(quarters(None, None, None), ["Q4 2025", "Q1 2026", "Q2 2026", "Q3 2026", "Q4 2026"]);
        assert_eq!(quarters(Some("quarter"), None, None), ["Q3 2026", "Q4 2026"]);
        assert_eq!(quarters(Some("month"), None, None), ["Q4 2026"]);
        assert_eq!(quarters(Some("all"), None, None).len(), 20);
        assert_eq!(quarters(Some("custom"), Some("2026-01-01"), Some("2026-04-01")), ["Q1 2026", "Q2 2026"]);
        // Days that are given count, and nothing lies after today or ten years back.
        assert_eq!(quarters(Some("month"), Some("2026-08-01"), Some("9999-01-01")), ["Q3 2026", "Q4 2026"]);
        assert_eq!(quarters(None, Some("-009999-01-01"), None).len(), 40);
        assert_eq!(quarters(None, Some("2030-01-01"), None), ["Q4 2026"]);
    }

    #[test]
    fn what_is_wrong_is_said_by_name() {
        let wrong = |range, from, to| {
            let errors = Period::parse(range, from, to, TODAY).unwrap_err();
            errors.iter().map(|error| error.field.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(wrong(Some("decade"), None, None), ["range"]);
        assert_eq!(wrong(None, Some("soon"), Some("2026-02-30")), ["from", "to"]);
        assert_eq!(wrong(None, Some("2026-03-02"), Some("2026-03-01")), ["to"]);
        assert_eq!(wrong(Some("custom"), None, None), ["from"]);
    }
}
