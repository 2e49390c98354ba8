//! Times as people say them, with the exact instant on hover.

use askama::Template;
use jiff::{civil::Date, tz::TimeZone};
use palisade_base::Instant;

use super::html_safe;

/// An instant, told from the reader's present: "5 minutes ago", "today, 14:03", "12 Mar 2026, 09:30".
#[derive(Clone, Debug, Template)]
#[template(source = r#"<time datetime="{{ exact }}" title="{{ local }}">{{ said }}</time>"#, ext = "html")]
pub struct When {
    exact: String,
    local: String,
    said: String,
}

impl When {
    /// `zone` is the company's ([`crate::Navigation::zone`]).
    #[must_use]
    pub fn new(at: Instant, now: Instant, zone: &TimeZone) -> Self {
        let there = at.to_timestamp().to_zoned(zone.clone());
        let time = format!("{:02}:{:02}", there.hour(), there.minute());
        let local =
            format!("{}, {time}:{:02} ({zone})", date_words(there.date()), there.second(), zone = zone_name(zone));
        Self { exact: at.to_string(), local, said: said(at, now, there.date(), now.date_in(zone), &time) }
    }

    /// The same, saying the exact time to the second: where minutes ago are too vague, as in the trail.
    #[must_use]
    pub fn exactly(mut self) -> Self {
        let (words, _zone) = self.local.rsplit_once(" (").unwrap_or((&self.local, ""));
        self.said = words.to_owned();
        self
    }

    /// The words alone.
    #[must_use]
    pub fn said(&self) -> &str {
        &self.said
    }
}

fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

fn said(at: Instant, now: Instant, day: Date, today: Date, time: &str) -> String {
    let seconds = now.since(at).as_seconds();
    match seconds {
        0..60 => "just now".to_owned(),
        60..120 => "a minute ago".to_owned(),
        120..3_600 => format!("{} minutes ago", seconds / 60),
        -59..0 => "in less than a minute".to_owned(),
        -119..=-60 => "in a minute".to_owned(),
        -3_599..=-120 => format!("in {} minutes", -seconds / 60),
        _ if day == today => format!("today, {time}"),
        _ if day.tomorrow().is_ok_and(|next| next == today) => format!("yesterday, {time}"),
        _ if today.tomorrow().is_ok_and(|next| next == day) => format!("tomorrow, {time}"),
        _ => format!("{}, {time}", date_words(day)),
    }
}

/// A date as people write it: `12 Mar 2026`.
#[must_use]
pub fn date_words(date: Date) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    format!("{} {} {}", date.day(), month.unwrap_or(&""), date.year())
}

html_safe!(When);

#[cfg(test)]
mod tests {
    use super::*;

    fn said_at(at: &str, now: &str) -> String {
        let zone = TimeZone::get("America/Denver").unwrap();
        When::new(Instant::parse(at).unwrap(), Instant::parse(now).unwrap(), &zone).said
    }

    #[test]
    fn times_are_said_from_the_readers_present() {
        let now = "2026-03-12T18:00:00Z"; // 12:00 in Denver
        assert_eq!(said_at("2026-03-12T17:59:30Z", now), "just now");
        assert_eq!(said_at("2026-03-12T17:55:00Z", now), "5 minutes ago");
        assert_eq!(said_at("2026-03-12T15:03:00Z", now), "today, 09:03");
        // 05:59 UTC is still the day before in Denver.
        assert_eq!(said_at("2026-03-12T05:59:00Z", now), "yesterday, 23:59");
        assert_eq!(said_at("2026-03-13T15:00:00Z", now), "tomorrow, 09:00");
        assert_eq!(said_at("2025-12-01T16:30:00Z", now), "1 Dec 2025, 09:30");
        assert_eq!(said_at("2026-03-12T18:10:00Z", now), "in 10 minutes");
    }

    #[test]
    fn an_exact_time_is_said_to_the_second() {
        let at = Instant::parse("2026-03-12T15:03:09Z").unwrap();
        assert_eq!(
            When::new(at, at, &TimeZone::get("America/Denver").unwrap()).exactly().said(),
            "12 Mar 2026, 09:03:09"
        );
    }

    #[test]
    fn the_exact_instant_is_on_hover() {
        let zone = TimeZone::get("America/Denver").unwrap();
        let at = Instant::parse("2026-03-12T15:03:09Z").unwrap();
        assert_eq!(
            When::new(at, at, &zone).to_string(),
            r#"<time datetime="2026-03-12T15:03:09Z" title="12 Mar 2026, 09:03:09 (America/Denver)">just now</time>"#
        );
    }
}
