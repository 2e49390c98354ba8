//! Where an employee stands, for programs: `GET /api/v1/employees/{id}/skills` and `/tools`.

use std::sync::Arc;

use axum::extract::State;
use palisade_base::{Caller, Error, FieldError, RecordId};
use palisade_records::{
    api::{Call, Calls},
    parse_id,
};
use palisade_web::{ListQuery, ListQueryParts, ListSpec, Order, Outcome, PathId, Visitor, json_data};
use serde_json::{Value as Json, json};

use super::Profile;
use crate::{
    routes::json::{difference_json, score_json, score_schema, share_json, share_schema, tools_json, tools_schema},
    scoring::{
        CatalogueView, CategoryScore, Group, category_scores, overall, overall_difference, self_overall, skills_at,
        tool_scores, tool_total,
    },
    standing::{CurrentTool, Source, Standing},
    types::EMPLOYEE,
};

const SKILLS: ListSpec = spec(&["category_id", "min_rating", "max_rating"]);
const TOOLS: ListSpec = spec(&["category_id", "can_operate", "truck_stock"]);

const fn spec(filters: &'static [&'static str]) -> ListSpec {
    ListSpec { sorts: &["name"], default_sort: ("name", Order::Ascending), filters, per_page: 20 }
}

/// What is wrong with the parameters of an address, all of it.
#[derive(Default)]
struct Findings(Vec<FieldError>);

impl Findings {
    fn read<T>(
        &mut self,
        query: &ListQuery,
        name: &'static str,
        parse: fn(&str) -> Option<T>,
        rule: &'static str,
    ) -> Option<T> {
        let text = query.filter(name)?;
        let value = parse(text);
        if value.is_none() {
            self.0.push(FieldError { field: name.into(), message: rule.into() });
        }
        value
    }

    fn category(&mut self, query: &ListQuery) -> Option<RecordId> {
        self.read(query, "category_id", parse_id, "Use the id of a category.")
    }

    fn done(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(self.0)) }
    }
}

fn rating(text: &str) -> Option<u8> {
    text.parse().ok().filter(|rating| (1..=5).contains(rating))
}

fn truth(text: &str) -> Option<bool> {
    text.parse().ok()
}

/// Where somebody stands, with the one trace that they were looked at.
async fn standing(profile: &Profile, caller: &Caller, id: RecordId) -> Result<Arc<Standing>, Error> {
    let standing = profile.standings.of(caller, id).await?;
    profile.records.view(caller, &EMPLOYEE, id).await?;
    Ok(standing)
}

pub(super) async fn skills(
    State(profile): State<Profile>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    query: ListQueryParts,
) -> Outcome {
    let query = query.read(&SKILLS)?;
    let mut findings = Findings::default();
    let category = findings.category(&query);
    let min = findings.read(&query, "min_rating", rating, "Use a rating from 1 to 5.").unwrap_or(1);
    let max = findings.read(&query, "max_rating", rating, "Use a rating from 1 to 5.").unwrap_or(5);
    findings.done()?;
    let standing = standing(&profile, &visitor.caller, id).await?;
    let all = profile.standings.catalogue(&visitor.caller).await?;
    let catalogue = match category {
        Some(id) => all
            .only(id)
            .map(Arc::new)
            .ok_or_else(|| Error::field("category_id", "There is no such category in use."))?,
        None => all,
    };
    let scores = category_scores(&catalogue, &standing);
    let groups = catalogue.skills().iter().zip(&scores);
    json_data(&json!({
        "employee_id": id,
        "categories": groups.map(|(group, score)| category_json(group, score, &standing, min..=max)).collect::<Vec<_>>(),
        "summary": summary_json(&catalogue, &scores, &standing),
    }))
}

fn category_json(
    group: &Group,
    score: &CategoryScore,
    standing: &Standing,
    ratings: std::ops::RangeInclusive<u8>,
) -> Json {
    let rated = group.items.iter().filter_map(|item| Some((item, standing.skill(item.id)?)));
    let skills = rated.filter(|(_, skill)| ratings.contains(&skill.rating)).map(|(item, skill)| {
        json!({
            "id": item.id,
            "name": item.name,
            "rating": skill.rating,
            "source": source_json(skill.source),
            "last_evaluated": skill.rated_on,
            "self_rating": skill.self_rating,
        })
    });
    json!({
        "id": group.id,
        "name": group.name,
        "average_rating": score_json(score.mean),
        "self_average_rating": score_json(score.self_mean),
        "self_difference": difference_json(score.difference),
        "coverage": share_json(score.coverage()),
        "skills": skills.collect::<Vec<_>>(),
    })
}

fn summary_json(catalogue: &CatalogueView, scores: &[CategoryScore], standing: &Standing) -> Json {
    json!({
        "average_rating": score_json(overall(scores)),
        "self_average_rating": score_json(self_overall(scores)),
        "self_difference": difference_json(overall_difference(scores)),
        "total_skills_rated": scores.iter().map(|score| score.rated).sum::<u32>(),
        "skills_at_expert_level": skills_at(catalogue, standing, None, 5).part,
    })
}

const fn source_json(source: Source) -> &'static str {
    match source {
        Source::SelfRated => "self_unverified",
        Source::Manager => "manager_completed",
        Source::Reviewed => "manager_reviewed",
    }
}

pub(super) async fn tools(
    State(profile): State<Profile>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    query: ListQueryParts,
) -> Outcome {
    let query = query.read(&TOOLS)?;
    let mut findings = Findings::default();
    let category = findings.category(&query);
    let can_operate = findings.read(&query, "can_operate", truth, "Use true or false.");
    let truck_stock = findings.read(&query, "truck_stock", truth, "Use true or false.");
    findings.done()?;
    let standing = standing(&profile, &visitor.caller, id).await?;
    let all = profile.standings.catalogue(&visitor.caller).await?;
    let tools: Vec<Group> =
        all.tools().iter().filter(|group| category.is_none_or(|id| group.id == id)).cloned().collect();
    if tools.is_empty() && category.is_some() {
        return Err(Error::field("category_id", "There is no such category in use.").into());
    }
    let catalogue = CatalogueView::new(Vec::new(), tools);
    let scores = tool_scores(&catalogue, &standing);
    let wanted = |tool: &&CurrentTool| {
        can_operate.is_none_or(|wanted| tool.can_operate == Some(wanted))
            && truck_stock.is_none_or(|wanted| tool.truck_stock == wanted)
    };
    let category = |group: &Group| {
        let known = group.items.iter().filter_map(|item| Some((item, standing.tool(item.id).filter(wanted)?)));
        let tools = known.map(|(item, tool)| {
            json!({
                "id": item.id,
                "name": item.name,
                "can_operate": tool.can_operate,
                "truck_stock": tool.truck_stock,
                "source": source_json(tool.source),
                "last_evaluated": tool.rated_on,
            })
        });
        json!({ "id": group.id, "name": group.name, "tools": tools.collect::<Vec<_>>() })
    };
    json_data(&json!({
        "employee_id": id,
        "categories": catalogue.tools().iter().map(category).collect::<Vec<_>>(),
        "summary": tools_json(tool_total(&scores)),
    }))
}

pub(super) fn calls() -> Calls {
    let id = || json!({ "anyOf": [{ "type": "string", "format": "uuid" }, { "type": "string", "maxLength": 0 }] });
    let digit = || json!({ "type": "integer", "minimum": 1, "maximum": 5 });
    let truth = || json!({ "type": "boolean" });
    let skills = Call::reading("/api/v1/employees/{id}/skills", "read_employee_skills", "Figures", skills_schema())
        .summary("The current ratings of an employee; the summary does not follow the filter of ratings")
        .query("category_id", "Only this category of skills.", id())
        .query("min_rating", "Only skills rated that high.", digit())
        .query("max_rating", "Only skills rated no higher.", digit());
    let tools = Call::reading("/api/v1/employees/{id}/tools", "read_employee_tools", "Figures", tools_call_schema())
        .summary("The tools of an employee; the summary does not follow the filters of answers")
        .query("category_id", "Only this category of tools.", id())
        .query("can_operate", "Only tools that they can operate, or cannot.", truth())
        .query("truck_stock", "Only tools that are on their truck, or are not.", truth());
    Calls::new().call(skills).call(tools)
}

fn object(properties: Json) -> Json {
    let required: Vec<String> = properties.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn source_schema() -> Json {
    let words = [Source::SelfRated, Source::Manager, Source::Reviewed].map(source_json);
    json!({ "type": "string", "enum": words, "description": "Whose word it is; one’s own is unverified." })
}

fn skills_schema() -> Json {
    let (id, text) = (json!({ "type": "string", "format": "uuid" }), json!({ "type": "string" }));
    let (day, difference) = (json!({ "type": "string", "format": "date" }), json!({ "type": ["number", "null"] }));
    let count = json!({ "type": "integer", "minimum": 0 });
    let digit = |kind: Json| json!({ "type": kind, "minimum": 1, "maximum": 5 });
    let skill = object(json!({
        "id": id, "name": text, "rating": digit(json!("integer")), "source": source_schema(), "last_evaluated": day,
        "self_rating": digit(json!(["integer", "null"])),
    }));
    let category = object(json!({
        "id": id, "name": text, "average_rating": score_schema(), "self_average_rating": score_schema(),
        "self_difference": difference, "coverage": share_schema(), "skills": { "type": "array", "items": skill },
    }));
    object(json!({
        "employee_id": id,
        "categories": { "type": "array", "items": category },
        "summary": object(json!({
            "average_rating": score_schema(), "self_average_rating": score_schema(), "self_difference": difference,
            "total_skills_rated": count, "skills_at_expert_level": count,
        })),
    }))
}

fn tools_call_schema() -> Json {
    let (id, text) = (json!({ "type": "string", "format": "uuid" }), json!({ "type": "string" }));
    let tool = object(json!({
        "id": id, "name": text, "can_operate": { "type": ["boolean", "null"] }, "truck_stock": { "type": "boolean" },
        "source": source_schema(), "last_evaluated": { "type": "string", "format": "date" },
    }));
    let category = object(json!({ "id": id, "name": text, "tools": { "type": "array", "items": tool } }));
    object(json!({
        "employee_id": id,
        "categories": { "type": "array", "items": category },
        "summary": tools_schema(),
    }))
}
