//! Two evaluations side by side.

use std::collections::HashMap;

use palisade_base::{Caller, Error, RecordId};

use super::{
    ComparedCategory, ComparedSkill, ComparedTool, Comparison, Evaluations, SkillMark, ToolMark,
    store::{self, Listed},
};

impl Evaluations {
    /// Two evaluations side by side; that they were viewed is in the trail, where they are about others.
    ///
    /// # Errors
    /// `NotFound` where one of them is not there, or not for this caller.
    pub async fn compare(&self, caller: &Caller, a: RecordId, b: RecordId) -> Result<Comparison, Error> {
        let (a, a_marks) = self.open(caller, a).await?;
        let (b, b_marks) = self.open(caller, b).await?;
        let mut conn = self.records.store().read().await?;

        let skills = pairs(a_marks.skills, b_marks.skills, |mark: &SkillMark| mark.skill);
        let tools = pairs(a_marks.tools, b_marks.tools, |mark: &ToolMark| mark.tool);
        let skill = |item: &Listed, (a, b)| ComparedSkill { id: item.id, name: item.name.clone(), a, b };
        let tool = |item: &Listed, (a, b)| ComparedTool { id: item.id, name: item.name.clone(), a, b };
        Ok(Comparison {
            a,
            b,
            categories: by_category(store::skills(&mut conn).await?, skills, skill),
            tool_categories: by_category(store::tools(&mut conn).await?, tools, tool),
        })
    }
}

type Pair<T> = (Option<T>, Option<T>);

fn pairs<T>(a: Vec<T>, b: Vec<T>, of: fn(&T) -> RecordId) -> HashMap<RecordId, Pair<T>> {
    let mut pairs: HashMap<RecordId, Pair<T>> = a.into_iter().map(|mark| (of(&mark), (Some(mark), None))).collect();
    for mark in b {
        let of = of(&mark);
        pairs.entry(of).or_insert((None, None)).1 = Some(mark);
    }
    pairs
}

/// What either marks, in the order of the catalogue; categories in which neither marks anything are left out.
fn by_category<T, I>(
    catalogue: Vec<Listed>,
    mut marks: HashMap<RecordId, Pair<T>>,
    compared: impl Fn(&Listed, Pair<T>) -> I,
) -> Vec<ComparedCategory<I>> {
    let mut categories: Vec<ComparedCategory<I>> = Vec::new();
    for item in catalogue {
        let Some(pair) = marks.remove(&item.id) else { continue };
        let compared = compared(&item, pair);
        match categories.last_mut().filter(|category| category.id == item.category.0) {
            Some(category) => category.items.push(compared),
            None => {
                let (id, name) = item.category;
                categories.push(ComparedCategory { id, name, items: vec![compared] });
            }
        }
    }
    categories
}
