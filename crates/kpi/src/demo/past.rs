//! Writing the made-up past: whole evaluations in bulk, each with its entry in the trail.

use palisade_base::{Caller, Date, Error, RecordId};
use palisade_records::Records;

use super::{Company, DemoEvaluation, Loaded};
use crate::{
    catalogue::{Catalogue, GENERAL_TOOLS},
    evaluation::{EvaluationOrigin, Evaluations, Marks, PastEvaluation, SkillMark, ToolMark},
    lookup::{self, Items},
};

/// Writes the evaluations of the last eight quarters, all in one transaction. Gives how many.
///
/// # Errors
/// The caller lacks a permission, the company is not the one that was loaded, or the database can't be used.
pub async fn remember(
    records: &Records,
    caller: &Caller,
    (company, loaded): (&Company, &Loaded),
    today: Date,
) -> Result<usize, Error> {
    let catalogue = Catalogue::company()?;
    let writer = Writer {
        skills: lookup::skills(records, caller).await?,
        tools: lookup::tools(records, caller).await?,
        catalogue: &catalogue,
        loaded,
        now: records.store().env().now(),
    };
    let history = company.history(&catalogue, today);
    let past: Vec<PastEvaluation> = history.iter().map(|one| writer.past(one)).collect::<Result<_, _>>()?;
    Evaluations::new(records.clone()).record_history(caller, &past).await?;
    Ok(past.len())
}

struct Writer<'a> {
    skills: Items,
    tools: Items,
    catalogue: &'a Catalogue,
    loaded: &'a Loaded,
    now: palisade_base::Instant,
}

impl Writer<'_> {
    fn past(&self, one: &DemoEvaluation) -> Result<PastEvaluation, Error> {
        let person = |place: usize| self.loaded.people.get(place).copied().flatten().ok_or_else(missing);
        let reviewed = one.reviewed.map(|(by, on)| person(by).map(|by| (by, on))).transpose()?;
        Ok(PastEvaluation {
            employee: self.loaded.employees.get(one.subject).copied().flatten().ok_or_else(missing)?,
            evaluator: person(one.evaluator)?,
            evaluated_on: one.on,
            reviewed,
            tier: None,
            origin: EvaluationOrigin::Form,
            notes: (!one.notes.is_empty()).then(|| one.notes.to_owned()),
            marks: self.marks(one)?,
        })
    }

    fn marks(&self, one: &DemoEvaluation) -> Result<Marks, Error> {
        let tapped_at = self.now;
        let skill = |(category, skill, rating): &(usize, usize, u8)| {
            let skill = self.skill(*category, *skill)?;
            Ok(SkillMark { skill, rating: Some(*rating), note: None, tapped_at })
        };
        let tool = |(category, tool, can_operate, truck_stock): &(usize, usize, bool, bool)| {
            let tool = self.tool(*category, *tool)?;
            Ok(ToolMark {
                tool,
                can_operate: Some(*can_operate),
                truck_stock: Some(*truck_stock),
                note: None,
                tapped_at,
            })
        };
        Ok(Marks {
            skills: one.skills.iter().map(skill).collect::<Result<_, Error>>()?,
            tools: one.tools.iter().map(tool).collect::<Result<_, Error>>()?,
        })
    }

    fn skill(&self, category: usize, skill: usize) -> Result<RecordId, Error> {
        let category = self.catalogue.categories.get(category).ok_or_else(missing)?;
        let name = category.skills.get(skill).ok_or_else(missing)?;
        self.skills.find(&category.name, name).map_err(Error::internal)
    }

    fn tool(&self, category: usize, tool: usize) -> Result<RecordId, Error> {
        // The category past the last is the general list.
        let (category, tools) = match self.catalogue.categories.get(category) {
            Some(category) => (category.name.as_str(), &category.tools),
            None => (GENERAL_TOOLS, &self.catalogue.general_tools),
        };
        let name = tools.get(tool).ok_or_else(missing)?;
        self.tools.find(category, name).map_err(Error::internal)
    }
}

fn missing() -> Error {
    Error::internal("the history names what the company has not")
}
