//! What a check sees.

use serde::{Deserialize, Serialize};

/// So many lines of evidence are kept of one look.
const EVIDENCE_LINES: usize = 50;
/// So many characters of each, and of what was seen.
const TEXT: usize = 500;

/// Whether something is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is not, and something is to be done.
    Finding,
    /// It could not be looked at: nobody knows.
    Unseen,
    /// It is.
    InForce,
    /// There is nothing here that it could be asked of.
    NotApplicable,
}

impl Verdict {
    /// All of them, what needs somebody first.
    pub const ALL: [Self; 4] = [Self::Finding, Self::Unseen, Self::InForce, Self::NotApplicable];

    /// As stored and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Unseen => "unseen",
            Self::InForce => "in_force",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == text)
    }

    /// Whether somebody has to do something: what nobody could look at counts as not in force.
    #[must_use]
    pub const fn needs_somebody(self) -> bool {
        matches!(self, Self::Finding | Self::Unseen)
    }
}

/// What to do about a finding: in words, and the command that does it where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mend {
    what: String,
    command: Option<String>,
}

impl Mend {
    /// To be done by a person: a sentence that says what.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: cut(what.into()), command: None }
    }

    /// The command that does it, as it is typed.
    #[must_use]
    pub fn by(mut self, command: impl Into<String>) -> Self {
        self.command = Some(cut(command.into()));
        self
    }

    /// What to do.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The command that does it.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }
}

/// What a check saw. Made by these constructors only, so that a finding always says what mends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    verdict: Verdict,
    seen: String,
    evidence: Vec<String>,
    mend: Option<Mend>,
}

impl Sight {
    /// It is in force: a sentence that says what was seen.
    #[must_use]
    pub fn in_force(seen: impl Into<String>) -> Self {
        Self::made(Verdict::InForce, seen.into(), None)
    }

    /// It is not in force: a sentence that says what was seen, and what to do.
    #[must_use]
    pub fn finding(seen: impl Into<String>, mend: Mend) -> Self {
        Self::made(Verdict::Finding, seen.into(), Some(mend))
    }

    /// It could not be looked at: why, and what would let it be seen.
    #[must_use]
    pub fn unseen(why: impl Into<String>, mend: Mend) -> Self {
        Self::made(Verdict::Unseen, why.into(), Some(mend))
    }

    /// It does not apply here: why.
    #[must_use]
    pub fn not_applicable(why: impl Into<String>) -> Self {
        Self::made(Verdict::NotApplicable, why.into(), None)
    }

    /// With the lines that show it: what a person would look at to see the same. At most 50, of 500 characters each.
    #[must_use]
    pub fn with_evidence<T: Into<String>>(mut self, lines: impl IntoIterator<Item = T>) -> Self {
        self.evidence = lines.into_iter().take(EVIDENCE_LINES).map(|line| cut(line.into())).collect();
        self
    }

    /// As it is stored; `None` where a part is missing that it can't be without.
    pub(crate) fn restore(verdict: Verdict, seen: String, evidence: Vec<String>, mend: Option<Mend>) -> Option<Self> {
        (verdict.needs_somebody() == mend.is_some()).then_some(Self { verdict, seen, evidence, mend })
    }

    fn made(verdict: Verdict, seen: String, mend: Option<Mend>) -> Self {
        Self { verdict, seen: cut(seen), evidence: Vec::new(), mend }
    }

    /// Whether it is in force.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What was seen, or why nothing was.
    #[must_use]
    pub fn seen(&self) -> &str {
        &self.seen
    }

    /// The lines that show it.
    #[must_use]
    pub fn evidence(&self) -> &[String] {
        &self.evidence
    }

    /// What to do; there wherever somebody has to do something.
    #[must_use]
    pub const fn mend(&self) -> Option<&Mend> {
        self.mend.as_ref()
    }
}

/// What was seen may hold foreign text: it is cut, and stays on one line.
fn cut(text: String) -> String {
    if text.chars().count() <= TEXT && !text.contains(char::is_control) {
        return text;
    }
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT).collect();
    if line.chars().count() == TEXT { line + "…" } else { line }
}
