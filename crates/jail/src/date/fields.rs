//! The `%` tokens of a date pattern: what each matches, and what time they make together.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use palisade_base::Instant;

use super::zones::offset_minutes;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The tokens that are longer than a letter, then those of one letter: `%ExY`, `%Y`.
const TOKENS: [(&str, &str); 37] = [
    ("ExY", r"(?P<Y>20\d{2})"),
    ("Exy", r"(?P<y>\d{2})"),
    ("Exm", r"(?P<m>0[1-9]|1[0-2])"),
    ("Exd", r"(?P<d>[1-2]\d|0[1-9]|3[0-1])"),
    ("ExH", r"(?P<H>[0-1]\d|2[0-3])"),
    ("Exk", r" ?(?P<H>[0-1]?\d|2[0-3])"),
    ("Exl", r" ?(?P<I>1[0-2]|\d)"),
    ("ExM", r"(?P<M>[0-5]\d)"),
    ("ExS", r"(?P<S>[0-5]\d|6[0-1])"),
    ("ExZ", r"(?P<Z>[A-Z](?:[A-Z]{2,4})?)"),
    ("Exz", r"(?P<z>(?:[A-Z](?:[A-Z]{2,4})?)?[+-][01]\d(?::?\d{2})?|[A-Z](?:[A-Z]{2,4})?)"),
    ("Y", r"(?P<Y>\d{4})"),
    ("y", r"(?P<y>\d{2})"),
    ("m", r"(?P<m>0?[1-9]|1[0-2])"),
    ("d", r"(?P<d>[1-2]\d|[0 ]?[1-9]|3[0-1])"),
    ("e", r"(?P<d>[1-2]\d|[0 ]?[1-9]|3[0-1])"),
    ("H", r"(?P<H>[0-1]?\d|2[0-3])"),
    ("k", r" ?(?P<H>[0-2]?\d)"),
    ("I", r"(?P<I>1[0-2]|0[1-9]|[1-9])"),
    ("l", r" ?(?P<I>1?\d)"),
    ("M", r"(?P<M>[0-5]?\d)"),
    ("S", r"(?P<S>[0-5]?\d|6[0-1])"),
    ("f", r"(?P<f>\d{1,6})"),
    ("p", "(?P<p>am|pm)"),
    ("z", r"(?P<z>Z|UTC|GMT|[+-][01]\d(?::?\d{2})?)"),
    ("Z", "(?P<Z>Z|[A-Z]{3,5})"),
    ("b", "(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"),
    ("B", "(?P<b>january|february|march|april|may|june|july|august|september|october|november|december)"),
    ("a", "(?:mon|tue|wed|thu|fri|sat|sun)"),
    ("A", "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"),
    ("j", r"(?P<j>36[0-6]|3[0-5]\d|[1-2]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9])"),
    ("w", "[0-6]"),
    ("u", "[1-7]"),
    ("U", r"(?:5[0-3]|[0-4]\d|\d)"),
    ("W", r"(?:5[0-3]|[0-4]\d|\d)"),
    ("V", r"(?:5[0-3]|0[1-9]|[1-4]\d|\d)"),
    ("%", "%"),
];

/// Replaces the tokens of a pattern, and says whether letters may be of either case.
pub(super) fn expand_tokens(pattern: &str) -> Result<(String, bool), String> {
    let (mut text, mut rest, mut has_words) = (String::new(), pattern, false);
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let token = TOKENS.iter().find_map(|(token, regex)| Some((token, regex, after.strip_prefix(token)?)));
        let (token, regex, after) = token.ok_or_else(|| {
            format!("`%{}` is no part of a date", after.chars().next().map(String::from).unwrap_or_default())
        })?;
        has_words |= matches!(*token, "a" | "A" | "b" | "B" | "p");
        text.push_str(regex);
        rest = after;
    }
    text.push_str(rest);
    Ok((text, has_words))
}

/// The parts of a date as captured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fields {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    day_of_year: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    micros: i32,
    /// The hour is of twelve, and in which half of the day, if that is said.
    is_half_day: Option<Option<bool>>,
    offset_minutes: Option<i32>,
}

impl Fields {
    /// Takes one captured part; `None` where it can't be.
    pub(super) fn set(&mut self, name: &str, text: &str) -> Option<()> {
        match name {
            "Y" => self.year = Some(text.parse().ok()?),
            "y" => self.year = Some(2000 + text.parse::<i16>().ok()?),
            "m" => self.month = Some(number(text)?),
            "b" => self.month = Some(month(text)?),
            "d" => self.day = Some(number(text)?),
            "j" => self.day_of_year = Some(text.parse().ok()?),
            "H" => self.hour = number(text)?,
            "I" => {
                self.hour = number(text)?;
                self.is_half_day = Some(self.is_half_day.flatten());
            }
            "p" => self.is_half_day = Some(Some(text.eq_ignore_ascii_case("pm"))),
            "M" => self.minute = number(text)?,
            // A leap second is the last one once more.
            "S" => self.second = number(text)?.min(59),
            "f" => self.micros = format!("{text:0<6}").parse().ok()?,
            "z" | "Z" => self.offset_minutes = Some(offset_minutes(text)?),
            _ => {}
        }
        Some(())
    }

    /// The instant that is meant, seen from `now`: a date without a year is of the last twelve months, a time without
    /// a date of the last day.
    pub(super) fn instant(&self, now: Instant, zone: &TimeZone) -> Option<Instant> {
        let today = now.to_timestamp().to_zoned(zone.clone()).date();
        let year = self.year.unwrap_or_else(|| today.year());
        let (date, is_today) = match (self.month, self.day, self.day_of_year) {
            (Some(month), Some(day), _) => (self.date(year, month, day, today)?, false),
            (_, _, Some(day)) => (Date::new(year, 1, 1).ok()?.checked_add((day - 1).days()).ok()?, false),
            (None, None, None) => (today, true),
            _ => return None,
        };
        let time = Time::new(self.hour_of_day(), self.minute, self.second, self.micros * 1_000).ok()?;
        let found = self.in_zone(date.to_datetime(time), zone)?;
        if is_today && found > now.to_timestamp() {
            return self.in_zone(date.yesterday().ok()?.to_datetime(time), zone).map(instant);
        }
        let tomorrow = now.to_timestamp().checked_add(24.hours()).ok()?;
        if self.year.is_none() && !is_today && found > tomorrow {
            let last_year = self.date(year - 1, date.month(), date.day(), today)?;
            return self.in_zone(last_year.to_datetime(time), zone).map(instant);
        }
        Some(instant(found))
    }

    /// 29 February without a year was in the last leap year.
    fn date(&self, year: i16, month: i8, day: i8, today: Date) -> Option<Date> {
        let date = Date::new(year, month, day).ok();
        if self.year.is_some() || (month, day) != (2, 29) {
            return date;
        }
        date.or_else(|| (1..8).find_map(|back| Date::new(today.year() - back, 2, 29).ok()))
    }

    fn hour_of_day(&self) -> i8 {
        match (self.is_half_day, self.hour) {
            (None, hour) => hour,
            (Some(Some(true)), 12) => 12,
            (Some(Some(true)), hour) => hour + 12,
            (Some(_), 12) => 0,
            (Some(_), hour) => hour,
        }
    }

    fn in_zone(&self, local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
        match self.offset_minutes {
            None => Some(zone.to_zoned(local).ok()?.timestamp()),
            Some(minutes) => {
                let utc = local.checked_sub(i64::from(minutes).minutes()).ok()?;
                Some(TimeZone::UTC.to_zoned(utc).ok()?.timestamp())
            }
        }
    }
}

fn instant(timestamp: Timestamp) -> Instant {
    Instant::from_micros(timestamp.as_microsecond())
}

fn number(text: &str) -> Option<i8> {
    text.trim_start().parse().ok()
}

fn month(text: &str) -> Option<i8> {
    let start = text.get(..3)?;
    let index = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(start))?;
    i8::try_from(index + 1).ok()
}
