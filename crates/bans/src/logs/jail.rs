//! One jail that reads log files: lines in, bans out.

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
    sync::Arc,
};

use jiff::tz::TimeZone;
use palisade_base::{AddressKey, Instant};
use palisade_jail::{Ban, Filter, Jail, JailPolicy, Judge, Verdict};

use crate::model::JailFigures;

/// Judges of more files than this are begun anew: files come and go, and each keeps a little from line to line.
const JUDGES: usize = 512;
/// So many lines that could not be decided are shown.
const DOUBTS: usize = 5;
/// Such a line is cut to so many characters.
const SHOWN: usize = 300;

/// What a line of a log file is about.
pub(super) struct LogLine<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
    /// It was written while nobody looked: its own date says when.
    pub(super) is_backlog: bool,
}

/// Judges lines and counts failures.
pub(super) struct LogJail {
    filter: Arc<Filter>,
    zone: TimeZone,
    jail: Jail,
    /// By file, and whether its lines are of now.
    judges: HashMap<(Arc<Path>, bool), Judge>,
    figures: JailFigures,
    doubts: VecDeque<String>,
}

impl LogJail {
    pub(super) fn new(filter: Arc<Filter>, zone: TimeZone, policy: JailPolicy) -> Self {
        let (judges, doubts) = (HashMap::new(), VecDeque::new());
        Self { filter, zone, jail: Jail::new(policy), judges, figures: JailFigures::default(), doubts }
    }

    /// Takes the next line of a file. Gives the ban that it leads to.
    pub(super) fn take(&mut self, line: &LogLine<'_>, now: Instant) -> Option<Ban> {
        self.figures.lines += 1;
        self.figures.last_line_at = Some(now);
        let verdict = self.judge(line).judge(line.text.as_bytes(), now);
        match verdict {
            Verdict::Failure(failure) => {
                // A name is not looked up: whoever holds its zone could have anybody banned.
                let Some(address) = failure.host.address() else {
                    self.doubt(format!("no address but “{}”: {}", failure.host, line.text));
                    return None;
                };
                self.figures.failures += 1;
                self.figures.last_failure_at = Some(failure.at);
                self.jail.record_failure(address, failure.at, now, &failure.evidence)
            }
            Verdict::Ambiguous { addresses, .. } => {
                let all = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
                self.figures.ambiguous += 1;
                self.doubt(format!("{all}: {}", line.text));
                None
            }
            Verdict::NoAddress { .. } => {
                self.doubt(format!("no whole address: {}", line.text));
                None
            }
            Verdict::GaveUp => {
                self.doubt(format!("too long or too costly to judge: {}", line.text));
                None
            }
            Verdict::Pass | Verdict::Ignored | Verdict::Pending => None,
        }
    }

    fn judge(&mut self, line: &LogLine<'_>) -> &mut Judge {
        if self.judges.len() >= JUDGES {
            self.judges.clear();
        }
        let (filter, zone) = (&self.filter, &self.zone);
        self.judges.entry((Arc::from(line.file), line.is_backlog)).or_insert_with(|| {
            let judge = Judge::new(Arc::clone(filter), zone.clone());
            if line.is_backlog { judge } else { judge.live() }
        })
    }

    fn doubt(&mut self, text: String) {
        self.figures.undecided += 1;
        if self.doubts.len() == DOUBTS {
            self.doubts.pop_front();
        }
        let plain = text.chars().take(SHOWN).map(|c| if c.is_control() { '\u{FFFD}' } else { c });
        self.doubts.push_back(plain.collect());
    }

    pub(super) fn counting(&mut self) -> &mut Jail {
        &mut self.jail
    }

    pub(super) fn figures(&self, now: Instant) -> JailFigures {
        JailFigures { failing: self.jail.failing(now), ..self.figures }
    }

    pub(super) fn doubts(&self) -> Vec<String> {
        self.doubts.iter().cloned().collect()
    }

    pub(super) fn lift(&mut self, client: AddressKey, now: Instant) {
        self.jail.lift(client, now);
    }

    pub(super) fn tidy(&mut self, now: Instant) {
        self.jail.tidy(now);
    }
}
