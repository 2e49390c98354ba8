//! People × skills: who can do each, what hangs on one person, and what nobody can.

use palisade_base::RecordId;

use crate::{
    scoring::{CatalogueView, Group},
    standing::{CurrentSkill, Member, Source},
};

/// A current rating in the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// From 1 to 5.
    pub rating: u8,
    /// No manager has rated it yet: it is the person's own word.
    pub is_unverified: bool,
}

impl From<&CurrentSkill> for Mark {
    fn from(skill: &CurrentSkill) -> Self {
        Self { rating: skill.rating, is_unverified: skill.source == Source::SelfRated }
    }
}

/// Somebody who can do a skill.
#[derive(Clone, Copy, Debug)]
pub struct Able<'a> {
    /// Who.
    pub member: &'a Member,
    /// How well.
    pub mark: Mark,
}

/// Who can do one skill.
#[derive(Clone, Debug)]
pub struct SkillCover<'a> {
    /// The skill.
    pub skill: RecordId,
    /// Its name.
    pub name: &'a str,
    /// Those who reach the rating that was asked for.
    pub able: Vec<Able<'a>>,
    /// How many have a current rating at all.
    pub rated: usize,
}

impl<'a> SkillCover<'a> {
    /// The one person whom it hangs on.
    #[must_use]
    pub fn only(&self) -> Option<&Able<'a>> {
        match self.able.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether nobody can do it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.able.is_empty()
    }
}

/// Who can do the skills of one category.
#[derive(Clone, Debug)]
pub struct CategoryCover<'a> {
    /// The category.
    pub group: &'a Group,
    /// Its skills, in order.
    pub skills: Vec<SkillCover<'a>>,
}

impl CategoryCover<'_> {
    /// The same with the people of each skill best first.
    #[must_use]
    pub fn best_first(mut self) -> Self {
        for skill in &mut self.skills {
            skill.able.sort_by(|a, b| best_first(a).cmp(&best_first(b)));
        }
        self
    }

    /// How many of its skills hang on one person.
    #[must_use]
    pub fn single(&self) -> usize {
        self.skills.iter().filter(|skill| skill.only().is_some()).count()
    }

    /// How many of its skills nobody can do.
    #[must_use]
    pub fn open(&self) -> usize {
        self.skills.iter().filter(|skill| skill.is_open()).count()
    }
}

/// Who of these people can do what, with at least this rating; all categories in the order of the catalogue, the people
/// of each skill in the order of the members.
#[must_use]
pub fn cover<'a>(catalogue: &'a CatalogueView, members: &'a [Member], minimum: u8) -> Vec<CategoryCover<'a>> {
    let mut covers: Vec<CategoryCover<'a>> = catalogue.skills().iter().map(empty).collect();
    for member in members {
        for current in &member.standing.skills {
            let place = catalogue.skill_place(current.skill);
            let found = place.and_then(|(group, item)| covers.get_mut(group)?.skills.get_mut(item));
            if let Some(skill) = found {
                skill.rated += 1;
                if current.rating >= minimum {
                    skill.able.push(Able { member, mark: current.into() });
                }
            }
        }
    }
    covers
}

fn empty(group: &Group) -> CategoryCover<'_> {
    let skills =
        group.items.iter().map(|item| SkillCover { skill: item.id, name: &item.name, able: Vec::new(), rated: 0 });
    CategoryCover { group, skills: skills.collect() }
}

/// The highest rating first; at a tie, a manager's word before one's own, then by name.
fn best_first<'a>(able: &Able<'a>) -> (std::cmp::Reverse<u8>, bool, &'a str) {
    (std::cmp::Reverse(able.mark.rating), able.mark.is_unverified, able.member.name.as_str())
}

/// One person's marks on the skills of a category, in its order; what is not rated is a gap.
#[must_use]
pub fn marks(catalogue: &CatalogueView, category: RecordId, member: &Member) -> Vec<Option<Mark>> {
    let Some(at) = catalogue.skills().iter().position(|group| group.id == category) else { return Vec::new() };
    let mut marks = vec![None; catalogue.skills().get(at).map_or(0, |group| group.items.len())];
    for current in &member.standing.skills {
        if let Some((group, item)) = catalogue.skill_place(current.skill)
            && group == at
            && let Some(mark) = marks.get_mut(item)
        {
            *mark = Some(current.into());
        }
    }
    marks
}
