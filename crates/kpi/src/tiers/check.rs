//! Holding a rule against where somebody stands: a pure function.

use palisade_base::RecordId;

use super::{CategoryEvidence, Check, Evidence, Rule, ToolList, rule::skills_of};
use crate::{
    catalogue::{GENERAL_TOOLS, name_key},
    scoring::{
        CatalogueView, CategoryScore, Difference, Score, Share, ToolFigures, category_scores, skills_at, tool_scores,
        tool_total,
    },
    standing::Standing,
};

/// The most categories that are named as nearest.
const NEAREST: usize = 3;

/// Somebody, as rules look at them.
pub struct Facts<'a> {
    catalogue: &'a CatalogueView,
    standing: &'a Standing,
    scores: Vec<CategoryScore>,
    /// The current ratings in each category, in the catalogue's order.
    ratings: Vec<Vec<u8>>,
    trains_others: bool,
}

impl<'a> Facts<'a> {
    /// What there is to know about somebody who stands so.
    #[must_use]
    pub fn new(catalogue: &'a CatalogueView, standing: &'a Standing, trains_others: bool) -> Self {
        let mut ratings = vec![Vec::new(); catalogue.skills().len()];
        for skill in &standing.skills {
            let place = catalogue.skill_place(skill.skill);
            if let Some(ratings) = place.and_then(|(group, _)| ratings.get_mut(group)) {
                ratings.push(skill.rating);
            }
        }
        Self { catalogue, standing, scores: category_scores(catalogue, standing), ratings, trains_others }
    }

    fn tools(&self, tools: ToolList) -> ToolFigures {
        let mut scores = tool_scores(self.catalogue, self.standing);
        let general = name_key(GENERAL_TOOLS);
        scores.retain(|score| match tools {
            ToolList::All => true,
            ToolList::Category(category) => score.category == category,
            ToolList::General => {
                self.catalogue.tool_group(score.category).is_some_and(|group| name_key(&group.name) == general)
            }
        });
        tool_total(&scores)
    }
}

/// What a rule asks of a category for it to count.
struct Wanted {
    mean: Score,
    coverage: Option<u8>,
    expert: Option<(u8, u8)>,
}

/// How far a category is from counting; the nearest is the least.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Distance {
    is_unrated: bool,
    mean: Option<Difference>,
    ratings: u32,
    coverage: u32,
}

impl Wanted {
    fn distance(&self, score: &CategoryScore, ratings: &[u8]) -> Distance {
        let (low, fives) = self.expert_lacks(ratings);
        Distance {
            is_unrated: score.mean.is_none(),
            mean: score.mean.and_then(|mean| mean.short_of(self.mean)),
            ratings: low + fives,
            coverage: self.coverage.map_or(0, |percent| score.coverage().missing_to(percent)),
        }
    }

    /// How many ratings are too low, and how many 5s are missing.
    fn expert_lacks(&self, ratings: &[u8]) -> (u32, u32) {
        let Some((least, share)) = self.expert else { return (0, 0) };
        let count = |is: &dyn Fn(u8) -> bool| {
            u32::try_from(ratings.iter().filter(|rating| is(**rating)).count()).unwrap_or(u32::MAX)
        };
        let fives = Share { part: count(&|rating| rating == 5), whole: count(&|_| true) };
        (count(&|rating| rating < least), fives.missing_to(share))
    }

    fn lacks(&self, score: &CategoryScore, ratings: &[u8]) -> Vec<String> {
        let distance = self.distance(score, ratings);
        if distance.is_unrated {
            return vec!["not rated yet".to_owned()];
        }
        let (low, fives) = self.expert_lacks(ratings);
        let mut lacks = Vec::new();
        lacks.extend(distance.mean.map(|short| format!("{} short of {}", short.two_decimals(), self.mean)));
        if let (Some((least, _)), true) = (self.expert, low > 0) {
            lacks.push(format!("{} below {least}", counted(low, "rating")));
        }
        if fives > 0 {
            lacks.push(format!("{fives} more rated 5"));
        }
        if distance.coverage > 0 {
            lacks.push(format!("{} to be rated", counted_more(distance.coverage, "skill")));
        }
        lacks
    }
}

impl Distance {
    const fn is_nothing(&self) -> bool {
        !self.is_unrated && self.mean.is_none() && self.ratings == 0 && self.coverage == 0
    }
}

/// Holds a rule against somebody.
#[must_use]
pub fn check(rule: RecordId, asked: &Rule, facts: &Facts<'_>) -> Check {
    let (is_met, finding, evidence) = match *asked {
        Rule::Categories { times, mean, coverage } => {
            categories(facts, times, &Wanted { mean, coverage, expert: None })
        }
        Rule::Experts { times, mean, rating, share, coverage } => {
            categories(facts, times, &Wanted { mean, coverage, expert: Some((rating, share)) })
        }
        Rule::Category { category, mean, coverage } => {
            one_category(facts, category, &Wanted { mean, coverage, expert: None })
        }
        Rule::Skills { category, rating, share } => {
            let have = skills_at(facts.catalogue, facts.standing, category, rating);
            part(have, share, ("skill", &format!("rated {rating} or higher")))
        }
        Rule::ToolsOperable { tools, share } => {
            part(facts.tools(tools).operable_of_all(), share, ("tool", "they can operate"))
        }
        Rule::ToolsStocked { tools, share } => {
            part(facts.tools(tools).stocked_of_all(), share, ("tool", "on the truck"))
        }
        Rule::TrainsOthers => {
            let finding =
                if facts.trains_others { "Set by an administrator" } else { "An administrator has not set it" };
            (facts.trains_others, finding.to_owned(), Evidence::Flag)
        }
    };
    Check { rule, words: asked.words(facts.catalogue), is_met, finding, evidence }
}

type Found = (bool, String, Evidence);

fn categories(facts: &Facts<'_>, times: u8, wanted: &Wanted) -> Found {
    let mut counting = Vec::new();
    let mut others = Vec::new();
    for (score, ratings) in facts.scores.iter().zip(&facts.ratings) {
        let distance = wanted.distance(score, ratings);
        match evidence(facts, score, (wanted.mean, wanted.lacks(score, ratings))) {
            evidence if distance.is_nothing() => counting.push(evidence),
            evidence => others.push((distance, evidence)),
        }
    }
    // Sorting is stable: equals stay in the order of the catalogue.
    others.sort_by(|a, b| a.0.cmp(&b.0));
    let missing = usize::from(times).saturating_sub(counting.len());
    let shown = if missing == 0 { 0 } else { missing.max(NEAREST) };
    let nearest: Vec<_> = others.into_iter().take(shown).map(|(_, evidence)| evidence).collect();
    let finding = match missing {
        0 => format!("{} of {times}", counting.len()),
        _ => format!("{} of {times}, so {missing} short", counting.len()),
    };
    (missing == 0, finding, Evidence::Categories { counting, nearest })
}

fn one_category(facts: &Facts<'_>, category: RecordId, wanted: &Wanted) -> Found {
    let found = facts.scores.iter().zip(&facts.ratings).find(|(score, _)| score.category == category);
    let Some((score, ratings)) = found else {
        let nothing = Evidence::Categories { counting: Vec::new(), nearest: Vec::new() };
        return (false, "The category is out of use: change the rule".to_owned(), nothing);
    };
    let is_met = wanted.distance(score, ratings).is_nothing();
    let evidence = evidence(facts, score, (wanted.mean, wanted.lacks(score, ratings)));
    let finding = match (score.mean, is_met) {
        (Some(mean), true) => mean.two_decimals(),
        _ => capital(&evidence.lacks.join(", ")),
    };
    let (counting, nearest) = if is_met { (vec![evidence], Vec::new()) } else { (Vec::new(), vec![evidence]) };
    (is_met, finding, Evidence::Categories { counting, nearest })
}

fn evidence(facts: &Facts<'_>, score: &CategoryScore, (wanted, lacks): (Score, Vec<String>)) -> CategoryEvidence {
    CategoryEvidence {
        category: score.category,
        name: skills_of(facts.catalogue, score.category),
        mean: score.mean,
        wanted,
        coverage: score.coverage(),
        lacks,
    }
}

fn part(have: Share, wanted: u8, (noun, what): (&str, &str)) -> Found {
    let is_met = have.reaches(wanted);
    let finding = match have.percent() {
        None => format!("There are no such {noun}s in the catalogue: change the rule"),
        Some(percent) => {
            let missing = have.missing_to(wanted);
            let short = if is_met { String::new() } else { format!(", so {} short", counted(missing, noun)) };
            format!("{} of {} {what} ({percent} %){short}", have.part, have.whole)
        }
    };
    (is_met, finding, Evidence::Share(have))
}

fn counted(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn counted_more(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 more {noun}") } else { format!("{number} more {noun}s") }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
