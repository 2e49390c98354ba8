//! Figures about groups of people: a team, the company.

use palisade_base::RecordId;

use super::{CatalogueView, CategoryScore, Difference, Score, Share, ToolFigures, ToolScore, overall, self_overall};
use crate::standing::Member;

/// How a group stands in one category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupScore {
    /// The category.
    pub category: RecordId,
    /// The mean of its people's scores.
    pub mean: Option<Score>,
    /// How many people have a score in it.
    pub people: u32,
    /// How many ratings these are made of.
    pub rated: u32,
    /// How many there would be, were everything rated.
    pub total: u32,
    /// The mean of what managers alone give its people.
    pub manager_mean: Option<Score>,
    /// The mean of what its people give themselves.
    pub self_mean: Option<Score>,
    /// The mean of its people's differences between the ratings by themselves and by managers.
    pub difference: Option<Difference>,
}

impl GroupScore {
    /// How many skills of its people are rated, of all that could be.
    #[must_use]
    pub const fn coverage(&self) -> Share {
        Share { part: self.rated, whole: self.total }
    }
}

/// How a group stands in every category, in the order of the catalogue; `people` are the scores of each, in that order.
#[must_use]
pub fn group_scores<P: AsRef<[CategoryScore]>>(catalogue: &CatalogueView, people: &[P]) -> Vec<GroupScore> {
    let of_category = |(at, category): (usize, RecordId)| {
        let scores = || people.iter().filter_map(move |scores| scores.as_ref().get(at));
        GroupScore {
            category,
            mean: Score::mean(scores().filter_map(|score| score.mean)),
            people: scores().map(|score| u32::from(score.mean.is_some())).sum(),
            rated: scores().map(|score| score.rated).sum(),
            total: scores().map(|score| score.total).sum(),
            manager_mean: Score::mean(scores().filter_map(|score| score.manager_mean)),
            self_mean: Score::mean(scores().filter_map(|score| score.self_mean)),
            difference: Difference::mean(scores().filter_map(|score| score.difference)),
        }
    };
    catalogue.skills().iter().map(|group| group.id).enumerate().map(of_category).collect()
}

/// The mean of its people's overall scores.
#[must_use]
pub fn group_overall<P: AsRef<[CategoryScore]>>(people: &[P]) -> Option<Score> {
    Score::mean(people.iter().filter_map(|scores| overall(scores.as_ref())))
}

/// The mean of what its people give themselves overall.
#[must_use]
pub fn group_self_overall<P: AsRef<[CategoryScore]>>(people: &[P]) -> Option<Score> {
    Score::mean(people.iter().filter_map(|scores| self_overall(scores.as_ref())))
}

/// How many skills of all its people are rated, of all that could be.
#[must_use]
pub fn group_coverage<P: AsRef<[CategoryScore]>>(people: &[P]) -> Share {
    let scores = || people.iter().flat_map(AsRef::as_ref);
    Share { part: scores().map(|score| score.rated).sum(), whole: scores().map(|score| score.total).sum() }
}

/// The figures of every category of tools, of all its people together, in the order of the catalogue; `people` are the
/// figures of each, in that order.
#[must_use]
pub fn group_tools<P: AsRef<[ToolScore]>>(catalogue: &CatalogueView, people: &[P]) -> Vec<ToolScore> {
    let of_category = |(at, category): (usize, RecordId)| {
        let figures = people.iter().filter_map(|scores| scores.as_ref().get(at)).map(|score| score.figures);
        ToolScore { category, figures: figures.fold(ToolFigures::default(), ToolFigures::plus) }
    };
    catalogue.tools().iter().map(|group| group.id).enumerate().map(of_category).collect()
}

/// How many of these people stand on each of these tiers, in the order given.
#[must_use]
pub fn tier_distribution(members: &[Member], tiers: &[RecordId]) -> Vec<(RecordId, usize)> {
    let on_tier = |tier: RecordId| members.iter().filter(|member| member.tier == tier).count();
    tiers.iter().map(|tier| (*tier, on_tier(*tier))).collect()
}
