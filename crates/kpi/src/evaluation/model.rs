//! Evaluations and their marks, as the app works with them.

use palisade_base::{Date, Error, Instant, PersonId, RecordId};
use palisade_records::{ChildRow, Record};
use palisade_store::Value;

use crate::types::{KINDS, STATES};

/// Who evaluates: it follows from who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvaluationKind {
    /// Somebody about themselves.
    SelfRated,
    /// Somebody about another.
    Manager,
}

impl EvaluationKind {
    /// As stored, and as the API has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfRated => KINDS[0].0,
            Self::Manager => KINDS[1].0,
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::SelfRated, Self::Manager].into_iter().find(|kind| kind.as_str() == word)
    }

    /// As people read it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::SelfRated => KINDS[0].1,
            Self::Manager => KINDS[1].1,
        }
    }
}

/// How far an evaluation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Its author is still filling it in.
    Draft,
    /// It was handed in.
    Completed,
    /// Somebody else has looked at it; it stays as it is.
    Reviewed,
}

impl State {
    /// As stored, and as the API has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        STATES[self as usize].0
    }

    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Draft, Self::Completed, Self::Reviewed].into_iter().find(|state| state.as_str() == word)
    }

    /// As people read it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        STATES[self as usize].1
    }
}

/// Where an evaluation came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvaluationOrigin {
    /// It was filled in on the pages here.
    Form,
    /// A score card that was filled in.
    Sheet,
    /// A table of many.
    Table,
    /// A program sent it.
    Api,
}

impl EvaluationOrigin {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Sheet => "sheet",
            Self::Table => "table",
            Self::Api => "api",
        }
    }
}

/// The mark on a skill. Without rating and note it takes an earlier mark away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillMark {
    /// The skill.
    pub skill: RecordId,
    /// 1 (never done it) to 5 (expert).
    pub rating: Option<u8>,
    /// What there is to say about it.
    pub note: Option<String>,
    /// When it was tapped, by the clock of the device; never later than now by ours.
    pub tapped_at: Instant,
}

/// The mark on a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolMark {
    /// The tool.
    pub tool: RecordId,
    /// Whether they can operate it; none where it was not answered.
    pub can_operate: Option<bool>,
    /// Whether they own it and carry it on their truck.
    pub truck_stock: Option<bool>,
    /// What there is to say about it.
    pub note: Option<String>,
    /// When it was tapped, as of [`SkillMark::tapped_at`].
    pub tapped_at: Instant,
}

/// Marks of one evaluation: all of them, or those of one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// On skills.
    pub skills: Vec<SkillMark>,
    /// On tools.
    pub tools: Vec<ToolMark>,
}

impl Marks {
    /// How many skills have a rating.
    #[must_use]
    pub fn rated(&self) -> usize {
        self.skills.iter().filter(|mark| mark.rating.is_some()).count()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.skills.is_empty() && self.tools.is_empty()
    }
}

/// What became of a batch of marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// What the server now has for the skills and tools of the batch.
    pub marks: Marks,
    /// How many marks were tapped earlier than what the server had, and left aside.
    pub older: usize,
    /// When it was saved.
    pub saved_at: Instant,
}

/// An evaluation as its reader sees it, without its marks.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The record as a whole.
    pub record: Record,
    /// Whom it is about.
    pub employee: RecordId,
    /// Their name.
    pub employee_name: String,
    /// Whether they wrote it themselves.
    pub kind: EvaluationKind,
    /// How far it has come.
    pub state: State,
    /// Who wrote it.
    pub evaluator: PersonId,
    /// Their name.
    pub evaluator_name: String,
    /// The day that it speaks of.
    pub evaluated_on: Date,
    /// When it was handed in the last time.
    pub completed_on: Option<Date>,
    /// Who is asked to review it; nobody in particular where empty.
    pub reviewer: Option<PersonId>,
    /// Their name.
    pub reviewer_name: Option<String>,
    /// Who has reviewed it.
    pub reviewed_by: Option<PersonId>,
    /// Their name.
    pub reviewed_by_name: Option<String>,
    /// When it was reviewed.
    pub reviewed_on: Option<Date>,
    /// Why it was given back the last time.
    pub return_reason: Option<String>,
    /// The evaluation that this one is a corrected copy of.
    pub amends: Option<RecordId>,
    /// The employee's tier when it was handed in.
    pub tier: Option<RecordId>,
    /// The name of that tier.
    pub tier_name: Option<String>,
    /// What there is to say about the whole.
    pub notes: Option<String>,
    /// Goes up with each change of the evaluation itself; marks do not count.
    pub version: i64,
}

impl Evaluation {
    /// Reads a record of [`crate::types::EVALUATION`].
    ///
    /// # Errors
    /// It is a record of another type, or its columns hold what they cannot hold: a defect of ours.
    pub fn from_record(record: Record) -> Result<Self, Error> {
        let text = |name: &str| match record.value(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let id = |name: &str| match record.value(name) {
            Some(Value::Id(id)) => Some(*id),
            _ => None,
        };
        let date = |name: &str| text(name).and_then(|text| text.parse::<Date>().ok());
        let name_of = |name: &str| record.text(name).filter(|text| !text.is_empty());
        let broken = |what: &'static str| Error::internal(format_args!("evaluation {} has no {what}", record.id));
        Ok(Self {
            employee: id("employee_id").map(RecordId).ok_or_else(|| broken("employee"))?,
            employee_name: name_of("employee_id").unwrap_or_default(),
            kind: text("evaluation_type")
                .and_then(|word| EvaluationKind::parse(&word))
                .ok_or_else(|| broken("kind"))?,
            state: text("status").and_then(|word| State::parse(&word)).ok_or_else(|| broken("state"))?,
            evaluator: id("evaluator_id").map(PersonId).ok_or_else(|| broken("evaluator"))?,
            evaluator_name: name_of("evaluator_id").unwrap_or_default(),
            evaluated_on: date("evaluation_date").ok_or_else(|| broken("date"))?,
            completed_on: date("completed_on"),
            reviewer: id("reviewer_id").map(PersonId),
            reviewer_name: name_of("reviewer_id"),
            reviewed_by: id("reviewed_by").map(PersonId),
            reviewed_by_name: name_of("reviewed_by"),
            reviewed_on: date("reviewed_on"),
            return_reason: text("return_reason"),
            amends: id("amends_id").map(RecordId),
            tier: id("tier_id").map(RecordId),
            tier_name: name_of("tier_id"),
            notes: text("notes"),
            version: record.version,
            record,
        })
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> RecordId {
        self.record.id
    }
}

/// A draft that is made with everything in it.
#[derive(Clone, Debug)]
pub struct NewDraft {
    /// Whom it is about.
    pub employee: RecordId,
    /// The day that it speaks of.
    pub evaluated_on: Date,
    /// The kind, where the sender says it: it must be the one that follows from who sends it.
    pub kind: Option<EvaluationKind>,
    /// Where it came from.
    pub origin: EvaluationOrigin,
    /// What there is to say about the whole.
    pub notes: Option<String>,
    /// Its marks.
    pub marks: Marks,
}

impl NewDraft {
    /// An empty one, to be filled in here.
    #[must_use]
    pub fn about(employee: RecordId, evaluated_on: Date) -> Self {
        let (origin, marks) = (EvaluationOrigin::Form, Marks::default());
        Self { employee, evaluated_on, kind: None, origin, notes: None, marks }
    }
}

/// A whole evaluation as it came from elsewhere: a sheet, a table, or the demo's past.
#[derive(Clone, Debug)]
pub struct PastEvaluation {
    /// Whom it is about.
    pub employee: RecordId,
    /// Who wrote it: about themselves, it is a self-evaluation.
    pub evaluator: PersonId,
    /// The day that it speaks of.
    pub evaluated_on: Date,
    /// Who has reviewed it and when; `None`: nobody yet.
    pub reviewed: Option<(PersonId, Date)>,
    /// The tier then; `None`: as it is today.
    pub tier: Option<RecordId>,
    /// Where it came from.
    pub origin: EvaluationOrigin,
    /// What there is to say about the whole.
    pub notes: Option<String>,
    /// Its marks.
    pub marks: Marks,
}

/// Two evaluations side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The one.
    pub a: Evaluation,
    /// The other.
    pub b: Evaluation,
    /// The skills that either rates, by category, in the order of the catalogue.
    pub categories: Vec<ComparedCategory<ComparedSkill>>,
    /// The tools that either says something about, by category.
    pub tool_categories: Vec<ComparedCategory<ComparedTool>>,
}

/// One category of a comparison.
#[derive(Clone, Debug)]
pub struct ComparedCategory<T> {
    /// The category.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// What is compared in it.
    pub items: Vec<T>,
}

/// One skill in two evaluations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedSkill {
    /// The skill.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// The mark in the one.
    pub a: Option<SkillMark>,
    /// The mark in the other.
    pub b: Option<SkillMark>,
}

impl ComparedSkill {
    /// By how much `b` is higher than `a`, where both rate it.
    #[must_use]
    pub fn difference(&self) -> Option<i8> {
        let rating = |mark: &Option<SkillMark>| mark.as_ref().and_then(|mark| mark.rating);
        let whole = |rating: u8| i8::try_from(rating).ok();
        Some(rating(&self.b).and_then(whole)? - rating(&self.a).and_then(whole)?)
    }
}

/// One tool in two evaluations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedTool {
    /// The tool.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// The mark in the one.
    pub a: Option<ToolMark>,
    /// The mark in the other.
    pub b: Option<ToolMark>,
}

impl ComparedTool {
    /// Whether `b` can operate what `a` could not (`Some(true)`), or no longer can (`Some(false)`).
    #[must_use]
    pub fn gained(&self) -> Option<bool> {
        let can = |mark: &Option<ToolMark>| mark.as_ref().and_then(|mark| mark.can_operate).unwrap_or(false);
        (can(&self.a) != can(&self.b)).then(|| can(&self.b))
    }
}

impl From<&SkillMark> for ChildRow {
    fn from(mark: &SkillMark) -> Self {
        let values = vec![mark.rating.map(i64::from).into(), mark.note.clone().into()];
        Self { key: mark.skill, values, given_at: mark.tapped_at }
    }
}

impl From<&ToolMark> for ChildRow {
    fn from(mark: &ToolMark) -> Self {
        let values = vec![mark.can_operate.into(), mark.truck_stock.into(), mark.note.clone().into()];
        Self { key: mark.tool, values, given_at: mark.tapped_at }
    }
}

impl Marks {
    /// Reads child rows of the two kinds; rows that say nothing are left out.
    #[must_use]
    pub fn from_rows(skills: &[ChildRow], tools: &[ChildRow]) -> Self {
        let said = |row: &&ChildRow| !row.is_empty();
        Self {
            skills: skills.iter().filter(said).map(skill_mark).collect(),
            tools: tools.iter().filter(said).map(tool_mark).collect(),
        }
    }
}

fn skill_mark(row: &ChildRow) -> SkillMark {
    let rating = match row.values.first() {
        Some(Value::Int(rating)) => u8::try_from(*rating).ok(),
        _ => None,
    };
    SkillMark { skill: row.key, rating, note: text(row.values.get(1)), tapped_at: row.given_at }
}

fn tool_mark(row: &ChildRow) -> ToolMark {
    let flag = |place: usize| match row.values.get(place) {
        Some(Value::Bool(is)) => Some(*is),
        _ => None,
    };
    let (can_operate, truck_stock) = (flag(0), flag(1));
    ToolMark { tool: row.key, can_operate, truck_stock, note: text(row.values.get(2)), tapped_at: row.given_at }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}
