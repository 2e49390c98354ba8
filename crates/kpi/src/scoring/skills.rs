//! Figures about skills.

use palisade_base::RecordId;

use super::{CatalogueView, Difference, Group, Item, Score, Share};
use crate::standing::{CurrentSkill, Source, Standing};

/// How somebody stands in one category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CategoryScore {
    /// The category.
    pub category: RecordId,
    /// The mean of the current ratings; blank where nothing is rated.
    pub mean: Option<Score>,
    /// How many of its skills have a current rating.
    pub rated: u32,
    /// How many skills it has.
    pub total: u32,
    /// How many of the current ratings are by themselves, as no manager has rated those skills yet.
    pub unverified: u32,
    /// The mean of the current ratings by managers alone.
    pub manager_mean: Option<Score>,
    /// The mean of the newest ratings by themselves.
    pub self_mean: Option<Score>,
    /// How many skills they have rated themselves.
    pub self_rated: u32,
    /// How much higher they rate themselves than their manager does, over the skills that both have rated.
    pub difference: Option<Difference>,
    /// How many skills both have rated.
    pub rated_by_both: u32,
}

impl CategoryScore {
    /// How many of its skills are rated, of all.
    #[must_use]
    pub const fn coverage(&self) -> Share {
        Share { part: self.rated, whole: self.total }
    }
}

/// Ratings that are added up.
#[derive(Clone, Copy, Default)]
struct Sum {
    ratings: u32,
    count: u32,
}

impl Sum {
    fn add(&mut self, rating: u8) {
        self.ratings += u32::from(rating);
        self.count += 1;
    }

    fn mean(self) -> Option<Score> {
        Score::of(self.ratings, self.count)
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    current: Sum,
    manager: Sum,
    by_themselves: Sum,
    /// Of the skills that both have rated: the ratings by themselves, and by managers.
    both: (Sum, Sum),
}

impl Sums {
    fn add(&mut self, skill: &CurrentSkill) {
        self.current.add(skill.rating);
        if let Some(own) = skill.self_rating {
            self.by_themselves.add(own);
        }
        if skill.source == Source::SelfRated {
            return;
        }
        self.manager.add(skill.rating);
        if let Some(own) = skill.self_rating {
            self.both.0.add(own);
            self.both.1.add(skill.rating);
        }
    }

    fn score(&self, category: RecordId, total: usize) -> CategoryScore {
        CategoryScore {
            category,
            mean: self.current.mean(),
            rated: self.current.count,
            total: u32::try_from(total).unwrap_or(u32::MAX),
            unverified: self.current.count - self.manager.count,
            manager_mean: self.manager.mean(),
            self_mean: self.by_themselves.mean(),
            self_rated: self.by_themselves.count,
            difference: self.both.0.mean().zip(self.both.1.mean()).map(|(own, manager)| own.minus(manager)),
            rated_by_both: self.both.0.count,
        }
    }
}

/// How somebody stands in every category of the catalogue, in its order.
#[must_use]
pub fn category_scores(catalogue: &CatalogueView, standing: &Standing) -> Vec<CategoryScore> {
    let mut sums = vec![Sums::default(); catalogue.skills().len()];
    for skill in &standing.skills {
        let place = catalogue.skill_place(skill.skill);
        if let Some(sums) = place.and_then(|(group, _)| sums.get_mut(group)) {
            sums.add(skill);
        }
    }
    catalogue.skills().iter().zip(sums).map(|(group, sums)| sums.score(group.id, group.items.len())).collect()
}

/// The mean of the category scores that there are.
#[must_use]
pub fn overall(scores: &[CategoryScore]) -> Option<Score> {
    Score::mean(scores.iter().filter_map(|score| score.mean))
}

/// The same of the ratings by themselves.
#[must_use]
pub fn self_overall(scores: &[CategoryScore]) -> Option<Score> {
    Score::mean(scores.iter().filter_map(|score| score.self_mean))
}

/// The mean of the categories' differences between the ratings by themselves and by managers.
#[must_use]
pub fn overall_difference(scores: &[CategoryScore]) -> Option<Difference> {
    Difference::mean(scores.iter().filter_map(|score| score.difference))
}

/// How many skills, of all in the catalogue or in one category, somebody has at that rating or above.
#[must_use]
pub fn skills_at(catalogue: &CatalogueView, standing: &Standing, category: Option<RecordId>, rating: u8) -> Share {
    let groups = || catalogue.skills().iter().filter(|group| category.is_none_or(|wanted| group.id == wanted));
    let reached = standing.skills.iter().filter(|skill| skill.rating >= rating).filter(|skill| {
        let found = catalogue.skill(skill.skill);
        found.is_some_and(|(group, _)| category.is_none_or(|wanted| group.id == wanted))
    });
    Share {
        part: u32::try_from(reached.count()).unwrap_or(u32::MAX),
        whole: u32::try_from(groups().map(|group| group.items.len()).sum::<usize>()).unwrap_or(u32::MAX),
    }
}

/// The mean of the current ratings of one skill, of one person or of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkillMean {
    /// The category.
    pub category: RecordId,
    /// The skill.
    pub skill: RecordId,
    /// The mean.
    pub mean: Score,
    /// How many people are rated on it.
    pub people: u32,
}

/// The current rating of each skill, one behind the other in the order of the catalogue; 0 where there is none.
#[must_use]
pub fn ratings(catalogue: &CatalogueView, standing: &Standing) -> Vec<u8> {
    let mut ratings = vec![0; catalogue.skill_count()];
    for skill in &standing.skills {
        if let Some(rating) = catalogue.skill_index(skill.skill).and_then(|at| ratings.get_mut(at)) {
            *rating = skill.rating;
        }
    }
    ratings
}

/// The mean of each skill that anybody of these is rated on, in the order of the catalogue.
#[must_use]
pub fn skill_means<'a>(catalogue: &CatalogueView, standings: impl IntoIterator<Item = &'a Standing>) -> Vec<SkillMean> {
    rating_means(catalogue, standings.into_iter().map(|standing| ratings(catalogue, standing)))
}

/// The same of people whose [`ratings`] are known.
#[must_use]
pub fn rating_means<R: AsRef<[u8]>>(catalogue: &CatalogueView, people: impl IntoIterator<Item = R>) -> Vec<SkillMean> {
    let mut sums = vec![Sum::default(); catalogue.skill_count()];
    for ratings in people {
        for (sum, rating) in sums.iter_mut().zip(ratings.as_ref()) {
            // Without a branch: there are a hundred thousand of these in a large company.
            sum.ratings += u32::from(*rating);
            sum.count += u32::from(*rating > 0);
        }
    }
    let skills = catalogue.skills().iter().flat_map(|group| group.items.iter().map(move |item| (group, item)));
    let mean = |((group, item), sum): ((&Group, &Item), Sum)| {
        Some(SkillMean { category: group.id, skill: item.id, mean: sum.mean()?, people: sum.count })
    };
    skills.zip(sums).filter_map(mean).collect()
}

/// The `number` highest of these; at a tie, the catalogue's order decides.
#[must_use]
pub fn highest(means: &[SkillMean], number: usize) -> Vec<SkillMean> {
    ranked(means, number, |mean| std::cmp::Reverse(mean.mean))
}

/// The `number` lowest of these; at a tie, the catalogue's order decides.
#[must_use]
pub fn lowest(means: &[SkillMean], number: usize) -> Vec<SkillMean> {
    ranked(means, number, |mean| mean.mean)
}

/// Sorting is stable, so equals stay in the order of the catalogue.
fn ranked<K: Ord>(means: &[SkillMean], number: usize, key: impl FnMut(&SkillMean) -> K) -> Vec<SkillMean> {
    let mut means = means.to_vec();
    means.sort_by_key(key);
    means.truncate(number);
    means
}
