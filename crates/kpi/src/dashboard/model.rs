//! The figures of the overview.

use std::sync::Arc;

use jiff::ToSpan as _;
use palisade_base::{Date, RecordId};
use palisade_store::LastChange;

use super::Period;
use crate::{
    evaluation::{EvaluationKind, State},
    scoring::{CatalogueView, GroupScore, Score, Share, SkillMean, ToolFigures, ToolScore},
    standing::{Filter, Member, QuarterFigures},
};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// About whom, and which category.
    pub filter: Filter,
    /// Of when: for the trend and the evaluations; where people stand is always as of now.
    pub period: Period,
}

/// Everything that the overview shows.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// The point in the sequence of changes that it is of, or of a later one.
    pub as_of: LastChange,
    /// The day it is of.
    pub today: Date,
    /// The categories that the figures are about: all, or the one that was asked for.
    pub catalogue: Arc<CatalogueView>,
    /// The people that the figures are about.
    pub members: Vec<Member>,
    /// How they stand in each category.
    pub categories: Vec<GroupScore>,
    /// Their average.
    pub average: Option<Score>,
    /// The average of what they give themselves.
    pub self_average: Option<Score>,
    /// How much of what could be rated is.
    pub coverage: Share,
    /// The tools that they can operate and carry.
    pub tools: ToolFigures,
    /// The same by category of tools.
    pub tool_categories: Vec<ToolScore>,
    /// What they can do best.
    pub top: Vec<SkillMean>,
    /// What they can do least.
    pub weak: Vec<SkillMean>,
    /// How many of them are on each tier.
    pub tiers: Vec<TierPeople>,
    /// How they stood at the end of each quarter of the period.
    pub trend: Vec<QuarterFigures>,
    /// How many evaluations of the period the caller sees.
    pub evaluations: EvaluationCounts,
    /// The newest of them.
    pub recent: Vec<RecentEvaluation>,
    /// Evaluations that are due or will be within a month, of people whom the caller may evaluate; the longest due first.
    pub due: Vec<DueEvaluation>,
    /// What waits for the caller.
    pub waiting: Waiting,
}

/// A tier with how many people are on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierPeople {
    /// The tier.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// How many.
    pub people: usize,
}

/// How many evaluations were handed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EvaluationCounts {
    /// By managers.
    pub by_managers: u64,
    /// By the people themselves.
    pub by_themselves: u64,
}

impl EvaluationCounts {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.by_managers + self.by_themselves
    }
}

/// An evaluation as a short list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentEvaluation {
    /// Its id.
    pub id: RecordId,
    /// Whom it is about.
    pub employee: RecordId,
    /// Their name.
    pub employee_name: String,
    /// Who wrote it.
    pub evaluator_name: String,
    /// Whether they wrote it themselves.
    pub kind: EvaluationKind,
    /// How far it has come.
    pub state: State,
    /// The day that it speaks of.
    pub evaluated_on: Date,
}

/// An evaluation that should be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueEvaluation {
    /// Of whom.
    pub employee: RecordId,
    /// Their name.
    pub name: String,
    /// The kind that the caller would make: of themselves, or of another.
    pub kind: EvaluationKind,
    /// When the last one was.
    pub last: Option<Date>,
    /// When it is due; `None`: there was none yet, so it is due now.
    pub due_on: Option<Date>,
}

impl DueEvaluation {
    /// Whether its day has passed, or there was none yet.
    #[must_use]
    pub fn is_overdue(&self, today: Date) -> bool {
        self.due_on.is_none_or(|due| due < today)
    }
}

/// What waits for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Drafts of theirs.
    pub drafts: u64,
    /// Evaluations that they may review.
    pub reviews: u64,
}

/// When the next evaluation is due: a quarter after the last.
#[must_use]
pub fn due_after(last: Date) -> Date {
    last.saturating_add(3.months())
}
