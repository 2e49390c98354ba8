//! Judging the lines of one log file.

mod exchange;
mod matching;
mod verdict;

use std::{borrow::Cow, collections::VecDeque, sync::Arc};

use jiff::tz::TimeZone;
use palisade_base::{Instant, Span};

use crate::{date::DateFinder, filter::Filter};
use exchange::Exchanges;

pub use verdict::{Failure, Host, Verdict};

/// A longer line is not judged. Servers themselves bound what they log at a fraction of it.
const MAX_LINE: usize = 32 << 10;
/// A line whose date is farther from the clock than this is taken as of now, while a file is followed.
const MAX_DRIFT: Span = Span::minutes(1);

/// Judges the lines of one log file, in their order, by a filter.
#[derive(Debug)]
pub struct Judge {
    filter: Arc<Filter>,
    zone: TimeZone,
    is_live: bool,
    dates: DateFinder,
    /// The lines that an expression over several lines may still need, each with its line feed.
    held: VecDeque<String>,
    /// The line without its date; kept for its memory.
    scratch: String,
    exchanges: Exchanges,
    /// The time of the last line that had one, for the lines that belong to it.
    last: Option<Instant>,
}

/// A line whose date was cut out.
#[derive(Clone, Copy)]
struct Dated {
    form: Option<usize>,
}

/// When a line was written. The date is read only where a rule matches: most lines are nobody's failure.
#[derive(Clone, Copy)]
enum When {
    Known(Instant),
    /// As the date says, seen from now.
    Written(Dated, Instant),
}

impl Judge {
    /// A judge for one log file. `zone` is the time zone of dates that name none.
    #[must_use]
    pub fn new(filter: Arc<Filter>, zone: TimeZone) -> Self {
        let dates = filter.dates.finder();
        let (held, scratch, exchanges) = (VecDeque::new(), String::new(), Exchanges::default());
        Self { filter, zone, is_live: false, dates, held, scratch, exchanges, last: None }
    }

    /// For a file that is followed as it grows: a line whose date is more than a minute off counts as of now. A log
    /// written in another time zone than was thought would otherwise never ban anybody.
    #[must_use]
    pub fn live(mut self) -> Self {
        self.is_live = true;
        self
    }

    /// The filter.
    #[must_use]
    pub fn filter(&self) -> &Arc<Filter> {
        &self.filter
    }

    /// Judges the next line of the file, with or without its line end. Nothing is kept of a line that does not match.
    pub fn judge(&mut self, line: &[u8], now: Instant) -> Verdict {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > MAX_LINE {
            return Verdict::GaveUp;
        }
        // The strict reading is the faster one, and nearly always enough.
        let mut text = std::str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed);
        if text.len() > MAX_LINE {
            return Verdict::GaveUp;
        }
        if text.contains('\n') {
            text = Cow::Owned(text.replace('\n', " "));
        }
        if !self.may_matter(&text) {
            return Verdict::Pass;
        }
        let filter = Arc::clone(&self.filter);
        let dated = self.cut_date(&text);
        if filter.max_lines > 1 {
            self.remember_time(dated, &text, now);
        }
        let subject = self.subject();
        if !filter.may_match(&subject) {
            self.scratch = subject;
            return Verdict::Pass;
        }
        let verdict = self.match_rules(&filter, &subject, &text, When::Written(dated, now));
        self.scratch = subject;
        verdict.unwrap_or(Verdict::GaveUp)
    }

    /// Judges a line whose time is known otherwise and which begins without one.
    pub fn judge_at(&mut self, line: &[u8], at: Instant) -> Verdict {
        let text = String::from_utf8_lossy(line.trim_ascii_end());
        if text.len() > MAX_LINE {
            return Verdict::GaveUp;
        }
        let filter = Arc::clone(&self.filter);
        self.scratch.clear();
        self.scratch.push_str(&text.replace('\n', " "));
        self.scratch.push('\n');
        let subject = self.subject();
        let verdict = self.match_rules(&filter, &subject, &text, When::Known(at));
        self.scratch = subject;
        verdict.unwrap_or(Verdict::GaveUp)
    }

    /// A first look, before the date is searched for: without a certain text no rule can match.
    fn may_matter(&self, text: &str) -> bool {
        let is_single = self.filter.max_lines == 1;
        !is_single || (self.filter.prefix_gate.lets_pass(text) && self.filter.gate.lets_pass(text))
    }

    /// Leaves the line without its date in `scratch`.
    fn cut_date(&mut self, text: &str) -> Dated {
        self.scratch.clear();
        let found = self.dates.find(text);
        match &found {
            Some((_, cut)) => {
                self.scratch.push_str(&text[..cut.start]);
                self.scratch.push_str(&text[cut.end..]);
            }
            None => self.scratch.push_str(text),
        }
        self.scratch.push('\n');
        // A pattern may match nothing at all, to say that these lines have no date.
        Dated { form: found.filter(|(_, cut)| !cut.is_empty()).map(|(form, _)| form) }
    }

    /// What the rules are to match: the line, or the last lines together.
    fn subject(&mut self) -> String {
        let line = std::mem::take(&mut self.scratch);
        if self.filter.max_lines == 1 {
            return line;
        }
        self.held.push_back(line);
        while self.held.len() > self.filter.max_lines
            || self.held.iter().map(String::len).sum::<usize>() > MAX_LINE && self.held.len() > 1
        {
            self.held.pop_front();
        }
        self.held.iter().map(String::as_str).collect()
    }

    fn written(&mut self, dated: Dated, text: &str, now: Instant) -> Option<Instant> {
        dated.form.and_then(|form| self.dates.instant(form, text, now, &self.zone))
    }

    fn remember_time(&mut self, dated: Dated, text: &str, now: Instant) {
        self.last = self.written(dated, text, now).or(self.last);
    }

    /// When the line was written: not in the future, and where it does not say, now.
    fn instant(&mut self, when: When, text: &str) -> Instant {
        let (dated, now) = match when {
            When::Known(at) => return at,
            When::Written(dated, now) => (dated, now),
        };
        let written = self.written(dated, text, now).or(self.last).unwrap_or(now);
        let is_off = now.since(written) > MAX_DRIFT;
        if self.is_live && is_off { now } else { written.min(now) }
    }
}

/// A line as evidence: printable, and not longer than fits on a page.
fn as_evidence(line: &str) -> String {
    const MAX_EVIDENCE: usize = 500;
    if line.len() <= MAX_EVIDENCE && line.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return line.to_owned();
    }
    let printable = |c: char| if c.is_control() { '\u{FFFD}' } else { c };
    line.chars().take(MAX_EVIDENCE).map(printable).collect()
}
