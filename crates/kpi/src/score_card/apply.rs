//! Taking a score card in, and giving the catalogue out: both through the record layer, for a named caller.

use std::collections::HashMap;

use palisade_base::{Caller, Category as TrailCategory, Error, RecordId, Resource, TrailEntry};
use palisade_records::{Archived, Batch, Draft, ListRequest, Page, RecordType, Records, policy::Import};

use super::{Difference, Inventory, Item, ItemKind, difference::ItemKey};
use crate::{
    catalogue::{Catalogue, Category, GENERAL_TOOLS, name_key},
    types::{SKILL, SKILL_CATEGORY, TOOL, TOOL_CATEGORY},
};

/// Far above what a catalogue of [`super::MAX_NAMES`] names can grow to.
const MOST: u64 = 100_000;

impl ItemKind {
    const ALL: [Self; 4] = [Self::SkillCategory, Self::Skill, Self::ToolCategory, Self::Tool];

    const fn record_type(self) -> &'static RecordType {
        match self {
            Self::SkillCategory => &SKILL_CATEGORY,
            Self::Skill => &SKILL,
            Self::ToolCategory => &TOOL_CATEGORY,
            Self::Tool => &TOOL,
        }
    }
}

/// What taking this score card in would change. Changes nothing itself.
///
/// # Errors
/// The caller may not import skills (which is traced), or the database can't be used.
pub async fn plan(records: &Records, caller: &Caller, card: &Catalogue) -> Result<Difference, Error> {
    records.permit::<Import>(caller, &SKILL).await?;
    let mut present = Present::default();
    for kind in ItemKind::ALL {
        present.add(kind, &records.list(caller, kind.record_type(), &all()).await?);
    }
    Ok(Difference::between(&present.inventory, &Inventory::from(card)))
}

/// Takes a score card in: adds what is not there yet, all of it in one transaction, and leaves everything else alone.
///
/// Nothing is ever removed or renamed; done again, it changes nothing. Each new record has its entry in the trail, under
/// one entry for the whole. Gives what was added and what was not.
///
/// # Errors
/// The caller may not import skills, or may not make one of the four kinds of record (which is traced); a name breaks a
/// rule; or the database can't be used. Nothing was changed then.
pub async fn apply(records: &Records, caller: &Caller, card: &Catalogue) -> Result<Difference, Error> {
    records.permit::<Import>(caller, &SKILL).await?;
    let mut batch = records.batch(caller, &ItemKind::ALL.map(ItemKind::record_type)).await?;
    let mut present = Present::default();
    for kind in ItemKind::ALL {
        present.add(kind, &batch.list(kind.record_type(), &all()).await?);
    }
    let difference = Difference::between(&present.inventory, &Inventory::from(card));
    for item in &difference.added {
        present.create(&mut batch, item).await?;
    }
    batch.commit(summary(caller, &difference)).await?;
    Ok(difference)
}

/// The catalogue as it is in use, as far as this caller may read it.
///
/// A tool category stands beside the skill category of its name. One that has none comes as a category without skills,
/// behind the others.
///
/// # Errors
/// The database can't be used.
pub async fn current(records: &Records, caller: &Caller) -> Result<Catalogue, Error> {
    let in_use = ListRequest { limit: MOST, ..ListRequest::default() };
    let mut catalogue = Catalogue::default();
    for record in records.list(caller, &SKILL_CATEGORY, &in_use).await?.records {
        catalogue.categories.push(Category { name: record.title(), ..Category::default() });
    }
    for (category, name) in named(&records.list(caller, &SKILL, &in_use).await?) {
        category_named(&mut catalogue, &category).skills.push(name);
    }
    for (category, name) in named(&records.list(caller, &TOOL, &in_use).await?) {
        if name_key(&category) == name_key(GENERAL_TOOLS) {
            catalogue.general_tools.push(name);
        } else {
            category_named(&mut catalogue, &category).tools.push(name);
        }
    }
    Ok(catalogue)
}

/// Category and name of skills or tools.
fn named(page: &Page) -> impl Iterator<Item = (String, String)> {
    page.records.iter().map(|record| (record.text("category_id").unwrap_or_default(), record.title()))
}

fn category_named<'a>(catalogue: &'a mut Catalogue, name: &str) -> &'a mut Category {
    let key = name_key(name);
    let at = catalogue.categories.iter().position(|category| name_key(&category.name) == key).unwrap_or_else(|| {
        catalogue.categories.push(Category { name: name.to_owned(), ..Category::default() });
        catalogue.categories.len() - 1
    });
    &mut catalogue.categories[at]
}

/// Everything, out of use or not: what is out of use still holds its name.
fn all() -> ListRequest {
    ListRequest { archived: Archived::With, limit: MOST, ..ListRequest::default() }
}

/// What is there already.
#[derive(Default)]
struct Present {
    inventory: Inventory,
    ids: HashMap<ItemKey, RecordId>,
}

impl Present {
    fn add(&mut self, kind: ItemKind, page: &Page) {
        for record in &page.records {
            let category = record.text("category_id").unwrap_or_default();
            let in_use = record.archived_at.is_none();
            let item = Item { kind, category, name: record.title(), place: 0, in_use };
            self.ids.insert(item.key(), record.id);
            self.inventory.0.push(item);
        }
    }

    async fn create(&mut self, batch: &mut Batch<'_>, item: &Item) -> Result<(), Error> {
        let place = item.place.min(9_999).to_string();
        let mut draft = Draft::new().text("name", item.name.as_str()).text("display_order", place);
        if let Some(category) = item.category_key() {
            let id = self.ids.get(&category).ok_or_else(|| Error::internal("an item comes before its category"))?;
            draft = draft.text("category_id", id.to_string());
        }
        let id = batch.create(item.kind.record_type(), &draft).await?;
        self.ids.insert(item.key(), id);
        Ok(())
    }
}

/// What happened, in one entry.
fn summary(caller: &Caller, difference: &Difference) -> TrailEntry {
    let added = |kind| difference.added.iter().filter(|item| item.kind == kind).count();
    TrailEntry::new(TrailCategory::Change, caller, "score_card.import", Resource::whole("score_card"))
        .note("skill_categories_added", added(ItemKind::SkillCategory))
        .note("skills_added", added(ItemKind::Skill))
        .note("tool_categories_added", added(ItemKind::ToolCategory))
        .note("tools_added", added(ItemKind::Tool))
        .note("unchanged", difference.unchanged.len())
}
