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
    /// Its place in lists: smaller ones come first.
    pub place: u32,
    /// Whether it is in use, or stands in the catalogue only for what refers to it.
    pub in_use: bool,
}

/// What makes two items the same thing.
pub(super) type ItemKey = (ItemKind, String, String);

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
    /// In use and not on the score card: stays as it is too, since people may have been rated in it.
    pub missing: Vec<Item>,
    /// On the score card only, but in a category that is out of use: cannot be added.
    pub blocked: Vec<Item>,
}

impl Item {
    /// Equal for items that are the same thing: kind, category and name, whatever their case and spaces.
    pub(super) fn key(&self) -> ItemKey {
        (self.kind, name_key(&self.category), name_key(&self.name))
    }

    /// The key of the category that it belongs to; `None` for a category.
    pub(super) fn category_key(&self) -> Option<ItemKey> {
        let kind = match self.kind {
            ItemKind::Skill => ItemKind::SkillCategory,
            ItemKind::Tool => ItemKind::ToolCategory,
            ItemKind::SkillCategory | ItemKind::ToolCategory => return None,
        };
        Some((kind, String::new(), name_key(&self.category)))
    }
}

impl From<&Catalogue> for Inventory {
    fn from(catalogue: &Catalogue) -> Self {
        let mut items = Vec::new();
        for (place, category) in (1..).zip(&catalogue.categories) {
            items.push(listed(ItemKind::SkillCategory, "", &category.name, place));
            let skills = (1..).zip(&category.skills);
            items.extend(skills.map(|(place, name)| listed(ItemKind::Skill, &category.name, name, place)));
        }
        for (place, (category, tools)) in (1..).zip(catalogue.tool_categories()) {
            items.push(listed(ItemKind::ToolCategory, "", category, place));
            items.extend((1..).zip(tools).map(|(place, name)| listed(ItemKind::Tool, category, name, place)));
        }
        Self(items)
    }
}

/// An item of a score card; places leave room for what people put between later.
fn listed(kind: ItemKind, category: &str, name: &str, place: u32) -> Item {
    Item { kind, category: category.to_owned(), name: name.to_owned(), place: place.saturating_mul(10), in_use: true }
}

impl Difference {
    /// Compares what is there with what a score card lists.
    #[must_use]
    pub fn between(current: &Inventory, incoming: &Inventory) -> Self {
        let present: HashMap<ItemKey, &Item> = current.0.iter().map(|item| (item.key(), item)).collect();
        let mut difference = Self::default();
        let mut seen = HashSet::new();
        for item in &incoming.0 {
            if !seen.insert(item.key()) {
                continue;
            }
            let category = item.category_key().and_then(|key| present.get(&key));
            match present.get(&item.key()) {
                Some(&existing) => difference.unchanged.push(existing.clone()),
                None if category.is_some_and(|category| !category.in_use) => difference.blocked.push(item.clone()),
                None => difference.added.push(item.clone()),
            }
        }
        let is_missing = |item: &&Item| item.in_use && !seen.contains(&item.key());
        difference.missing = current.0.iter().filter(is_missing).cloned().collect();
        difference
    }

    /// Whether taking the score card in would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
    }
}
