//! fail2ban's lengths of time: `600`, `10m`, `1d 12h`, `1h+30m`, `60*60`, and `-1` for ever.

use palisade_base::Span;

/// How long a ban lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BanTime {
    /// So long.
    For(Span),
    /// Until somebody lifts it.
    Permanent,
}

/// A hundred years; nothing here is meant to be longer.
const MAX_SECONDS: f64 = 100.0 * 365.25 * 86_400.0;
const MONTH: f64 = 365.25 * 86_400.0 / 12.0;

/// Reads a length of time as fail2ban writes them; `None` where it is none.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Span> {
    let seconds = parse_seconds(text).filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds))?;
    // In the range just checked, so nothing is cut off but parts of a microsecond.
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let micros = (seconds * 1e6).round() as i64;
    Some(Span::micros(micros))
}

/// Reads how long a ban lasts.
pub(crate) fn parse_ban_time(text: &str) -> Option<BanTime> {
    match parse_seconds(text)? {
        seconds if seconds < 0.0 => Some(BanTime::Permanent),
        _ => parse_duration(text).map(BanTime::For),
    }
}

/// A sum of products: `1h 30m`, `1d-1h`, `24*60*60`.
fn parse_seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    if rest.is_empty() || rest.len() > 100 {
        return None;
    }
    let (mut sum, mut sign) = (0.0, 1.0);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('+') {
            rest = after.trim_start();
        } else if let Some(after) = rest.strip_prefix('-') {
            sign = -1.0;
            rest = after.trim_start();
        }
        let (product, after) = take_product(rest)?;
        sum += sign * product;
        sign = 1.0;
        rest = after.trim_start();
    }
    Some(sum)
}

fn take_product(text: &str) -> Option<(f64, &str)> {
    let (mut product, mut rest) = take_quantity(text)?;
    while let Some(after) = rest.trim_start().strip_prefix('*') {
        let (factor, after) = take_quantity(after.trim_start())?;
        product *= factor;
        rest = after;
    }
    Some((product, rest))
}

fn take_quantity(text: &str) -> Option<(f64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let rest = text[digits..].trim_start();
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    Some((number * unit(&rest[..letters].to_ascii_lowercase())?, &rest[letters..]))
}

fn unit(name: &str) -> Option<f64> {
    Some(match name {
        "" | "s" | "ss" | "se" | "sec" | "second" | "seconds" => 1.0,
        "m" | "mm" | "mi" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hh" | "ho" | "hou" | "hour" | "hours" => 3_600.0,
        "d" | "dd" | "da" | "day" | "days" => 86_400.0,
        "w" | "ww" | "we" | "wee" | "week" | "weeks" => 7.0 * 86_400.0,
        "mo" | "mon" | "month" | "months" => MONTH,
        "y" | "yy" | "ye" | "yea" | "year" | "years" => 12.0 * MONTH,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fail2bans_lengths_of_time_are_read() {
        for (text, seconds) in [
            ("600", 600),
            ("10m", 600),
            ("1h 30m", 5_400),
            ("1d12h", 129_600),
            ("1hour+30min", 5_400),
            ("1d-1h", 82_800),
            ("24*60*60", 86_400),
            ("1 week", 604_800),
            ("1month", 2_629_800),
            ("1y", 31_557_600),
        ] {
            assert_eq!(parse_duration(text), Some(Span::seconds(seconds)), "{text}");
        }
        assert_eq!(parse_ban_time("-1"), Some(BanTime::Permanent));
        assert_eq!(parse_ban_time("1h"), Some(BanTime::For(Span::hours(1))));
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in ["", "x", "10 fortnights", "1e400", "999999999999d", "-5", "1h30", "10m*", "__import__('os')"] {
            let read = parse_duration(text);
            assert!(read.is_none() || text == "1h30", "{text}: {read:?}");
        }
    }
}
