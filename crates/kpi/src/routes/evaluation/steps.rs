//! The steps of the wizard: a category of skills with its tools, category by category; then tools that belong to no
//! craft; then what is said about the whole.

use std::collections::HashMap;

use palisade_base::RecordId;

use super::words::yes_or_no;
use crate::{
    catalogue::name_key,
    evaluation::{Marks, SkillMark, ToolMark},
    scoring::{CatalogueView, Group},
};

/// The key of the last step.
pub(super) const NOTES: &str = "notes";

/// A category to fill in.
pub(super) struct Step {
    /// Its key in addresses: the category's id.
    pub(super) key: String,
    pub(super) title: String,
    pub(super) skills: Vec<SkillRow>,
    pub(super) tools: Vec<ToolRow>,
}

/// A skill with what is known about it.
pub(super) struct SkillRow {
    pub(super) id: RecordId,
    pub(super) name: String,
    pub(super) mark: Option<SkillMark>,
    /// The rating of the last evaluation of this kind.
    pub(super) last: Option<u8>,
}

/// A tool with what is known about it.
pub(super) struct ToolRow {
    pub(super) id: RecordId,
    pub(super) name: String,
    pub(super) mark: Option<ToolMark>,
    /// The mark of the last evaluation of this kind.
    pub(super) last: Option<ToolMark>,
}

impl Step {
    /// A category of one skill and one tool about which nothing is known. `id` stands where theirs will.
    pub(super) fn pattern(id: RecordId, has_last: bool) -> Self {
        let skill = SkillRow { id, name: String::new(), mark: None, last: has_last.then_some(0) };
        let tool = ToolRow { id, name: String::new(), mark: None, last: None };
        Self { key: String::new(), title: String::new(), skills: vec![skill], tools: vec![tool] }
    }

    /// How many of its skills are rated.
    pub(super) fn rated(&self) -> usize {
        self.skills.iter().filter(|row| row.rating().is_some()).count()
    }

    /// Whether the last evaluation says something that could be taken over.
    pub(super) fn has_last(&self) -> bool {
        self.skills.iter().any(|row| row.last.is_some()) || self.tools.iter().any(|row| row.last_words().is_some())
    }

    /// What the page shows of the ratings and answers, to tell later what somebody has changed on it.
    pub(super) fn shown(&self) -> String {
        let skills = self.skills.iter().filter_map(|row| row.rating().map(|rating| format!("{}={rating}", row.id)));
        let tools = self
            .tools
            .iter()
            .filter(|row| row.mark.is_some())
            .map(|row| format!("{}={}{}", row.id, row.operates(), if row.is_on_truck() { "+" } else { "" }));
        skills.chain(tools).collect::<Vec<_>>().join(" ")
    }
}

impl SkillRow {
    pub(super) fn rating(&self) -> Option<u8> {
        self.mark.as_ref().and_then(|mark| mark.rating)
    }

    pub(super) fn has(&self, rating: &u8) -> bool {
        self.rating() == Some(*rating)
    }

    pub(super) fn note(&self) -> &str {
        self.mark.as_ref().and_then(|mark| mark.note.as_deref()).unwrap_or_default()
    }
}

impl ToolRow {
    pub(super) fn operates(&self) -> &'static str {
        yes_or_no(self.mark.as_ref().and_then(|mark| mark.can_operate))
    }

    pub(super) fn is_on_truck(&self) -> bool {
        self.mark.as_ref().and_then(|mark| mark.truck_stock) == Some(true)
    }

    /// Whether it was said at all if it is on the truck.
    pub(super) fn is_truck_answered(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.truck_stock.is_some())
    }

    pub(super) fn note(&self) -> &str {
        self.mark.as_ref().and_then(|mark| mark.note.as_deref()).unwrap_or_default()
    }

    /// The last answers as the script reads them: `yes -`.
    pub(super) fn last_words(&self) -> Option<String> {
        let last = self.last.as_ref().filter(|last| last.can_operate.is_some() || last.truck_stock.is_some())?;
        let word = |answer| match yes_or_no(answer) {
            "" => "-",
            word => word,
        };
        Some(format!("{} {}", word(last.can_operate), word(last.truck_stock)))
    }
}

/// The steps of this catalogue, with the marks of the evaluation and those of the last one.
pub(super) fn steps(catalogue: &CatalogueView, marks: &Marks, last: &Marks) -> Vec<Step> {
    let by_id = Known::new(marks, last);
    let craft = |group: &Group| name_key(&group.name);
    let tools_of = |group: &Group| catalogue.tools().iter().find(|tools| craft(tools) == craft(group));
    let with_skills = catalogue.skills().iter().map(|group| Step {
        key: group.id.to_string(),
        title: group.name.clone(),
        skills: by_id.skills(group),
        tools: tools_of(group).map(|tools| by_id.tools(tools)).unwrap_or_default(),
    });
    let without = catalogue.tools().iter().filter(|tools| !catalogue.skills().iter().any(|g| craft(g) == craft(tools)));
    let tools_only = without.map(|group| Step {
        key: group.id.to_string(),
        title: group.name.clone(),
        skills: Vec::new(),
        tools: by_id.tools(group),
    });
    with_skills.chain(tools_only).filter(|step| !step.skills.is_empty() || !step.tools.is_empty()).collect()
}

/// Marks by what they are on.
struct Known<'a> {
    skills: HashMap<RecordId, &'a SkillMark>,
    tools: HashMap<RecordId, &'a ToolMark>,
    last_skills: HashMap<RecordId, &'a SkillMark>,
    last_tools: HashMap<RecordId, &'a ToolMark>,
}

impl<'a> Known<'a> {
    fn new(marks: &'a Marks, last: &'a Marks) -> Self {
        let skills = |marks: &'a Marks| marks.skills.iter().map(|mark| (mark.skill, mark)).collect();
        let tools = |marks: &'a Marks| marks.tools.iter().map(|mark| (mark.tool, mark)).collect();
        Self { skills: skills(marks), tools: tools(marks), last_skills: skills(last), last_tools: tools(last) }
    }

    fn skills(&self, group: &Group) -> Vec<SkillRow> {
        let row = |item: &crate::scoring::Item| SkillRow {
            id: item.id,
            name: item.name.clone(),
            mark: self.skills.get(&item.id).copied().cloned(),
            last: self.last_skills.get(&item.id).and_then(|mark| mark.rating),
        };
        group.items.iter().map(row).collect()
    }

    fn tools(&self, group: &Group) -> Vec<ToolRow> {
        let row = |item: &crate::scoring::Item| ToolRow {
            id: item.id,
            name: item.name.clone(),
            mark: self.tools.get(&item.id).copied().cloned(),
            last: self.last_tools.get(&item.id).copied().cloned(),
        };
        group.items.iter().map(row).collect()
    }
}
