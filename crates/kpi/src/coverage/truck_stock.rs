//! Tools that people can operate and do not have on the truck: what to buy, and for whom.

use std::collections::BTreeSet;

use palisade_base::RecordId;

use crate::{
    scoring::{CatalogueView, Group, Item},
    standing::Member,
};

/// A tool, and who can operate it and does not carry it.
#[derive(Clone, Debug)]
pub struct Gap<'a> {
    /// The tool.
    pub tool: &'a Item,
    /// For whom, in the order in which the people were given.
    pub people: Vec<&'a Member>,
}

/// The gaps of one category of tools.
#[derive(Clone, Debug)]
pub struct CategoryGaps<'a> {
    /// The category.
    pub group: &'a Group,
    /// Its tools that somebody is missing, most wanted first.
    pub tools: Vec<Gap<'a>>,
}

impl CategoryGaps<'_> {
    /// How many pieces that is.
    #[must_use]
    pub fn pieces(&self) -> usize {
        self.tools.iter().map(|gap| gap.people.len()).sum()
    }
}

/// What these people are missing on their trucks, in the order of the catalogue; categories without a gap are left out.
#[must_use]
pub fn gaps<'a>(catalogue: &'a CatalogueView, members: &'a [Member]) -> Vec<CategoryGaps<'a>> {
    let mut people: Vec<Vec<Vec<&Member>>> =
        catalogue.tools().iter().map(|group| vec![Vec::new(); group.items.len()]).collect();
    for member in members {
        let missing = member.standing.tools.iter().filter(|tool| tool.can_operate == Some(true) && !tool.truck_stock);
        for (group, item) in missing.filter_map(|tool| catalogue.tool_place(tool.tool)) {
            if let Some(list) = people.get_mut(group).and_then(|group| group.get_mut(item)) {
                list.push(member);
            }
        }
    }
    let categories = catalogue.tools().iter().zip(people).map(|(group, people)| category(group, people));
    categories.filter(|category| !category.tools.is_empty()).collect()
}

fn category<'a>(group: &'a Group, people: Vec<Vec<&'a Member>>) -> CategoryGaps<'a> {
    let tools = group.items.iter().zip(people).filter(|(_, people)| !people.is_empty());
    let mut tools: Vec<_> = tools.map(|(tool, people)| Gap { tool, people }).collect();
    // Sorting is stable: tools that equally many are missing stay in the order of the catalogue.
    tools.sort_by_key(|gap| std::cmp::Reverse(gap.people.len()));
    CategoryGaps { group, tools }
}

/// How many people are missing something.
#[must_use]
pub fn people_in(gaps: &[CategoryGaps<'_>]) -> usize {
    let tools = gaps.iter().flat_map(|category| &category.tools);
    let people: BTreeSet<RecordId> = tools.flat_map(|gap| &gap.people).map(|member| member.standing.employee).collect();
    people.len()
}
