//! Who can do a job: skills with the rating that it takes, tools on the truck, a qualification that is valid.

use std::cmp::Reverse;

use palisade_base::RecordId;

use super::map::Mark;
use crate::standing::Member;

/// What a job takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Skills, each with the least rating.
    pub skills: Vec<(RecordId, u8)>,
    /// Tools that must be on the truck.
    pub tools: Vec<RecordId>,
    /// The name of a qualification.
    pub qualification: Option<String>,
}

impl Job {
    /// Whether it takes nothing: then there is no question.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.skills.is_empty() && self.tools.is_empty() && self.qualification.is_none()
    }

    /// How many things it takes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.skills.len() + self.tools.len() + usize::from(self.qualification.is_some())
    }
}

/// Whether somebody has a valid qualification, as far as the one who asks may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// They have.
    Valid,
    /// They have none, or it is not valid today.
    NotValid,
    /// It is not for the one who asks to see.
    Unseen,
}

/// Something that somebody lacks for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A rating: the skill, what they have, what it takes.
    Skill(RecordId, Option<u8>, u8),
    /// A tool on the truck.
    Tool(RecordId),
    /// The qualification.
    Qualification,
}

/// Somebody, and how they fit a job.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// Who.
    pub member: &'a Member,
    /// Their marks on the job's skills, in its order.
    pub skills: Vec<Option<Mark>>,
    /// Whether the job's tools are on their truck, in its order.
    pub tools: Vec<bool>,
    /// Whether they have the qualification, where the job takes one.
    pub held: Option<Held>,
    /// What they lack.
    pub lacks: Vec<Lack>,
}

impl Candidate<'_> {
    /// Whether they can do the job, as far as the one who asks may know.
    #[must_use]
    pub fn can(&self) -> bool {
        self.lacks.is_empty()
    }

    /// Whether something about it is not for the one who asks to see.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.held == Some(Held::Unseen)
    }

    fn ratings(&self) -> u32 {
        self.skills.iter().flatten().map(|mark| u32::from(mark.rating)).sum()
    }

    fn unverified(&self) -> usize {
        self.skills.iter().flatten().filter(|mark| mark.is_unverified).count()
    }
}

/// Everybody who has anything of what the job takes: who can do it first, then by how much is lacking. Among equals, those
/// of whom everything is known, the higher ratings, those that a manager has given, the name.
#[must_use]
pub fn rank<'a>(job: &Job, members: &'a [Member], held: impl Fn(RecordId) -> Held) -> Vec<Candidate<'a>> {
    let candidates = members.iter().map(|member| candidate(job, member, &held));
    let mut fitting: Vec<_> = candidates.filter(|candidate| candidate.lacks.len() < job.len()).collect();
    fitting.sort_by(|a, b| order(a).cmp(&order(b)));
    fitting
}

fn order<'a>(candidate: &Candidate<'a>) -> (usize, bool, Reverse<u32>, usize, &'a str) {
    let certainty = candidate.is_uncertain();
    let ratings = Reverse(candidate.ratings());
    (candidate.lacks.len(), certainty, ratings, candidate.unverified(), candidate.member.name.as_str())
}

fn candidate<'a>(job: &Job, member: &'a Member, held: impl Fn(RecordId) -> Held) -> Candidate<'a> {
    let standing = &member.standing;
    let mark = |skill: RecordId| standing.skills.iter().find(|current| current.skill == skill).map(Mark::from);
    let carries = |tool: RecordId| standing.tools.iter().any(|current| current.tool == tool && current.truck_stock);
    let skills: Vec<_> = job.skills.iter().map(|(skill, _)| mark(*skill)).collect();
    let tools: Vec<_> = job.tools.iter().map(|tool| carries(*tool)).collect();
    let held = job.qualification.as_ref().map(|_| held(standing.employee));
    let lacks = lacks(job, &skills, &tools, held);
    Candidate { member, skills, tools, held, lacks }
}

fn lacks(job: &Job, skills: &[Option<Mark>], tools: &[bool], held: Option<Held>) -> Vec<Lack> {
    let mut lacks = Vec::new();
    for ((skill, needed), mark) in job.skills.iter().zip(skills) {
        let has = mark.map(|mark| mark.rating);
        if has.is_none_or(|rating| rating < *needed) {
            lacks.push(Lack::Skill(*skill, has, *needed));
        }
    }
    lacks.extend(job.tools.iter().zip(tools).filter(|(_, carries)| !**carries).map(|(tool, _)| Lack::Tool(*tool)));
    if held == Some(Held::NotValid) {
        lacks.push(Lack::Qualification);
    }
    lacks
}
