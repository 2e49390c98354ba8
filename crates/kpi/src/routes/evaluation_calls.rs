//! The calls of the API about evaluations that their declaration does not give: making one with everything in it, correcting
//! one, and those of one employee.

use axum::extract::State;
use axum::response::IntoResponse as _;
use http::{HeaderValue, Method, StatusCode, header};
use palisade_base::{Date, Error, FieldError, Instant, Permission, RecordId, Scope};
use palisade_records::{
    Child, Given, ListRequest, Records,
    api::{self, Call, Calls},
    parse_id, read_rows,
};
use palisade_store::Value;
use palisade_web::{Access, JsonBody, ListQueryParts, ListSpec, Order, Outcome, PathId, Routes, Visitor};
use serde_json::{Map, Value as Json, json};

use crate::{
    evaluation::{EvaluationKind, EvaluationOrigin, Evaluations, Marks, NewDraft},
    types::{AMEND, EMPLOYEE, EVALUATE, EVALUATION, SKILL_MARKS, TOOL_MARKS},
};

const ALL: &str = "/api/v1/evaluations";
const AMENDED: &str = "/api/v1/evaluations/{id}/amend";
const OF_EMPLOYEE: &str = "/api/v1/employees/{id}/evaluations";

const SPEC: ListSpec = ListSpec {
    sorts: &["evaluation_date"],
    default_sort: ("evaluation_date", Order::Descending),
    filters: &["type", "date_from", "date_to"],
    per_page: 20,
};

/// What the calls work with.
#[derive(Clone)]
struct Api {
    records: Records,
    evaluations: Evaluations,
}

/// The routes.
pub(super) fn routes(records: &Records) -> Routes {
    let needs = |permission| Access::Permission(Permission::new(permission), Scope::Own);
    Routes::new(Api { records: records.clone(), evaluations: Evaluations::new(records.clone()) })
        .post(ALL, needs(EVALUATE), create)
        .post(AMENDED, needs(AMEND), amend)
        .get(OF_EMPLOYEE, needs(EVALUATION.verbs.read.permission), list_of_employee)
        .finish()
}

async fn create(State(at): State<Api>, visitor: Visitor, JsonBody(body): JsonBody<Json>) -> Outcome {
    api::require_key(&visitor)?;
    let draft = read_draft(&body, visitor.now)?;
    let id = at.evaluations.create(&visitor.caller, &draft).await?;
    made(&at, &visitor, id).await
}

async fn amend(State(at): State<Api>, visitor: Visitor, PathId(id): PathId<Canonical>) -> Outcome {
    api::require_key(&visitor)?;
    let version = at.records.get(&visitor.caller, &EVALUATION, id.0).await?.version;
    let copy = at.evaluations.amend(&visitor.caller, (id.0, version)).await?;
    match made(&at, &visitor, copy).await {
        // The copy of a self-evaluation lies with its author, which may be out of the sight of who made it.
        Err(failure) if failure.status() == StatusCode::NOT_FOUND => Ok(StatusCode::NO_CONTENT.into_response()),
        answer => answer,
    }
}

/// The answer to who has made an evaluation: as it is, and where.
async fn made(at: &Api, visitor: &Visitor, id: RecordId) -> Outcome {
    let record = at.records.get(&visitor.caller, &EVALUATION, id).await?;
    let mut response = palisade_web::json_created(&api::whole_json(&at.records, &record).await?)?;
    if let Ok(location) = HeaderValue::from_str(&format!("{ALL}/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    api::tagged(response, &record)
}

async fn list_of_employee(
    State(at): State<Api>,
    visitor: Visitor,
    PathId(id): PathId<Canonical>,
    query: ListQueryParts,
) -> Outcome {
    let query = query.read(&SPEC)?;
    let employee = at.records.get(&visitor.caller, &EMPLOYEE, id.0).await?;
    let mut wrong = Vec::new();
    let mut read = |parameter: &'static str, field: &'static str| {
        let text = query.filter(parameter).filter(|text| !text.is_empty())?;
        let read = EVALUATION.field(field)?.read_value(&Given::Text(text.to_owned()));
        read.map_err(|message| wrong.push(FieldError { field: parameter.into(), message })).ok()
    };
    let kind = read("type", "evaluation_type");
    let (from, to) = (read("date_from", "evaluation_date"), read("date_to", "evaluation_date"));
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong).into());
    }
    let place = |name: &str| EVALUATION.position(name).unwrap_or_default();
    let of_employee = (place("employee_id"), Value::from(employee.id));
    let request = ListRequest {
        filters: std::iter::once(of_employee).chain(kind.map(|kind| (place("evaluation_type"), kind))).collect(),
        ranges: vec![(place("evaluation_date"), from, to)],
        sort: EVALUATION.position(query.sort),
        is_descending: query.order == Order::Descending,
        offset: query.offset(),
        limit: query.per_page,
        ..ListRequest::default()
    };
    let page = at.records.view_list(&visitor.caller, &EVALUATION, &request).await?;
    let rows: Vec<Json> = page.records.iter().map(api::to_json).collect();
    palisade_web::json_page(&rows, query.metadata(page.total))
}

/// An id in its one spelling.
#[derive(Clone, Copy, Debug)]
struct Canonical(RecordId);

impl std::str::FromStr for Canonical {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        parse_id(text).map(Self).ok_or(())
    }
}

/// Reads the body of a new evaluation; everything that is wrong is told at once, by its place.
fn read_draft(body: &Json, now: Instant) -> Result<NewDraft, Error> {
    let Json::Object(members) = body else {
        return Err(Error::field("body", "Send an object."));
    };
    let mut wrong = Vec::new();
    refuse_unknown(members, &mut wrong);
    let mut read = |name: &'static str, must: Option<&str>| read_member(members, (name, must), &mut wrong);
    let employee = read("employee_id", Some("Say whom this is about."));
    let day = read("evaluation_date", Some("Say on which day, such as 2026-03-31."));
    let (kind, notes) = (read("evaluation_type", None), read("notes", None));
    let none = Json::Array(Vec::new());
    let mut rows = |child: &'static Child| {
        let given = members.get(child.name).filter(|given| !given.is_null());
        read_rows(child, given.unwrap_or(&none), now, &mut wrong)
    };
    let (skills, tools) = (rows(&SKILL_MARKS), rows(&TOOL_MARKS));
    let text = |value: Option<Value>| match value {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    let day = text(day).and_then(|day| day.parse::<Date>().ok());
    match (employee, day) {
        (Some(Value::Id(employee)), Some(evaluated_on)) if wrong.is_empty() => Ok(NewDraft {
            kind: text(kind).and_then(|word| EvaluationKind::parse(&word)),
            origin: EvaluationOrigin::Api,
            notes: text(notes),
            marks: Marks::from_rows(&skills, &tools),
            ..NewDraft::about(RecordId(employee), evaluated_on)
        }),
        _ => Err(Error::invalid(wrong)),
    }
}

const MEMBERS: [&str; 6] = ["employee_id", "evaluation_date", "evaluation_type", "notes", "skills", "tools"];

fn refuse_unknown(members: &Map<String, Json>, wrong: &mut Vec<FieldError>) {
    for name in members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
        let short: String = name.chars().take(40).collect();
        wrong.push(FieldError { field: short.into(), message: "There is no field of this name.".into() });
    }
}

/// A member by the rules of its field.
fn read_member(
    members: &Map<String, Json>,
    (name, must): (&'static str, Option<&str>),
    wrong: &mut Vec<FieldError>,
) -> Option<Value> {
    let given = Given::Json(members.get(name).cloned().unwrap_or(Json::Null));
    let message = match (EVALUATION.field(name)?.read_value(&given), must) {
        (Ok(value), Some(missing)) if value.is_null() => missing.to_owned(),
        (Ok(value), _) => return Some(value),
        (Err(message), _) => message,
    };
    wrong.push(FieldError { field: name.into(), message });
    None
}

/// These calls as the API's description tells them.
pub(super) fn calls() -> Calls {
    let evaluation = || json!({ "$ref": "#/components/schemas/Evaluation" });
    let tag = EVALUATION.plural;
    let day = json!({ "anyOf": [{ "type": "string", "format": "date" }, { "type": "string", "maxLength": 0 }] });
    let kinds = json!({ "type": "string", "enum": ["self", "manager", ""] });
    let new = json!({ "$ref": "#/components/schemas/EvaluationNew" });
    Calls::new()
        .schema("EvaluationNew", new_schema())
        .call(
            Call::changing((Method::POST, ALL), "create_evaluation", tag, Some(new), ("201", evaluation()))
                .summary("Make a draft with everything in it; hand it in with complete"),
        )
        .call(
            Call::changing((Method::POST, AMENDED), "amend_evaluation", tag, None, ("201", evaluation()))
                .summary("Make a draft that corrects a reviewed evaluation"),
        )
        .call(
            Call::reading(OF_EMPLOYEE, "list_evaluations_of_employee", tag, evaluation())
                .summary("List the evaluations of an employee, newest first")
                .paged()
                .query("type", "Only of this kind.", kinds)
                .query("date_from", "Only of this day or later.", day.clone())
                .query("date_to", "Only of this day or earlier.", day)
                .query("sort", "The field to sort by.", json!({ "type": "string", "enum": SPEC.sorts }))
                .query("order", "The direction.", json!({ "type": "string", "enum": ["asc", "desc"] }))
                .query("page", "The page.", json!({ "type": "integer", "minimum": 1, "maximum": 1_000_000 }))
                .query("per_page", "Rows on a page.", json!({ "type": "integer", "minimum": 1, "maximum": 100 })),
        )
}

fn new_schema() -> Json {
    let id = json!({ "type": "string", "format": "uuid" });
    let notes = |most: usize| json!({ "type": ["string", "null"], "maxLength": most });
    let flag = json!({ "type": ["boolean", "null"] });
    let skill =
        json!({ "skill_id": id, "rating": { "type": "integer", "minimum": 1, "maximum": 5 }, "notes": notes(1_000) });
    let tool = json!({ "tool_id": id, "can_operate": flag, "truck_stock": flag, "notes": notes(1_000) });
    let list = |properties: Json, required: [&str; 2]| {
        let item = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        });
        json!({ "type": "array", "items": item, "maxItems": 2_000 })
    };
    json!({
        "type": "object",
        "properties": {
            "employee_id": id,
            "evaluation_date": { "type": "string", "format": "date" },
            "evaluation_type": { "type": "string", "enum": ["self", "manager"], "description":
                "Follows from who sends it: about oneself it is self, about another manager." },
            "notes": notes(4_000),
            "skills": list(skill, ["skill_id", "rating"]),
            "tools": list(tool, ["tool_id", "can_operate"]),
        },
        "required": ["employee_id", "evaluation_date"],
        "additionalProperties": false,
    })
}
