//! Quarters of a year.

use std::fmt;

use palisade_base::Date;

/// A quarter: year × 4 + 0 to 3. There are none before the year 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter(u16);

impl Quarter {
    /// The quarter that a day lies in.
    #[must_use]
    pub fn of(day: Date) -> Self {
        let year = day.year().max(0).cast_unsigned();
        let month = day.month().cast_unsigned();
        Self(year * 4 + u16::from((month - 1) / 3))
    }

    /// The `number` quarters that end with this one, oldest first.
    #[must_use]
    pub fn last(self, number: u16) -> Vec<Self> {
        (0..number).rev().map(|back| Self(self.0.saturating_sub(back))).collect()
    }

    pub(crate) const fn number(self) -> u16 {
        self.0
    }

    /// Its year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.0 / 4
    }

    /// Which of its year's quarters it is, 1 to 4.
    #[must_use]
    pub const fn of_year(self) -> u16 {
        self.0 % 4 + 1
    }
}

impl fmt::Display for Quarter {
    /// `Q3 2026`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Q{} {}", self.of_year(), self.year())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_lies_in_its_quarter() {
        let written = |year, month, day| Quarter::of(date(year, month, day)).to_string();
        assert_eq!(written(2026, 1, 1), "Q1 2026");
        assert_eq!(written(2026, 3, 31), "Q1 2026");
        assert_eq!(written(2026, 4, 1), "Q2 2026");
        assert_eq!(written(2026, 12, 31), "Q4 2026");
        let last: Vec<String> = Quarter::of(date(2026, 2, 1)).last(3).iter().map(Quarter::to_string).collect();
        assert_eq!(last, ["Q3 2025", "Q4 2025", "Q1 2026"]);
        assert_eq!(Quarter::of(date(2026, 7, 1)).number(), 2026 * 4 + 2);
        assert!(Quarter::of(date(-5, 7, 1)) < Quarter::of(date(9999, 12, 31)));
    }
}
