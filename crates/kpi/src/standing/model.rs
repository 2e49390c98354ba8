//! What is known about where somebody stands.

use std::sync::Arc;

use palisade_base::{Date, PersonId, RecordId};

use super::{Quarter, Source};
use crate::scoring::Score;

/// The current rating of one skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentSkill {
    /// The skill.
    pub skill: RecordId,
    /// 1 to 5.
    pub rating: u8,
    /// Whose word it is.
    pub source: Source,
    /// The day of the evaluation that it is from.
    pub rated_on: Date,
    /// What they gave themselves the last time; none, too, where the caller may not read their evaluations.
    pub self_rating: Option<u8>,
}

/// What is currently known about one tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentTool {
    /// The tool.
    pub tool: RecordId,
    /// Whether they can operate it; none where nobody has answered.
    pub can_operate: Option<bool>,
    /// Whether it is on their truck.
    pub truck_stock: bool,
    /// Whose word it is: of whether they can operate it, where that is answered.
    pub source: Source,
    /// The day of the evaluation that it is from.
    pub rated_on: Date,
}

/// Where an employee stands now. Skills and tools that are out of use may be among these; scoring passes over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The employee.
    pub employee: RecordId,
    /// Every skill that has a current rating.
    pub skills: Vec<CurrentSkill>,
    /// Every tool that something is known about.
    pub tools: Vec<CurrentTool>,
    /// The day of the newest evaluation by a manager.
    pub manager_on: Option<Date>,
    /// The day of the newest evaluation by themselves.
    pub self_on: Option<Date>,
    /// How many evaluations it is made from.
    pub evaluations: u32,
}

impl Standing {
    /// Of somebody who was never evaluated.
    #[must_use]
    pub const fn empty(employee: RecordId) -> Self {
        Self { employee, skills: Vec::new(), tools: Vec::new(), manager_on: None, self_on: None, evaluations: 0 }
    }

    /// The same without what they give themselves beside their current ratings.
    #[must_use]
    pub fn without_own_view(&self) -> Self {
        let mut standing = self.clone();
        standing.skills.iter_mut().for_each(|skill| skill.self_rating = None);
        standing
    }

    /// The current rating of a skill.
    #[must_use]
    pub fn skill(&self, skill: RecordId) -> Option<&CurrentSkill> {
        self.skills.iter().find(|current| current.skill == skill)
    }

    /// What is known about a tool.
    #[must_use]
    pub fn tool(&self, tool: RecordId) -> Option<&CurrentTool> {
        self.tools.iter().find(|current| current.tool == tool)
    }
}

/// An employee with where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The employee.
    pub employee: RecordId,
    /// The person that the employee is.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their tier.
    pub tier: RecordId,
    /// The tier's step, 1 to 5.
    pub tier_number: i64,
    /// The tier's name.
    pub tier_name: String,
    /// Their team.
    pub team: Option<RecordId>,
    /// The team's name.
    pub team_name: Option<String>,
    /// Where they stand.
    pub standing: Arc<Standing>,
}

/// Which people are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of one team.
    pub team: Option<RecordId>,
    /// Those on one tier.
    pub tier: Option<RecordId>,
    /// One employee.
    pub employee: Option<RecordId>,
    /// Figures of one category of skills. It narrows [`Standings::trend`](super::Standings::trend); lists of people stay
    /// whole, and scoring picks the category.
    pub category: Option<RecordId>,
    /// How far it goes.
    pub people: People,
}

/// How far a question about people goes; never further than the caller's permission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum People {
    /// Everybody in the caller's reach.
    #[default]
    All,
    /// The caller's own people only: those whose details they may read. Of a manager, the teams that they lead.
    Own,
    /// Those whose evaluations the caller may read; an employee, nobody but themselves.
    Evaluated,
}

/// How a group stood at the end of a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarterFigures {
    /// The quarter.
    pub quarter: Quarter,
    /// The mean of its people's scores: of their overall scores, or of one category's. Who was not evaluated in a quarter
    /// stands as before; who was never rated until then does not count.
    pub mean: Option<Score>,
    /// The same of what they give themselves.
    pub self_mean: Option<Score>,
    /// How many people have a score.
    pub people: u32,
    /// How many ratings managers made in the quarter.
    pub ratings: u32,
    /// How many ratings they made of themselves in the quarter.
    pub self_ratings: u32,
}
