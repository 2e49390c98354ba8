//! Whether a qualification counts on a day, and for how long it still will.

use palisade_base::Date;
use palisade_records::Record;
use palisade_web::component::{Badge, Tone};

/// How long before its last day a qualification is reminded of.
pub const REMINDER_DAYS: i32 = 60;

/// Where a qualification is on its way, on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It does not end.
    Unlimited,
    /// So many days are left, besides today.
    Left(i32),
    /// It ended so many days ago.
    Over(i32),
    /// It begins in so many days.
    Ahead(i32),
}

impl Validity {
    /// Between these days, both counted.
    #[must_use]
    pub fn between(issued: Option<Date>, expires: Option<Date>, today: Date) -> Self {
        match (issued.map(|day| days_from(today, day)), expires.map(|day| days_from(today, day))) {
            (Some(ahead), _) if ahead > 0 => Self::Ahead(ahead),
            (_, Some(left)) if left < 0 => Self::Over(-left),
            (_, Some(left)) => Self::Left(left),
            (_, None) => Self::Unlimited,
        }
    }

    /// Of a qualification's record.
    #[must_use]
    pub fn of(record: &Record, today: Date) -> Self {
        let day = |name: &str| record.text(name).and_then(|text| text.parse().ok());
        Self::between(day("issued_on"), day("expires_on"), today)
    }

    /// Whether it counts.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::Unlimited | Self::Left(_))
    }

    /// Whether somebody has to do something about it.
    #[must_use]
    pub const fn is_due(self) -> bool {
        match self {
            Self::Left(days) => days <= REMINDER_DAYS,
            Self::Over(_) => true,
            Self::Unlimited | Self::Ahead(_) => false,
        }
    }

    /// How pressing it is.
    #[must_use]
    pub const fn tone(self) -> Option<Tone> {
        match self {
            Self::Over(_) => Some(Tone::Stop),
            Self::Left(..=30) => Some(Tone::Warn),
            Self::Left(..=REMINDER_DAYS) | Self::Ahead(_) => Some(Tone::Note),
            Self::Left(_) | Self::Unlimited => None,
        }
    }

    /// In words: `expires in 12 days`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Unlimited => "valid without end".into(),
            Self::Left(0) => "expires today".into(),
            Self::Left(1) => "expires tomorrow".into(),
            Self::Left(days @ ..=REMINDER_DAYS) => format!("expires in {days} days"),
            Self::Left(_) => "valid".into(),
            Self::Over(1) => "expired yesterday".into(),
            Self::Over(days) => format!("expired {days} days ago"),
            Self::Ahead(1) => "valid from tomorrow".into(),
            Self::Ahead(days) => format!("valid in {days} days"),
        }
    }

    /// As a badge.
    #[must_use]
    pub fn badge(self) -> Badge {
        match self.tone() {
            Some(tone) => Badge::new(tone, self.words()),
            None => Badge::ok(self.words()),
        }
    }
}

/// How many days after `today` the day is; before it, less than nothing.
pub(crate) fn days_from(today: Date, day: Date) -> i32 {
    (day - today).get_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<Date> {
        text.parse().ok()
    }

    #[test]
    fn the_last_day_counts_and_the_day_after_does_not() {
        let today = day("2026-11-21").unwrap_or_default();
        let on = |expires: &str| Validity::between(day("2024-11-21"), day(expires), today);
        assert_eq!(on("2026-11-21"), Validity::Left(0));
        assert!(on("2026-11-21").counts() && !on("2026-11-20").counts());
        assert_eq!(on("2026-11-20"), Validity::Over(1));
        // 9 days of November, 31 of December, 20 of January are 60.
        assert_eq!(on("2027-01-20"), Validity::Left(60));
        assert!(on("2027-01-20").is_due() && !on("2027-01-21").is_due());
        assert_eq!(on("2025-11-21"), Validity::Over(365));
        assert_eq!(on("2027-01-20").words(), "expires in 60 days");
    }

    #[test]
    fn without_an_end_it_counts_and_before_its_beginning_it_does_not() {
        let today = day("2026-11-21").unwrap_or_default();
        assert_eq!(Validity::between(None, None, today), Validity::Unlimited);
        let ahead = Validity::between(day("2026-11-22"), day("2027-11-22"), today);
        assert_eq!((ahead, ahead.counts(), ahead.is_due()), (Validity::Ahead(1), false, false));
    }
}
