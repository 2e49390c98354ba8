//! How far somebody is from the next tier: the checklist, as a page and as JSON.

use askama::Template;
use axum::extract::{Query, State, rejection::QueryRejection};
use palisade_base::{Error, Permission, RecordId, Scope};
use palisade_records::{Records, api, parse_id};
use palisade_web::{
    Access, Failure, Html, Icon, Outcome, PathId, Routes, Visitor,
    component::{Badge, ButtonLink, Cell, Choice, Disclosure, EmptyState, Field, Head, Row, Table},
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::development::GoalLinks;
use super::profile::{self, Tab};
use crate::{
    development::About,
    standing::READ_STANDING,
    tiers::{CategoryEvidence, Check, Evidence, Readiness, Tier, Tiers},
    types::EMPLOYEE,
};

pub(super) const PAGE: &str = "/employees/{id}/readiness";
const CALL: &str = "/api/v1/employees/{id}/readiness";

/// What readiness is shown from.
#[derive(Clone)]
pub(super) struct ReadinessState {
    pub(super) records: Records,
    pub(super) tiers: Tiers,
}

/// The routes.
pub(super) fn routes(state: ReadinessState) -> Routes {
    let read = || Access::Permission(Permission::new(READ_STANDING), Scope::Own);
    Routes::new(state).get(PAGE, read(), show).get(CALL, read(), call).finish()
}

/// The tier that is asked about; the next, where none is.
#[derive(Deserialize)]
pub(super) struct Asked {
    tier: Option<String>,
}

impl Asked {
    fn tier(&self) -> Result<Option<RecordId>, Error> {
        let given = self.tier.as_deref().filter(|tier| !tier.is_empty());
        given.map(|tier| parse_id(tier).ok_or_else(|| Error::field("tier", "Choose a tier from the list."))).transpose()
    }
}

type AskedQuery = Result<Query<Asked>, QueryRejection>;

pub(super) fn asked_tier(asked: AskedQuery) -> Result<Option<RecordId>, Error> {
    asked.map_err(|error| Error::field("tier", "Name one tier.").caused_by(error))?.0.tier()
}

/// The readiness that was asked for. Who shows it leaves the trace.
async fn found(
    state: &ReadinessState,
    visitor: &Visitor,
    employee: RecordId,
    asked: AskedQuery,
) -> Result<Readiness, Error> {
    match asked_tier(asked)? {
        Some(tier) => state.tiers.readiness_for(&visitor.caller, employee, tier).await,
        None => state.tiers.readiness(&visitor.caller, employee).await,
    }
}

async fn show(
    State(state): State<ReadinessState>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    asked: AskedQuery,
) -> Outcome {
    let readiness = found(&state, &visitor, id, asked).await?;
    let tiers = state.tiers.list(&visitor.caller).await?;
    let own = format!("/employees/{id}");
    let (_, page) = profile::open(&state.records, &visitor, id, Tab::Readiness).await?;
    let mut page = page.lead(readiness.answer());
    if state.tiers.may_promote(&visitor.caller, id).await? {
        let to = readiness.next.as_ref().map(|tier| format!("?tier={}", tier.id)).unwrap_or_default();
        page = page.action(ButtonLink::second("Change tier", format!("{own}/promote{to}")).icon(Icon::Tier));
    }
    let links = GoalLinks::new(&state.records, &visitor.caller, (id, state.records.today())).await?;
    page.body_html(&body(&readiness, Some((&tiers, &format!("{own}/readiness"))), links.as_ref())?)
}

#[derive(Template)]
#[template(path = "readiness.html")]
struct Body<'a> {
    choose: Option<(String, Field)>,
    none: EmptyState,
    rules: Vec<RuleView<'a>>,
}

struct RuleView<'a> {
    check: &'a Check,
    badge: Badge,
    nearest: Option<Table>,
    counting: Option<Disclosure>,
}

/// The checklist, for a page or a tab of one; with the tiers to choose from, and the address that the choice goes to.
pub(super) fn body(
    readiness: &Readiness,
    choose: Option<(&[Tier], &str)>,
    links: Option<&GoalLinks>,
) -> Result<Html, Failure> {
    let rules = readiness.checks.iter().map(|check| rule_view(check, links)).collect();
    let none = match &readiness.next {
        Some(next) => EmptyState::new(
            format!("{} asks for nothing yet", next.name),
            "An administrator adds what it asks for under “Tier rules”.",
        ),
        None => EmptyState::new("No tier above this one", "Choose a tier to hold them against."),
    };
    let choose = choose.map(|(tiers, path)| (path.to_owned(), chooser(readiness, tiers)));
    Html::of(&Body { choose, none, rules })
}

/// The choice of the tier that they are held against.
fn chooser(readiness: &Readiness, tiers: &[Tier]) -> Field {
    let next = readiness.next.as_ref().map(|tier| tier.id.to_string()).unwrap_or_default();
    let choices = tiers.iter().map(|tier| Choice::new(tier.id.to_string(), tier.name.clone()));
    Field::select("tier", "Held against", choices).value(next)
}

fn rule_view<'a>(check: &'a Check, links: Option<&GoalLinks>) -> RuleView<'a> {
    let badge = if check.is_met { Badge::ok("Met") } else { Badge::warn("Short") };
    let (mut nearest, mut counting) = (None, None);
    if let Evidence::Categories { counting: counts, nearest: near } = &check.evidence {
        nearest = (!near.is_empty()).then(|| table("Nearest", near, links));
        counting = (!counts.is_empty()).then(|| {
            let noun = if counts.len() == 1 {
                "1 category counts".to_owned()
            } else {
                format!("{} categories count", counts.len())
            };
            Disclosure::new(noun, Html::from_component(&table("What counts", counts, None)))
        });
    }
    RuleView { check, badge, nearest, counting }
}

fn table(caption: &str, categories: &[CategoryEvidence], links: Option<&GoalLinks>) -> Table {
    let with_lacks = categories.iter().any(|category| !category.lacks.is_empty());
    let mut heads = vec![Head::new("Category"), Head::new("Mean").number(), Head::new("Rated").number()];
    if with_lacks {
        heads.push(Head::new("Missing"));
    }
    heads.extend(links.map(|_| Head::new("Goal").hidden()));
    let row = |category: &CategoryEvidence| {
        let mean = category.mean.map_or_else(Cell::none, |mean| Cell::number(mean.two_decimals()));
        let rated = Cell::number(format!("{} of {}", category.coverage.part, category.coverage.whole));
        let mut cells = vec![Cell::text(&category.name), mean, rated];
        if with_lacks {
            cells.push(Cell::text(category.lacks.join(", ")));
        }
        cells.extend(links.map(|links| goal_cell(links, category)));
        Row::new(cells)
    };
    Table::new(caption, heads).rows(categories.iter().map(row))
}

/// The way from what a category lacks to a goal; where its mean is high enough, something else is lacking.
fn goal_cell(links: &GoalLinks, category: &CategoryEvidence) -> Cell {
    if category.mean.is_some_and(|mean| mean >= category.wanted) {
        return Cell::text("");
    }
    links.cell(About::Category(category.category), category.wanted, &category.name)
}

async fn call(
    State(state): State<ReadinessState>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    asked: AskedQuery,
) -> Outcome {
    let readiness = found(&state, &visitor, id, asked).await?;
    state.records.view(&visitor.caller, &EMPLOYEE, id).await?;
    palisade_web::json_data(&to_json(&readiness))
}

fn to_json(readiness: &Readiness) -> Json {
    json!({
        "employee": { "id": readiness.employee.to_string(), "name": readiness.name },
        "tier": tier_json(&readiness.tier),
        "next_tier": readiness.next.as_ref().map(tier_json),
        "is_ready": readiness.is_ready(),
        "rules_met": readiness.met(),
        "rules": readiness.checks.iter().map(check_json).collect::<Vec<_>>(),
    })
}

fn tier_json(tier: &Tier) -> Json {
    json!({ "id": tier.id.to_string(), "number": tier.number, "name": tier.name })
}

fn check_json(check: &Check) -> Json {
    let mut json = json!({
        "id": check.rule.to_string(),
        "asks": check.words,
        "is_met": check.is_met,
        "finding": check.finding,
    });
    match &check.evidence {
        Evidence::Categories { counting, nearest } => {
            json["counting"] = counting.iter().map(category_json).collect();
            json["nearest"] = nearest.iter().map(category_json).collect();
        }
        Evidence::Share(share) => json["share"] = json!({ "part": share.part, "whole": share.whole }),
        Evidence::Flag => {}
    }
    json
}

fn category_json(category: &CategoryEvidence) -> Json {
    json!({
        "id": category.category.to_string(),
        "name": category.name,
        "mean": category.mean.map(|mean| mean.to_f64()),
        "rated": category.coverage.part,
        "total": category.coverage.whole,
        "lacks": category.lacks,
    })
}

/// The call, as the API's description tells it.
pub(super) fn calls() -> api::Calls {
    let tier = json!({
        "type": "object",
        "properties": { "id": { "type": "string", "format": "uuid" }, "number": { "type": "integer" }, "name": { "type": "string" } },
        "required": ["id", "number", "name"],
    });
    let category = json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "format": "uuid" },
            "name": { "type": "string" },
            "mean": { "type": ["number", "null"] },
            "rated": { "type": "integer" },
            "total": { "type": "integer" },
            "lacks": { "type": "array", "items": { "type": "string" } },
        },
        "required": ["id", "name", "mean", "rated", "total", "lacks"],
    });
    let rule = json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "format": "uuid" },
            "asks": { "type": "string" },
            "is_met": { "type": "boolean" },
            "finding": { "type": "string" },
            "counting": { "type": "array", "items": category.clone() },
            "nearest": { "type": "array", "items": category },
            "share": {
                "type": "object",
                "properties": { "part": { "type": "integer" }, "whole": { "type": "integer" } },
                "required": ["part", "whole"],
            },
        },
        "required": ["id", "asks", "is_met", "finding"],
    });
    let readiness = json!({
        "type": "object",
        "properties": {
            "employee": {
                "type": "object",
                "properties": { "id": { "type": "string", "format": "uuid" }, "name": { "type": "string" } },
                "required": ["id", "name"],
            },
            "tier": tier.clone(),
            "next_tier": { "anyOf": [tier, { "type": "null" }] },
            "is_ready": { "type": "boolean" },
            "rules_met": { "type": "integer" },
            "rules": { "type": "array", "items": rule },
        },
        "required": ["employee", "tier", "next_tier", "is_ready", "rules_met", "rules"],
    });
    let call = api::Call::reading(CALL, "readiness_employee", EMPLOYEE.plural, readiness)
        .summary("How far an employee is from the next tier, rule by rule")
        .query("tier", "Another tier to hold them against.", json!({ "type": "string" }));
    api::Calls::new().call(call)
}
