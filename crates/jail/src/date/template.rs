//! One form of a date: where it is looked for, what is cut out of the line, and what time it says.

use std::ops::Range;

use jiff::tz::TimeZone;
use palisade_base::Instant;
use regex::{CaptureLocations, Regex};

use super::fields::{Fields, expand_tokens};
use crate::pattern::for_dates;

/// No letter, digit or underscore on at least one side: where a word may begin or end, or there is none.
const WORD_EDGE: &str = r"(?-u:\b{start-half}|\b{end-half})";
const EPOCH: &str = r"([0-9]{10,11}\b(?:\.[0-9]{3,6})?)";
const LONG_EPOCH: &str = r"([0-9]{10,11}(?:[0-9]{3}(?:\.[0-9]{1,6}|[0-9]{3})?)?)";
const TAI64N: &str = "(@[0-9a-f]{24})";
/// TAI64 counts from here, and runs ahead of UTC by its leap seconds; fail2ban overlooks these, and so do we.
const TAI_BIAS: i64 = 1 << 62;

/// How the captured text becomes a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tokens,
    Epoch,
    LongEpoch,
    Tai64n,
    /// There is no date: the line is of now.
    None,
}

/// One form of a date.
#[derive(Debug)]
pub(super) struct Template {
    regex: Regex,
    kind: Kind,
    /// The groups of which the first that took part is cut out of the line.
    cuts: Vec<usize>,
    groups: Vec<(String, usize)>,
    pub(super) is_anchored: bool,
    /// What matches is what is cut out, but for up to two characters before it that are no part of a word.
    is_plain: bool,
    /// It begins with three parts of a date and the same separator twice.
    is_separated: bool,
}

impl Template {
    /// A template for a pattern: `%Y-%m-%d`, `EPOCH`, `{^LN-BEG}%b %d`, `^\[{EPOCH}\]`.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let bare = pattern.strip_prefix("{^LN-BEG}").or_else(|| pattern.strip_prefix('^'));
        let at_start = bare.is_some();
        match bare.unwrap_or(pattern).to_uppercase().as_str() {
            "{NONE}" => return Self::built("^()", Kind::None, vec![1], Vec::new(), true),
            "EPOCH" => return Self::epoch(EPOCH, Kind::Epoch, at_start),
            "LEPOCH" => return Self::epoch(LONG_EPOCH, Kind::LongEpoch, at_start),
            "TAI64N" => {
                let regex = if at_start { format!(r"^\W{{0,2}}{TAI64N}") } else { TAI64N.to_owned() };
                return Self::built(&regex, Kind::Tai64n, vec![1], Vec::new(), at_start);
            }
            _ => {}
        }
        for (token, regex, kind) in [("{LEPOCH}", LONG_EPOCH, Kind::LongEpoch), ("{EPOCH}", EPOCH, Kind::Epoch)] {
            if let Some(found) = pattern.to_uppercase().find(token) {
                let number = regex.replacen('(', "(?P<epoch>", 1);
                let whole = format!("({}{number}{})", &pattern[..found], &pattern[found + token.len()..]);
                let translated = for_dates(&whole)?;
                return Self::built(&translated.exact, kind, vec![1], translated.groups, pattern.starts_with('^'));
            }
        }
        Self::tokens(pattern)
    }

    fn epoch(number: &str, kind: Kind, at_start: bool) -> Result<Self, String> {
        if at_start {
            let regex = format!(r"^\W{{0,2}}{number}{WORD_EDGE}");
            return Self::built(&regex, kind, vec![1], Vec::new(), true);
        }
        // At the start, in brackets there, or as SELinux's audit log has it.
        let regex = format!(r"^{number}|^\[{number}\]|\baudit\({number}:[0-9]+\)");
        Self::built(&regex, kind, vec![1, 2, 3], Vec::new(), false)
    }

    fn tokens(pattern: &str) -> Result<Self, String> {
        let (pattern, unbound) = pattern.strip_prefix("{UNB}").map_or((pattern, false), |rest| (rest, true));
        let (pattern, line_begin) = pattern.strip_prefix("{^LN-BEG}").map_or((pattern, false), |rest| (rest, true));
        let (text, has_words) = expand_tokens(pattern.trim())?;
        let text = without_references(&text);
        let begins_bound = text.starts_with(['^']) || text.starts_with("(^") || text.starts_with("(?:^");
        let ends_bound =
            (text.ends_with('$') && !text.ends_with(r"\$")) || text.ends_with(r"\b") || text.ends_with(r"\s");
        let stars = (text.starts_with("**"), text.ends_with("**"));
        let text = text.trim_start_matches("**").trim_end_matches("**");
        let translated = for_dates(&with_group(text))?;
        let start = match () {
            () if line_begin && !begins_bound => r"^(?:\W{0,2})?",
            () if unbound || begins_bound || stars.0 => "",
            () => WORD_EDGE,
        };
        let end = if unbound || ends_bound || stars.1 { "" } else { WORD_EDGE };
        let flags = if has_words { "(?i)" } else { "" };
        let regex = format!("{flags}{start}(?:{}){end}", translated.exact);
        let built = Self::built(&regex, Kind::Tokens, vec![1], translated.groups, line_begin || begins_bound)?;
        let is_separated = begins_separated(pattern.trim());
        let has_references = built.groups.iter().any(|(name, _)| name.starts_with('_'));
        let is_plain = line_begin && !begins_bound && with_group(text) != text && (is_separated || !has_references);
        Ok(Self { is_plain, is_separated, ..built })
    }

    fn built(
        regex: &str,
        kind: Kind,
        cuts: Vec<usize>,
        groups: Vec<(String, usize)>,
        is_anchored: bool,
    ) -> Result<Self, String> {
        let regex = Regex::new(regex).map_err(|error| {
            error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })?;
        Ok(Self { regex, kind, cuts, groups, is_anchored, is_plain: false, is_separated: false })
    }

    pub(super) fn locations(&self) -> CaptureLocations {
        self.regex.capture_locations()
    }

    /// Where the date begins, and what is to be cut out.
    pub(super) fn find(&self, line: &str, locations: &mut CaptureLocations) -> Option<(usize, Range<usize>)> {
        // Without groups, the search is several times as fast.
        if self.is_plain && line.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            let found = self.regex.find(line)?;
            return (!self.is_separated || first_separators_agree(found.as_str())).then(|| (0, found.range()));
        }
        let found = self.regex.captures_read(locations, line)?;
        if !self.separators_agree(line, locations) {
            return None;
        }
        let cut = self.cuts.iter().find_map(|&group| locations.get(group))?;
        Some((found.start(), cut.0..cut.1))
    }

    /// `2005-01/23` is no date: groups of one name are to hold the same.
    fn separators_agree(&self, line: &str, locations: &CaptureLocations) -> bool {
        let mut separators = self.groups.iter().filter(|(name, _)| name.starts_with('_'));
        let Some(first) = separators.next().and_then(|(_, group)| locations.get(*group)) else { return true };
        separators
            .all(|(_, group)| locations.get(*group).is_none_or(|(from, to)| line[from..to] == line[first.0..first.1]))
    }

    /// All that the date's time is read from.
    pub(super) fn matched<'t>(&self, line: &'t str) -> Option<&'t str> {
        self.regex.find(line).map(|found| found.as_str())
    }

    /// The time that this line's date says.
    pub(super) fn instant(
        &self,
        line: &str,
        locations: &mut CaptureLocations,
        now: Instant,
        zone: &TimeZone,
    ) -> Option<Instant> {
        self.regex.captures_read(locations, line)?;
        let text = |group: usize| locations.get(group).map(|(from, to)| &line[from..to]);
        let number = self.groups.iter().find(|(name, _)| name == "epoch").map(|(_, group)| *group);
        let cut = number.and_then(text).or_else(|| self.cuts.iter().find_map(|&group| text(group)))?;
        match self.kind {
            Kind::None => Some(now),
            Kind::Epoch => seconds(cut),
            Kind::LongEpoch => long_epoch(cut),
            Kind::Tai64n => tai64n(cut),
            Kind::Tokens => {
                let mut fields = Fields::default();
                for (name, group) in &self.groups {
                    if let Some(text) = text(*group) {
                        fields.set(name, text)?;
                    }
                }
                fields.instant(now, zone)
            }
        }
    }
}

/// `%d(?P<_sep>[-/])%m(?P=_sep)…`
fn begins_separated(pattern: &str) -> bool {
    let after_token = |text: &'_ str| -> Option<usize> {
        let token = text.strip_prefix('%')?.bytes().take_while(u8::is_ascii_alphanumeric).count();
        Some(token + 1)
    };
    let rest = || -> Option<&str> {
        let (_, rest) = pattern.get(after_token(pattern)?..)?.strip_prefix("(?P<_sep>[")?.split_once("])")?;
        rest.get(after_token(rest)?..)
    };
    rest().is_some_and(|rest| rest.starts_with("(?P=_sep)") && rest.matches("_sep").count() == 1)
}

fn first_separators_agree(date: &str) -> bool {
    let mut separators = date.bytes().filter(|byte| !byte.is_ascii_alphanumeric());
    separators.next() == separators.next()
}

fn seconds(text: &str) -> Option<Instant> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let micros: i64 = format!("{part:0<6}").get(..6)?.parse().ok()?;
    Some(Instant::from_micros(whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?))
}

/// Seconds, milliseconds or microseconds, by the number of digits.
fn long_epoch(text: &str) -> Option<Instant> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    Some(Instant::from_micros(match (whole.len(), part.is_empty()) {
        (16.., true) => number,
        (13.., _) => number.checked_mul(1_000)?,
        _ => return seconds(text),
    }))
}

fn tai64n(text: &str) -> Option<Instant> {
    let label = u64::from_str_radix(text.get(1..17)?, 16).ok()?;
    let seconds = i64::try_from(label).ok()?.checked_sub(TAI_BIAS)?;
    Some(Instant::from_micros(seconds.checked_mul(1_000_000)?))
}

/// Puts the whole into a group where there is none yet: the first group is what is cut out of the line.
fn with_group(text: &str) -> String {
    let bytes = text.as_bytes();
    let opens =
        |at: usize| bytes[at] == b'(' && bytes.get(at + 1) != Some(&b'?') && (at == 0 || bytes[at - 1] != b'\\');
    if (0..bytes.len()).any(opens) {
        return text.to_owned();
    }
    let (start, rest) = text.strip_prefix('^').map_or(("", text), |rest| ("^", rest));
    let (inside, end) = rest.strip_suffix('$').map_or((rest, ""), |inside| (inside, "$"));
    format!("{start}({inside}){end}")
}

/// `(?P<_sep>[-/])…(?P=_sep)`: the class once more, under the same name; that both hold the same is checked after the
/// match. So no date needs an engine that can look back.
fn without_references(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(start) = text.find("(?P=") {
        let Some(end) = text[start..].find(')').map(|end| start + end) else { break };
        let name = &text[start + 4..end];
        let open = format!("(?P<{name}>[");
        let class = text.find(&open).and_then(|at| Some(&text[at..=at + text[at..].find("])")? + 1]));
        let Some(class) = class.filter(|_| name.starts_with('_')).map(str::to_owned) else { break };
        text.replace_range(start..=end, &class);
    }
    text
}
