//! What a score card would change, before anything is changed.

use std::collections::{HashMap, HashSet};

use crate::catalogue::{Catalogue, name_key};

/// The four kinds of things that a catalogue lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemKind {
    /// A category of skills.
    SkillCategory,
    /// A skill in its category.
    Skill,
    /// A category of tools.
    ToolCategory,
    /// A tool in its category.
    Tool,
}

/// One line of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// The category it belongs to; empty for a category.
    pub category: String,
    /// Its name.
    pub name: String,
}

/// A catalogue line by line: categories before what they hold, each in its order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Inventory(pub Vec<Item>);

/// What taking in a score card would do. Nothing is ever removed by it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Difference {
    /// On the score card only: would be added.
    pub added: Vec<Item>,
    /// On both: stays as it is, in the spelling that is there.
    pub unchanged: Vec<Item>,
    /// Not on the score card: stays as it is too, since people may have been rated in it.
    pub missing: Vec<Item>,
}

impl Item {
    /// Equal for items that are the same thing: kind, category and name, whatever their case and spaces.
    fn key(&self) -> (ItemKind, String, String) {
        (self.kind, name_key(&self.category), name_key(&self.name))
    }
}

impl From<&Catalogue> for Inventory {
    fn from(catalogue: &Catalogue) -> Self {
        let mut items = Vec::new();
        let item =
            |kind, category: &str, name: &str| Item { kind, category: category.to_owned(), name: name.to_owned() };
        for category in &catalogue.categories {
            items.push(item(ItemKind::SkillCategory, "", &category.name));
            items.extend(category.skills.iter().map(|name| item(ItemKind::Skill, &category.name, name)));
        }
        for (category, tools) in catalogue.tool_categories() {
            items.push(item(ItemKind::ToolCategory, "", category));
            items.extend(tools.iter().map(|name| item(ItemKind::Tool, category, name)));
        }
        Self(items)
    }
}

impl Difference {
    /// Compares what is there with what a score card lists.
    #[must_use]
    pub fn between(current: &Inventory, incoming: &Inventory) -> Self {
        let mut present: HashMap<_, &Item> = current.0.iter().map(|item| (item.key(), item)).collect();
        let mut difference = Self::default();
        let mut seen = HashSet::new();
        for item in &incoming.0 {
            let key = item.key();
            if !seen.insert(key.clone()) {
                continue;
            }
            match present.remove(&key) {
                Some(existing) => difference.unchanged.push(existing.clone()),
                None => difference.added.push(item.clone()),
            }
        }
        difference.missing = current.0.iter().filter(|item| !seen.contains(&item.key())).cloned().collect();
        difference
    }

    /// Whether taking the score card in would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
    }
}
