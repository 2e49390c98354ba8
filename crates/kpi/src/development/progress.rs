//! How far a goal is: always worked out from where the person stands, never kept.
//!
//! What counts is a manager's word. Somebody's own rating is told beside it, and reaches no goal.

use palisade_base::{Date, RecordId};
use palisade_records::Record;
use palisade_store::Value;

use crate::{
    scoring::{CatalogueView, Score, category_scores},
    standing::{Source, Standing},
};

/// What a goal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The rating of a skill.
    Skill(RecordId),
    /// The mean of a category.
    Category(RecordId),
    /// Being able to operate a tool.
    Tool(RecordId),
}

/// A goal, as far as its progress takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    /// What it is about.
    pub about: About,
    /// The score to reach; a tool has none.
    pub target: Option<Score>,
}

impl Aim {
    /// Of the three links and the target, as they lie in a row; `None` where the row is no goal.
    #[must_use]
    pub fn new(
        (skill, category, tool): (Option<RecordId>, Option<RecordId>, Option<RecordId>),
        tenths: Option<i64>,
    ) -> Option<Self> {
        let about = skill.map(About::Skill).or(category.map(About::Category)).or(tool.map(About::Tool))?;
        let target = tenths.and_then(|tenths| u8::try_from(tenths).ok()).map(Score::from_tenths);
        Some(Self { about, target })
    }

    /// Of a goal's record.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let link = |name| match record.value(name) {
            Some(Value::Id(id)) => Some(RecordId(*id)),
            _ => None,
        };
        let tenths = match record.value("target_tenths") {
            Some(Value::Int(tenths)) => Some(*tenths),
            _ => None,
        };
        Self::new((link("skill_id"), link("category_id"), link("tool_id")), tenths)
    }

    /// How far somebody is who stands there.
    #[must_use]
    pub fn progress(&self, catalogue: &CatalogueView, standing: &Standing) -> Progress {
        match self.about {
            About::Skill(skill) => {
                let current = standing.skill(skill);
                let now = current.filter(|current| current.source > Source::SelfRated);
                let now = now.and_then(|current| Score::of(current.rating.into(), 1));
                let own = current.and_then(|current| Score::of(current.self_rating?.into(), 1));
                Progress::Score { now, own, target: self.target }
            }
            About::Category(category) => {
                let scores = category_scores(catalogue, standing);
                let score = scores.iter().find(|score| score.category == category);
                let now = score.and_then(|score| score.manager_mean);
                Progress::Score { now, own: score.and_then(|score| score.self_mean), target: self.target }
            }
            About::Tool(tool) => {
                let can = standing.tool(tool).filter(|current| current.can_operate == Some(true));
                let is_confirmed = can.is_some_and(|current| current.source > Source::SelfRated);
                Progress::Tool { says: can.is_some(), is_confirmed }
            }
        }
    }
}

/// How far a goal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Of a rating or a mean.
    Score {
        /// By managers.
        now: Option<Score>,
        /// By the person themselves.
        own: Option<Score>,
        /// What is to be reached.
        target: Option<Score>,
    },
    /// Of a tool.
    Tool {
        /// Whether anybody says that the person can operate it.
        says: bool,
        /// Whether a manager does.
        is_confirmed: bool,
    },
}

impl Progress {
    /// Whether it is reached.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match self {
            Self::Score { now: Some(now), target: Some(target), .. } => now >= target,
            Self::Score { .. } => false,
            Self::Tool { is_confirmed, .. } => *is_confirmed,
        }
    }

    /// In words: `3 of 4`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Score { now: Some(now), target: Some(target), .. } if now >= target => {
                format!("reached: {} of {}", short(*now), short(*target))
            }
            Self::Score { now: Some(now), target: Some(target), .. } => {
                format!("{} of {}", short(*now), short(*target))
            }
            Self::Score { own: Some(own), .. } => format!("own rating {}; no manager has rated it yet", short(*own)),
            Self::Score { .. } => "not rated yet".to_owned(),
            Self::Tool { is_confirmed: true, .. } => "reached: can operate it".to_owned(),
            Self::Tool { says: true, .. } => "says so; no manager has confirmed it yet".to_owned(),
            Self::Tool { .. } => "can't operate it yet".to_owned(),
        }
    }
}

/// `3`, `3.2`: a whole score without its zero.
pub(crate) fn short(score: Score) -> String {
    let text = score.to_string();
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// The same day three months on: by when something can be learnt.
#[must_use]
pub fn in_a_quarter(today: Date) -> Date {
    today.checked_add(jiff::Span::new().months(3)).unwrap_or(today)
}

/// Where a goal from a gap begins: the form of a new goal, filled with what is lacking. `target` is the score to reach.
#[must_use]
pub fn goal_path(employee: RecordId, about: About, target: Option<Score>, today: Date) -> String {
    let about = match about {
        About::Skill(id) => format!("skill_id={id}"),
        About::Category(id) => format!("category_id={id}"),
        About::Tool(id) => format!("tool_id={id}"),
    };
    let target = target.map(|score| format!("&target_tenths={}", short(score))).unwrap_or_default();
    format!("/goals/new?employee_id={employee}&{about}{target}&target_date={}", in_a_quarter(today))
}

/// Where a request for training from a gap begins.
#[must_use]
pub fn request_path(employee: RecordId, about: About, topic: &str) -> String {
    let about = match about {
        About::Skill(id) => format!("&skill_id={id}"),
        About::Tool(id) => format!("&tool_id={id}"),
        About::Category(_) => String::new(),
    };
    let topic = palisade_web::path_segment(topic);
    format!("/training-requests/new?employee_id={employee}&topic={topic}{about}")
}
