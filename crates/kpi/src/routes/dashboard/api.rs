//! The overview's figures for programs: `GET /api/v1/dashboard`.

use axum::extract::State;
use palisade_records::api::{Call, Calls};
use palisade_web::{ListQueryParts, Outcome, Visitor, json_data};
use serde_json::{Value as Json, json};

use super::{Overview, SPEC, asked};
use crate::{
    dashboard::{Asked, Dashboard, Range},
    routes::json::{difference_json, score_json, score_schema, share_json, share_schema, tools_json, tools_schema},
    scoring::SkillMean,
};

pub(super) async fn show(State(overview): State<Overview>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let asked = asked(&visitor.caller, &query.read(&SPEC)?, overview.records.today())?;
    let dashboard = overview.dashboards.show(&visitor.caller, &asked).await?;
    json_data(&to_json(&asked, &dashboard))
}

fn to_json(asked: &Asked, all: &Dashboard) -> Json {
    let skill = |mean: &SkillMean| {
        let found = all.catalogue.skill(mean.skill);
        json!({
            "id": mean.skill,
            "name": found.map(|(_, item)| &item.name),
            "category": found.map(|(group, _)| &group.name),
            "average_rating": score_json(Some(mean.mean)),
            "people": mean.people,
        })
    };
    json!({
        "as_of": all.today,
        "range": { "name": asked.period.range.as_str(), "from": asked.period.from, "to": asked.period.to },
        "people": all.members.len(),
        "average_rating": score_json(all.average),
        "self_average_rating": score_json(all.self_average),
        "coverage": share_json(all.coverage),
        "tools": tools_json(all.tools),
        "categories": categories_json(all),
        "tool_categories": tool_categories_json(all),
        "top_skills": all.top.iter().map(skill).collect::<Vec<_>>(),
        "weak_skills": all.weak.iter().map(skill).collect::<Vec<_>>(),
        "tiers": all.tiers.iter().map(|tier| json!({ "id": tier.id, "name": tier.name, "people": tier.people })).collect::<Vec<_>>(),
        "trend": trend_json(all),
        "evaluations": {
            "total": all.evaluations.total(),
            "by_managers": all.evaluations.by_managers,
            "by_themselves": all.evaluations.by_themselves,
        },
        "recent_evaluations": recent_json(all),
        "due_evaluations": due_json(all),
        "waiting": { "drafts": all.waiting.drafts, "reviews": all.waiting.reviews },
    })
}

fn categories_json(all: &Dashboard) -> Vec<Json> {
    let groups = all.categories.iter().zip(all.catalogue.skills());
    let category = groups.map(|(score, group)| {
        json!({
            "id": group.id,
            "name": group.name,
            "average_rating": score_json(score.mean),
            "manager_average_rating": score_json(score.manager_mean),
            "self_average_rating": score_json(score.self_mean),
            "self_difference": difference_json(score.difference),
            "people": score.people,
            "coverage": share_json(score.coverage()),
        })
    });
    category.collect()
}

fn tool_categories_json(all: &Dashboard) -> Vec<Json> {
    let groups = all.tool_categories.iter().zip(all.catalogue.tools());
    groups
        .map(|(score, group)| {
            let mut category = tools_json(score.figures);
            category["id"] = json!(group.id);
            category["name"] = json!(group.name);
            category
        })
        .collect()
}

fn trend_json(all: &Dashboard) -> Vec<Json> {
    let quarters = all.trend.iter().map(|figures| {
        json!({
            "quarter": figures.quarter.to_string(),
            "average_rating": score_json(figures.mean),
            "self_average_rating": score_json(figures.self_mean),
            "people": figures.people,
            "ratings": figures.ratings,
            "self_ratings": figures.self_ratings,
        })
    });
    quarters.collect()
}

fn recent_json(all: &Dashboard) -> Vec<Json> {
    let recent = all.recent.iter().map(|one| {
        json!({
            "id": one.id,
            "employee_id": one.employee,
            "employee": one.employee_name,
            "evaluator": one.evaluator_name,
            "kind": one.kind.as_str(),
            "state": one.state.as_str(),
            "evaluated_on": one.evaluated_on,
        })
    });
    recent.collect()
}

fn due_json(all: &Dashboard) -> Vec<Json> {
    let due = all.due.iter().map(|due| {
        json!({
            "employee_id": due.employee,
            "employee": due.name,
            "kind": due.kind.as_str(),
            "last": due.last,
            "due_on": due.due_on,
            "is_overdue": due.is_overdue(all.today),
        })
    });
    due.collect()
}

pub(super) fn calls() -> Calls {
    let id = || json!({ "anyOf": [{ "type": "string", "format": "uuid" }, { "type": "string", "maxLength": 0 }] });
    let day = || json!({ "anyOf": [{ "type": "string", "format": "date" }, { "type": "string", "maxLength": 0 }] });
    let ranges: Vec<&str> = Range::ALL.iter().map(|range| range.as_str()).collect();
    let call = Call::reading("/api/v1/dashboard", "read_dashboard", "Figures", schema())
        .summary("The figures of the overview, of everybody whom you see")
        .query(
            "range",
            "From when to when, for the trend and the evaluations.",
            json!({ "type": "string", "enum": ranges, "default": "year" }),
        )
        .query("from", "From this day on, instead of a range.", day())
        .query("to", "Up to this day, instead of a range.", day())
        .query("category", "Only this category of skills.", id())
        .query(
            "people",
            "Only your own people, or all whom you see.",
            json!({ "type": "string", "enum": ["own", "all"] }),
        )
        .query("team", "Only this team.", id())
        .query("tier", "Only this tier.", id())
        .query("employee", "Only this employee.", id());
    Calls::new()
        .tag("Figures", "What the ratings come to. One definition, the same on pages and in reports.")
        .call(call)
}

fn schema() -> Json {
    let text = || json!({ "type": "string" });
    let count = || json!({ "type": "integer", "minimum": 0 });
    let id = || json!({ "type": "string", "format": "uuid" });
    let day = || json!({ "type": ["string", "null"], "format": "date" });
    let list = |item: Json| json!({ "type": "array", "items": item });
    let object = |properties: Json| {
        let required: Vec<String> = properties.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    };
    let skill = object(json!({
        "id": id(), "name": text(), "category": text(), "average_rating": score_schema(), "people": count(),
    }));
    let category = object(json!({
        "id": id(), "name": text(), "average_rating": score_schema(), "manager_average_rating": score_schema(),
        "self_average_rating": score_schema(), "self_difference": { "type": ["number", "null"] },
        "people": count(), "coverage": share_schema(),
    }));
    let mut tool_category = tools_schema()["properties"].clone();
    tool_category["id"] = id();
    tool_category["name"] = text();
    object(json!({
        "as_of": { "type": "string", "format": "date" },
        "range": object(json!({ "name": text(), "from": day(), "to": day() })),
        "people": count(),
        "average_rating": score_schema(),
        "self_average_rating": score_schema(),
        "coverage": share_schema(),
        "tools": tools_schema(),
        "categories": list(category),
        "tool_categories": list(object(tool_category)),
        "top_skills": list(skill.clone()),
        "weak_skills": list(skill),
        "tiers": list(object(json!({ "id": id(), "name": text(), "people": count() }))),
        "trend": list(object(json!({
            "quarter": text(), "average_rating": score_schema(), "self_average_rating": score_schema(),
            "people": count(), "ratings": count(), "self_ratings": count(),
        }))),
        "evaluations": object(json!({ "total": count(), "by_managers": count(), "by_themselves": count() })),
        "recent_evaluations": list(object(json!({
            "id": id(), "employee_id": id(), "employee": text(), "evaluator": text(), "kind": text(), "state": text(),
            "evaluated_on": { "type": "string", "format": "date" },
        }))),
        "due_evaluations": list(object(json!({
            "employee_id": id(), "employee": text(), "kind": text(), "last": day(), "due_on": day(),
            "is_overdue": { "type": "boolean" },
        }))),
        "waiting": object(json!({ "drafts": count(), "reviews": count() })),
    }))
}
