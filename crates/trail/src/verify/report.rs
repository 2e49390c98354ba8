//! What a verification found.

use std::fmt;

use serde::Serialize;

/// More findings than this are counted, not listed.
const MOST_FINDINGS: usize = 1_000;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing at all is wrong.
    pub ok: bool,
    /// How many leaves were read.
    pub leaves: u64,
    /// How many leaves have parts that were erased as they should be (they still count).
    pub erased: u64,
    /// How many seals were checked.
    pub seals: u64,
    /// How many leaves the last believable seal covers.
    pub sealed: u64,
    /// How many leaves come after the last seal: nothing protects them yet.
    pub unsealed: u64,
    /// How many leaves have no number yet (PostgreSQL); they were not looked at.
    pub pending: u64,
    /// How many seals from outside were compared.
    pub outside: u64,
    /// How long it took.
    pub duration_ms: u64,
    /// What is wrong, in the order that it was met.
    pub findings: Vec<Finding>,
    /// How many more findings there are than are listed.
    pub more_findings: u64,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The first leaf that is concerned.
    pub first: u64,
    /// The last leaf that is concerned.
    pub last: u64,
    /// What is wrong, in plain words.
    pub message: String,
}

/// The kinds of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A leaf says something else than it was written with.
    LeafEdited,
    /// A leaf fits together, but is not the one that was sealed under its number.
    LeafReplaced,
    /// A leaf was sealed under another number.
    LeafMoved,
    /// Leaves are gone.
    LeafMissing,
    /// A row can't be a leaf of this trail.
    LeafForeign,
    /// Seals do not carry the signature of this trail's key.
    SealForged,
    /// A seal's row was changed.
    SealEdited,
    /// Seals are gone.
    SealMissing,
    /// The leaves do not give the root that was signed, and what is to blame can't be told.
    RootDiffers,
    /// A seal from outside covers more leaves than there are.
    TrailTruncated,
    /// A seal from outside contradicts this trail.
    TrailRewritten,
    /// A seal from outside is not signed by the expected key.
    OutsideUntrusted,
    /// A seal from outside could not be compared.
    OutsideUnclear,
}

/// Findings as they come in: neighbours of one kind become one, and there is a limit.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    more: u64,
}

impl Findings {
    pub(crate) fn add(&mut self, kind: FindingKind, first: u64, last: u64, message: impl Into<String>) {
        if self.list.len() < MOST_FINDINGS {
            self.list.push(Finding { kind, first, last, message: message.into() });
        } else {
            self.more += 1;
        }
    }

    /// Adds a finding, or extends the last one where it is of the same kind and ends just before.
    pub(crate) fn extend(&mut self, kind: FindingKind, first: u64, last: u64, message: impl Fn(u64, u64) -> String) {
        match self.list.last_mut() {
            Some(before) if before.kind == kind && before.last.checked_add(1) == Some(first) => {
                before.last = last;
                before.message = message(before.first, last);
            }
            _ => self.add(kind, first, last, message(first, last)),
        }
    }

    /// Things that are wrong and were not even looked at one by one.
    pub(crate) fn count_more(&mut self, more: u64) {
        self.more += more;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn into_parts(self) -> (Vec<Finding>, u64) {
        (self.list, self.more)
    }
}

/// `leaf 7`, `leaves 7 to 9`.
pub(crate) fn leaves(first: u64, last: u64) -> String {
    if first == last { format!("leaf {first}") } else { format!("leaves {first} to {last}") }
}

impl fmt::Display for Report {
    /// For the terminal: one line of result, one line per finding.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = if self.ok { "The trail is whole." } else { "The trail is NOT whole." };
        write!(f, "{result} {} leaves and {} seals checked in {} ms", self.leaves, self.seals, self.duration_ms)?;
        match self.outside {
            0 => writeln!(f, "; no seal from outside was compared.")?,
            n => writeln!(f, "; {n} seals from outside compared.")?,
        }
        if self.unsealed + self.pending > 0 {
            writeln!(f, "{} leaves at the end are not sealed yet.", self.unsealed + self.pending)?;
        }
        for finding in &self.findings {
            writeln!(f, "- {}", finding.message)?;
        }
        if self.more_findings > 0 {
            writeln!(f, "- and {} findings more", self.more_findings)?;
        }
        Ok(())
    }
}
