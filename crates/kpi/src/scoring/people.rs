//! Figures about groups of people: a team, the company.

use palisade_base::RecordId;

use super::{CatalogueView, CategoryScore, Difference, Score, overall};
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
    /// The mean of what its people give themselves.
    pub self_mean: Option<Score>,
    /// The mean of its people's differences between the ratings by themselves and by managers.
    pub difference: Option<Difference>,
}

/// How a group stands in every category, in the order of the catalogue; `people` are the scores of each, in that order.
#[must_use]
pub fn group_scores(catalogue: &CatalogueView, people: &[Vec<CategoryScore>]) -> Vec<GroupScore> {
    let of_category = |(at, category): (usize, RecordId)| {
        let scores = || people.iter().filter_map(move |scores| scores.get(at));
        GroupScore {
            category,
            mean: Score::mean(scores().filter_map(|score| score.mean)),
            people: scores().map(|score| u32::from(score.mean.is_some())).sum(),
            rated: scores().map(|score| score.rated).sum(),
            self_mean: Score::mean(scores().filter_map(|score| score.self_mean)),
            difference: Difference::mean(scores().filter_map(|score| score.difference)),
        }
    };
    catalogue.skills().iter().map(|group| group.id).enumerate().map(of_category).collect()
}

/// The mean of its people's overall scores.
#[must_use]
pub fn group_overall(people: &[Vec<CategoryScore>]) -> Option<Score> {
    Score::mean(people.iter().filter_map(|scores| overall(scores)))
}

/// How many of these people stand on each of these tiers, in the order given.
#[must_use]
pub fn tier_distribution(members: &[Member], tiers: &[RecordId]) -> Vec<(RecordId, usize)> {
    let on_tier = |tier: RecordId| members.iter().filter(|member| member.tier == tier).count();
    tiers.iter().map(|tier| (*tier, on_tier(*tier))).collect()
}
