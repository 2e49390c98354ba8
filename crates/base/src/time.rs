//! Instants and spans: UTC microseconds, the precision that both storage engines keep.

use std::{
    fmt,
    ops::{Add, Sub},
};

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

/// A length of time in microseconds; may be negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Span(i64);

impl Instant {
    /// The instant that many microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The time from `earlier` to `self`; negative where `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The civil date of this instant in `zone`.
    #[must_use]
    pub fn date_in(self, zone: &TimeZone) -> jiff::civil::Date {
        self.to_timestamp().to_zoned(zone.clone()).date()
    }

    /// As a `jiff` timestamp; instants beyond its range are held at its ends.
    #[must_use]
    pub fn to_timestamp(self) -> Timestamp {
        let clamped = self.0.clamp(Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond());
        Timestamp::from_microsecond(clamped).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Reads an RFC 3339 instant such as `2026-03-01T09:30:00Z`; finer digits than microseconds are dropped.
    ///
    /// # Errors
    /// The text is not RFC 3339.
    pub fn parse(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<Timestamp>().map(|t| Self(t.as_microsecond()))
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_timestamp().fmt(f)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of that many microseconds.
    #[must_use]
    pub const fn micros(n: i64) -> Self {
        Self(n)
    }

    /// A span of that many milliseconds.
    #[must_use]
    pub const fn millis(n: i64) -> Self {
        Self(n.saturating_mul(1_000))
    }

    /// A span of that many seconds.
    #[must_use]
    pub const fn seconds(n: i64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// A span of that many minutes.
    #[must_use]
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n.saturating_mul(60))
    }

    /// A span of that many hours.
    #[must_use]
    pub const fn hours(n: i64) -> Self {
        Self::minutes(n.saturating_mul(60))
    }

    /// A span of that many days of 24 hours.
    #[must_use]
    pub const fn days(n: i64) -> Self {
        Self::hours(n.saturating_mul(24))
    }

    /// In microseconds.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// In whole seconds, rounded towards zero.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// In whole seconds, rounded up: what `Retry-After` needs.
    #[must_use]
    pub const fn as_seconds_ceil(self) -> i64 {
        if self.0 <= 0 { 0 } else { (self.0 - 1) / 1_000_000 + 1 }
    }

    /// As the standard library's duration; negative spans become zero.
    #[must_use]
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_micros(if self.0 < 0 { 0 } else { self.0.unsigned_abs() })
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}us", self.0)
    }
}

impl Add<Span> for Instant {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Instant {
    type Output = Self;

    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_and_read_as_rfc_3339() {
        let at = Instant::parse("2026-03-01T09:30:00.123456789Z").unwrap();
        assert_eq!(at.to_string(), "2026-03-01T09:30:00.123456Z");
    }

    #[test]
    fn retry_after_is_rounded_up() {
        assert_eq!(Span::millis(1_001).as_seconds_ceil(), 2);
        assert_eq!(Span::seconds(2).as_seconds_ceil(), 2);
        assert_eq!(Span::millis(-5).as_seconds_ceil(), 0);
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let _ = Instant::from_micros(i64::MAX).to_string();
        let _ = Instant::from_micros(i64::MIN).to_string();
        assert_eq!(Instant::from_micros(i64::MAX) + Span::days(1), Instant::from_micros(i64::MAX));
    }
}
