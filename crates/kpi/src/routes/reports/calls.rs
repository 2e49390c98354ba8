//! The reports as the API's description tells them.

use palisade_records::api::{Call, Calls};
use serde_json::{Value as Json, json};

use crate::reports::{Kind, MOST_PICKED};

const TAG: &str = "reports";
const SCHEMA: &str = "Report";

/// The calls of the reports.
pub(in crate::routes) fn calls() -> Calls {
    let calls = Calls::new().tag(TAG, "The four reports, as the pages show them.").schema(SCHEMA, schema());
    Kind::ALL.into_iter().map(call).fold(calls, Calls::call)
}

fn call(kind: Kind) -> Call {
    let (path, id, summary) = match kind {
        Kind::Employee => ("/api/v1/reports/employee", "report_employee", "How one employee does"),
        Kind::Team => ("/api/v1/reports/team", "report_team", "How a team does"),
        Kind::Skills => ("/api/v1/reports/skills", "report_skills", "Which skills a group has, and its gaps"),
        Kind::Tools => ("/api/v1/reports/tools", "report_tools", "Which tools people can operate and carry"),
    };
    let reading = Call::reading(path, id, TAG, json!({ "$ref": "#/components/schemas/Report" })).summary(summary);
    let call = kind.parameters().iter().fold(reading, |call, name| match *name {
        "employee" => call.query(name, "Whose report it is; without it, the caller's own", uuid()),
        "team" => call.query(
            name,
            "`own` for the caller's people, `all` for everybody in reach, `picked` for those named by `employees`, or a team",
            json!({ "anyOf": [{ "enum": ["own", "all", "picked"] }, uuid()] }),
        ),
        "employees" => call.query(
            name,
            "Picked employees: the parameter is given once for each. Looked at where `team` is `picked` or not given",
            json!({ "type": "array", "items": uuid(), "maxItems": MOST_PICKED }),
        ),
        "tier" => call.query(name, "People on this tier", uuid()),
        name => call.query(name, "One category, of what the report is about", uuid()),
    });
    call.query("from", "The first day; without it, twelve months before the last", day()).query(
        "to",
        "The last day; without it, today",
        day(),
    )
}

fn uuid() -> Json {
    json!({ "type": "string", "format": "uuid" })
}

fn day() -> Json {
    json!({ "type": "string", "format": "date" })
}

fn schema() -> Json {
    let text = json!({ "type": "string" });
    let section = json!({
        "type": "object",
        "properties": {
            "table": text, "title": text, "note": text,
            "columns": { "type": "array", "items": text },
            "rows": { "type": "array", "items": {
                "type": "object",
                "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
            } },
        },
        "required": ["table", "title", "note", "columns", "rows"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": {
            "report": { "enum": Kind::ALL.map(Kind::name) },
            "title": text, "summary": text,
            "asked": { "type": "object", "additionalProperties": text },
            "generated_at": { "type": "string", "format": "date-time" },
            "generated_by": text,
            "nothing": { "type": ["string", "null"] },
            "sections": { "type": "array", "items": section },
        },
        "required": ["report", "title", "summary", "asked", "generated_at", "generated_by", "nothing", "sections"],
        "additionalProperties": false,
    })
}
