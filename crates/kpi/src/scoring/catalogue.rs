//! The catalogue as scoring needs it: what is in use, in its order, and where a skill or tool stands in it.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use palisade_base::RecordId;

use crate::catalogue::name_key;

/// A skill or a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: RecordId,
    /// Its name.
    pub name: String,
}

/// A category with what is in it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The category's id.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// Its skills or tools.
    pub items: Vec<Item>,
}

/// Everything of the catalogue that is in use.
#[derive(Clone, Debug, Default)]
pub struct CatalogueView {
    skills: Vec<Group>,
    tools: Vec<Group>,
    skill_places: Places,
    tool_places: Places,
    /// How many skills stand before those of each category.
    skills_before: Vec<usize>,
}

/// Where each item stands: its group, and its place in it.
type Places = HashMap<RecordId, (usize, usize), BuildHasherDefault<IdHasher>>;

impl CatalogueView {
    /// The catalogue of these categories of skills and of tools.
    #[must_use]
    pub fn new(skills: Vec<Group>, tools: Vec<Group>) -> Self {
        let (skill_places, tool_places) = (places(&skills), places(&tools));
        let before = |sum: &mut usize, group: &Group| Some(std::mem::replace(sum, *sum + group.items.len()));
        let skills_before = skills.iter().scan(0, before).collect();
        Self { skills, tools, skill_places, tool_places, skills_before }
    }

    /// The same with nothing but this category of skills, and the tools that go with it: those of the category of the
    /// same name. None where there is no such category.
    #[must_use]
    pub fn only(&self, category: RecordId) -> Option<Self> {
        let group = self.skill_group(category)?;
        let alike = |tools: &&Group| name_key(&tools.name) == name_key(&group.name);
        Some(Self::new(vec![group.clone()], self.tools.iter().filter(alike).cloned().collect()))
    }

    /// The categories of skills, in order.
    #[must_use]
    pub fn skills(&self) -> &[Group] {
        &self.skills
    }

    /// The categories of tools, in order.
    #[must_use]
    pub fn tools(&self) -> &[Group] {
        &self.tools
    }

    /// A skill in use, with its category.
    #[must_use]
    pub fn skill(&self, id: RecordId) -> Option<(&Group, &Item)> {
        found(&self.skills, self.skill_place(id)?)
    }

    /// A tool in use, with its category.
    #[must_use]
    pub fn tool(&self, id: RecordId) -> Option<(&Group, &Item)> {
        found(&self.tools, self.tool_place(id)?)
    }

    /// A category of skills.
    #[must_use]
    pub fn skill_group(&self, id: RecordId) -> Option<&Group> {
        self.skills.iter().find(|group| group.id == id)
    }

    /// A category of tools.
    #[must_use]
    pub fn tool_group(&self, id: RecordId) -> Option<&Group> {
        self.tools.iter().find(|group| group.id == id)
    }

    /// How many skills there are.
    #[must_use]
    pub fn skill_count(&self) -> usize {
        self.skill_places.len()
    }

    /// How many tools there are.
    #[must_use]
    pub fn tool_count(&self) -> usize {
        self.tool_places.len()
    }

    /// Which of all its skills it is, in its order.
    pub(crate) fn skill_index(&self, id: RecordId) -> Option<usize> {
        let (group, item) = self.skill_place(id)?;
        Some(self.skills_before.get(group)? + item)
    }

    pub(crate) fn skill_place(&self, id: RecordId) -> Option<(usize, usize)> {
        self.skill_places.get(&id).copied()
    }

    pub(crate) fn tool_place(&self, id: RecordId) -> Option<(usize, usize)> {
        self.tool_places.get(&id).copied()
    }
}

fn found(groups: &[Group], (group, item): (usize, usize)) -> Option<(&Group, &Item)> {
    let group = groups.get(group)?;
    Some((group, group.items.get(item)?))
}

fn places(groups: &[Group]) -> Places {
    let of_group = |(at, group): (usize, &Group)| {
        group.items.iter().enumerate().map(|(place, item)| (item.id, (at, place))).collect::<Vec<_>>()
    };
    groups.iter().enumerate().flat_map(of_group).collect()
}

/// Takes the last eight bytes of an id for its hash: they are random already, and nobody but this program makes ids. A
/// dashboard looks up 160,000 of them.
#[derive(Clone, Copy, Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk::<8>() {
            self.0 = u64::from_le_bytes(*last).rotate_left(20);
        }
    }

    // The length of the id comes here, and says nothing.
    fn write_usize(&mut self, _length: usize) {}
}
