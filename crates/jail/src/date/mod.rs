//! Dates in log lines: found, cut out, and read.

mod fields;
mod template;
mod zones;

use std::{
    ops::Range,
    sync::{Arc, LazyLock},
};

use jiff::tz::TimeZone;
use palisade_base::Instant;
use regex::CaptureLocations;

use template::Template;

/// The forms that are tried where a filter names none, in fail2ban's order.
const DEFAULTS: [&str; 17] = [
    r"%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\s*%z)?",
    r"(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?",
    r"(?:%a )?%b %d %ExY %k:%M:%S(?:\.%f)?",
    r"%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S",
    r"%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\.%f)?(?: %z)?",
    r"%m/%d/%ExY:%H:%M:%S",
    r"%m-%d-%ExY %k:%M:%S(?:\.%f)?",
    "EPOCH",
    "{^LN-BEG}%H:%M:%S",
    "^<%m/%d/%Exy@%H:%M:%S>",
    "%Exy%Exm%Exd  ?%H:%M:%S",
    "%b %d, %ExY %I:%M:%S %p",
    "^%b-%d-%Exy %k:%M:%S",
    r"%ExY%Exm%Exd(?:T|  ?)%ExH%ExM%ExS(?:[.,]%f)?(?:\s*%z)?",
    r"(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?",
    r"(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?",
    "TAI64N",
];

/// The default forms at the start of a line.
static AT_START: LazyLock<Vec<Arc<Template>>> = LazyLock::new(|| compiled(&anchored(DEFAULTS)));
/// The default forms anywhere.
static ANYWHERE: LazyLock<Vec<Arc<Template>>> = LazyLock::new(|| {
    let loose: Vec<String> = DEFAULTS.iter().filter(|form| !is_anchored(form)).map(|&form| form.to_owned()).collect();
    compiled(&loose)
});

fn is_anchored(form: &str) -> bool {
    form.starts_with('^') || form.starts_with("{^LN-BEG}")
}

fn anchored(forms: [&str; 17]) -> Vec<String> {
    forms.map(|form| if is_anchored(form) { form.to_owned() } else { format!("{{^LN-BEG}}{form}") }).into()
}

/// The forms that compile: of our own list, all (a test counts them).
fn compiled(forms: &[String]) -> Vec<Arc<Template>> {
    forms.iter().filter_map(|form| Template::new(form).ok().map(Arc::new)).collect()
}

/// The forms that a filter's dates may have.
#[derive(Clone, Debug)]
pub(crate) struct DateForms(Vec<Arc<Template>>);

impl DateForms {
    /// Every form that fail2ban knows: at the start of the line first.
    pub(crate) fn defaults() -> Self {
        Self(AT_START.iter().chain(ANYWHERE.iter()).cloned().collect())
    }

    /// The forms of a filter's `datepattern`, one a line.
    pub(crate) fn new(patterns: &str) -> Result<Self, String> {
        let mut forms = Vec::new();
        for pattern in patterns.lines().map(str::trim).filter(|pattern| !pattern.is_empty()) {
            match pattern.to_uppercase().as_str() {
                "{^LN-BEG}" => forms.extend(AT_START.iter().cloned()),
                "{DEFAULT}" => forms.extend(Self::defaults().0),
                upper => match upper.find("{DATE}") {
                    Some(at) => forms.extend(around(&pattern[..at], &pattern[at + "{DATE}".len()..])?),
                    None => forms.push(Arc::new(Template::new(pattern)?)),
                },
            }
        }
        Ok(if forms.is_empty() { Self::defaults() } else { Self(forms) })
    }

    /// A finder for one log file.
    pub(crate) fn finder(&self) -> DateFinder {
        let locations = self.0.iter().map(|form| form.locations()).collect();
        DateFinder { forms: self.0.clone(), locations, last: None, read: None }
    }
}

/// Each default form where `{DATE}` stands.
fn around(before: &str, after: &str) -> Result<Vec<Arc<Template>>, String> {
    let forms = DEFAULTS.iter().map(|form| {
        let bare = form.trim_start_matches("{^LN-BEG}").trim_start_matches('^');
        let bare = if matches!(bare, "EPOCH") { "{EPOCH}" } else { bare };
        format!("{before}{bare}{after}")
    });
    // TAI64N has no place inside a pattern.
    forms.filter(|form| !form.contains("TAI64N")).map(|form| Template::new(&form).map(Arc::new)).collect()
}

/// Finds the dates of one log file. It remembers which form the last line had.
#[derive(Debug)]
pub(crate) struct DateFinder {
    forms: Vec<Arc<Template>>,
    locations: Vec<CaptureLocations>,
    /// The form of the last date, and where it began.
    last: Option<(usize, usize)>,
    read: Option<Read>,
}

/// The last date that was read. In a flood many lines have the same second.
#[derive(Debug)]
struct Read {
    form: usize,
    text: String,
    now: Instant,
    instant: Option<Instant>,
}

impl DateFinder {
    /// The form of the line's date, and where it stands. A date at the start of the line wins over one within, of
    /// those within the first; a form that fits where the last line had its date is not questioned.
    pub(crate) fn find(&mut self, line: &str) -> Option<(usize, Range<usize>)> {
        let mut best: Option<(usize, usize, Range<usize>)> = None;
        if let Some((form, start)) = self.last
            && let Some((found, cut)) = self.find_form(form, line)
        {
            if self.forms[form].is_anchored || found <= start {
                self.last = Some((form, found));
                return Some((form, cut));
            }
            best = Some((found, form, cut));
        }
        for form in 0..self.forms.len() {
            let Some((start, cut)) = self.find_form(form, line) else { continue };
            let is_anchored = self.forms[form].is_anchored;
            if is_anchored || best.as_ref().is_none_or(|(first, _, _)| start < *first) {
                best = Some((start, form, cut));
            }
            if is_anchored {
                break;
            }
        }
        let (start, form, cut) = best?;
        self.last = Some((form, start));
        Some((form, cut))
    }

    fn find_form(&mut self, form: usize, line: &str) -> Option<(usize, Range<usize>)> {
        self.forms[form].find(line, &mut self.locations[form])
    }

    /// The time that the date of this form says in the line. `zone` is the same for all lines of a file.
    pub(crate) fn instant(&mut self, form: usize, line: &str, now: Instant, zone: &TimeZone) -> Option<Instant> {
        let text = self.forms[form].matched(line)?;
        let is_same = |read: &&Read| read.form == form && read.now == now && read.text == text;
        if let Some(read) = self.read.as_ref().filter(is_same) {
            return read.instant;
        }
        let instant = self.forms[form].instant(line, &mut self.locations[form], now, zone);
        self.read = Some(Read { form, text: text.to_owned(), now, instant });
        instant
    }
}

#[cfg(test)]
mod tests;
