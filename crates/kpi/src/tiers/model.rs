//! How far somebody is from a tier.

use palisade_base::RecordId;

use crate::scoring::{Score, Share};

/// A tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Its id.
    pub id: RecordId,
    /// Its step, 1 to 5.
    pub number: i64,
    /// Its name.
    pub name: String,
}

/// A rule, held against where somebody stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The rule's record.
    pub rule: RecordId,
    /// What it asks for.
    pub words: String,
    /// Whether it is met.
    pub is_met: bool,
    /// What is there, or what is missing, in words.
    pub finding: String,
    /// What that is made of.
    pub evidence: Evidence,
}

/// What the answer to a rule is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Categories.
    Categories {
        /// Those that count, in the order of the catalogue.
        counting: Vec<CategoryEvidence>,
        /// Those that are nearest to counting, the nearest first; none where the rule is met.
        nearest: Vec<CategoryEvidence>,
    },
    /// A part of all skills or tools.
    Share(Share),
    /// What an administrator says.
    Flag,
}

/// A category as a rule sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryEvidence {
    /// The category.
    pub category: RecordId,
    /// Its name.
    pub name: String,
    /// Its score.
    pub mean: Option<Score>,
    /// The score that the rule asks for.
    pub wanted: Score,
    /// How many of its skills are rated.
    pub coverage: Share,
    /// What it lacks to count, in words.
    pub lacks: Vec<String>,
}

/// How far an employee is from a tier.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// The employee.
    pub employee: RecordId,
    /// Their name.
    pub name: String,
    /// Their tier.
    pub tier: Tier,
    /// The tier that they are held against; none where theirs is the highest.
    pub next: Option<Tier>,
    /// What it asks for, rule by rule.
    pub checks: Vec<Check>,
}

impl Readiness {
    /// How many rules are met.
    #[must_use]
    pub fn met(&self) -> usize {
        self.checks.iter().filter(|check| check.is_met).count()
    }

    /// Whether all rules are met, and there are any.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.checks.is_empty() && self.met() == self.checks.len()
    }

    /// The answer, in a sentence.
    #[must_use]
    pub fn answer(&self) -> String {
        let Some(next) = &self.next else {
            return format!("{} is the highest tier.", self.tier.name);
        };
        match self.checks.len() {
            0 => format!("Nobody has said yet what {} asks for.", next.name),
            all if self.is_ready() => format!("Ready for {}: {all} of {all} met.", next.name),
            all => format!("Not ready for {} yet: {} of {all} met.", next.name, self.met()),
        }
    }
}

/// How many people a tier's rules let through now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryOut {
    /// How many people were held against it.
    pub people: usize,
    /// How many of them meet all of its rules.
    pub ready: usize,
    /// How many meet each rule: its record, its words, how many.
    pub rules: Vec<(RecordId, String, usize)>,
}

/// A promotion that somebody decides on; down as well as up.
#[derive(Clone, Debug)]
pub struct NewPromotion {
    /// Who.
    pub employee: RecordId,
    /// The tier that they had when it was decided.
    pub from: RecordId,
    /// The tier that they get.
    pub to: RecordId,
    /// Why.
    pub reason: String,
}
