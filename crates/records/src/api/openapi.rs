//! The description of the API: OpenAPI 3.1, from the declarations.

use serde_json::{Map, Value as Json, json};

use super::Calls;
use crate::{
    Child, Field, Kind, RecordType, Transition,
    query::{ARCHIVED_VALUES, list_spec},
};

/// Describes the routes of these types and the app's other calls: every parameter, body and answer.
pub(super) fn describe(types: &[&'static RecordType], calls: &Calls) -> Json {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    schemas.insert("Error".into(), error_schema());
    schemas.insert("Page".into(), page_schema());
    for ty in types {
        for transition in ty.transitions() {
            let path = format!("/api/v1/{}/{{id}}/{}", ty.path, transition.name);
            paths.insert(path, json!({ "post": step(ty, transition) }));
        }
        let name = schema_name(ty);
        schemas.insert(name.clone(), record_schema(ty));
        paths.insert(format!("/api/v1/{}", ty.path), readable(ty, collection(ty)));
        paths.insert(format!("/api/v1/{}/{{id}}", ty.path), readable(ty, item(ty)));
        if !ty.is_kept_by_hand() {
            continue;
        }
        if !ty.has_rows() {
            paths.insert(format!("/api/v1/{}/{{id}}/restore", ty.path), restore(ty));
            schemas.insert(format!("{name}New"), body_schema(ty, Body::New));
        }
        schemas.insert(format!("{name}Whole"), body_schema(ty, Body::Whole));
        schemas.insert(format!("{name}Change"), body_schema(ty, Body::Change));
    }
    calls.add_paths(&mut paths);
    calls.add_schemas(&mut schemas);
    let tags = types.iter().map(|ty| json!({ "name": ty.plural, "description": ty.about })).chain(calls.tags());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Palisade API",
            "version": "1",
            "description": "Records of the company. Reading takes a session or an API key; changing takes an API key. \
                What you may not see does not exist (404); what you see and may not change is refused (403). A change names \
                the version that it is based on, so nobody's work is lost.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "key": [] }, { "bearer": [] }],
        "tags": tags.collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key that its owner made on the account page." },
                "bearer": { "type": "http", "scheme": "bearer", "description": "The same key as a bearer token." },
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-palisade", "description": "The session of a browser; reading only." },
            },
            "schemas": schemas,
            "parameters": { "id": id_parameter(), "version": version_header() },
            "responses": failures(),
        },
    })
}

/// The calls of a path that there are: nobody writes records that follow from what is done elsewhere.
fn readable(ty: &RecordType, mut calls: Json) -> Json {
    if let (false, Some(calls)) = (ty.is_kept_by_hand(), calls.as_object_mut()) {
        calls.retain(|method, _| method == "get");
    }
    calls
}

/// `skill_category` becomes `SkillCategory`.
fn schema_name(ty: &RecordType) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    };
    ty.name.split('_').map(word).collect()
}

fn collection(ty: &'static RecordType) -> Json {
    let name = schema_name(ty);
    let schema = reference(&name);
    let mut collection = json!({
        "get": operation(ty, "list", format!("List {}", ty.plural.to_lowercase()), json!({
            "security": reading(),
            "parameters": list_parameters(ty),
            "responses": answers(&[("200", page_answer(&schema))], &[]),
        })),
    });
    if !ty.has_rows() {
        let rest = json!({
            "requestBody": request_body(&format!("{name}New")),
            "responses": answers(&[("201", record_answer(&schema, true))], &["409", "413", "415"]),
        });
        collection["post"] = operation(ty, "create", format!("Add {}", ty.one()), rest);
    }
    collection
}

fn item(ty: &'static RecordType) -> Json {
    let name = schema_name(ty);
    let schema = reference(&name);
    let parameters = json!([{ "$ref": "#/components/parameters/id" }, { "$ref": "#/components/parameters/version" }]);
    let written = answers(&[("200", record_answer(&schema, false))], &["404", "409", "412", "413", "415"]);
    json!({
        "get": operation(ty, "read", format!("Read one {}", ty.singular), json!({
            "security": reading(),
            "parameters": [{ "$ref": "#/components/parameters/id" }, if_none_match()],
            "responses": answers(&[
                ("200", record_answer(&schema, false)),
                ("304", json!({ "description": "It is still what you have.", "headers": { "ETag": tag_header() } })),
            ], &["404"]),
        })),
        "put": operation(ty, "replace", format!("Replace the fields of {}: what is left out becomes empty", ty.one()), json!({
            "parameters": parameters,
            "requestBody": request_body(&format!("{name}Whole")),
            "responses": written,
        })),
        "patch": operation(ty, "change", format!("Change some fields of {}", ty.one()), json!({
            "parameters": parameters,
            "requestBody": request_body(&format!("{name}Change")),
            "responses": written,
        })),
        "delete": operation(ty, "archive", format!("Take {} out of use; it can be taken into use again", ty.one()), json!({
            "parameters": parameters,
            "responses": answers(&[("204", json!({ "description": "It is out of use." }))], &["404", "409", "412"]),
        })),
    })
}

fn restore(ty: &'static RecordType) -> Json {
    json!({
        "post": operation(ty, "restore", format!("Take {} into use again", ty.one()), json!({
            "parameters": [{ "$ref": "#/components/parameters/id" }, { "$ref": "#/components/parameters/version" }],
            "responses": answers(&[("200", record_answer(&reference(&schema_name(ty)), false))], &["404", "409", "412"]),
        })),
    })
}

/// Moving a record to another state, with what that asks for.
fn step(ty: &'static RecordType, transition: &Transition) -> Json {
    let mut properties = Map::new();
    for field in transition.asks.iter().filter_map(|name| ty.field(name)) {
        let mut schema = field_schema(field, value_schema(field.kind), false);
        if let Kind::LongText(_) = field.kind {
            // It must say something.
            schema["pattern"] = "[^\\s]".into();
        }
        properties.insert(field.name.into(), schema);
    }
    properties.insert("version".into(), version_schema());
    let required = transition.asks;
    let body =
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    let moved = json!({ "description": "It is done, and the record is not yours to see any more." });
    let own = [("200", record_answer(&reference(&schema_name(ty)), false)), ("204", moved)];
    let verb = transition.name.replace('-', "_");
    operation(
        ty,
        &verb,
        format!("{}: {}", transition.label, transition.about),
        json!({
            "parameters": [{ "$ref": "#/components/parameters/id" }, { "$ref": "#/components/parameters/version" }],
            "requestBody": { "required": !required.is_empty(), "content": { "application/json": { "schema": body } } },
            "responses": answers(&own, &["404", "409", "412", "413", "415"]),
        }),
    )
}

fn version_schema() -> Json {
    json!({ "type": "integer", "minimum": 1, "maximum": i64::MAX, "description": "The version that you have seen; If-Match says the same." })
}

fn operation(ty: &RecordType, verb: &str, summary: String, mut rest: Json) -> Json {
    let mut operation = Map::new();
    operation.insert("operationId".into(), format!("{verb}_{}", ty.name).into());
    operation.insert("summary".into(), summary.into());
    operation.insert("tags".into(), json!([ty.plural]));
    if let Some(rest) = rest.as_object_mut() {
        operation.append(rest);
    }
    Json::Object(operation)
}

pub(super) fn reading() -> Json {
    json!([{ "key": [] }, { "bearer": [] }, { "session": [] }])
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn request_body(schema: &str) -> Json {
    json!({ "required": true, "content": { "application/json": { "schema": reference(schema) } } })
}

/// The answers of an operation: its own, the failures named, and those that every operation can have.
pub(super) fn answers(own: &[(&str, Json)], failures: &[&str]) -> Json {
    let mut answers: Map<String, Json> =
        own.iter().map(|(status, answer)| ((*status).to_owned(), answer.clone())).collect();
    for status in failures.iter().chain(&["400", "401", "403", "422", "429", "500", "503"]) {
        answers.insert((*status).to_owned(), json!({ "$ref": format!("#/components/responses/{status}") }));
    }
    answers.sort_keys();
    Json::Object(answers)
}

fn record_answer(schema: &Json, is_new: bool) -> Json {
    let mut headers = Map::from_iter([("ETag".to_owned(), tag_header())]);
    if is_new {
        let location =
            json!({ "description": "Where the record is.", "required": true, "schema": { "type": "string" } });
        headers.insert("Location".into(), location);
    }
    json!({
        "description": "The record as you see it.",
        "headers": headers,
        "content": { "application/json": { "schema": envelope(schema, None) } },
    })
}

fn page_answer(schema: &Json) -> Json {
    let rows = json!({ "type": "array", "items": schema });
    json!({
        "description": "A page of the list.",
        "content": { "application/json": { "schema": envelope(&rows, Some(reference("Page"))) } },
    })
}

/// Data in the envelope; of a list: its rows on a page.
pub(super) fn data_answer(data: &Json, is_paged: bool) -> Json {
    if is_paged {
        return page_answer(data);
    }
    json!({ "description": "What you asked for.", "content": { "application/json": { "schema": envelope(data, None) } } })
}

fn envelope(data: &Json, metadata: Option<Json>) -> Json {
    let mut properties = json!({ "status": { "const": "success" }, "data": data });
    let mut required = vec!["status", "data"];
    if let Some(metadata) = metadata {
        properties["metadata"] = metadata;
        required.push("metadata");
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn tag_header() -> Json {
    json!({ "description": "The version; send it back as If-Match.", "required": true, "schema": { "type": "string" } })
}

fn id_parameter() -> Json {
    json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } })
}

fn version_header() -> Json {
    json!({
        "name": "If-Match", "in": "header", "required": false,
        "description": "The ETag of the record as you got it. Another version answers 412.",
        "schema": { "type": "string", "pattern": "^\"[1-9][0-9]{0,17}\"$" },
    })
}

fn if_none_match() -> Json {
    json!({
        "name": "If-None-Match", "in": "header", "required": false,
        "description": "The ETag that you have: 304 while it is still that.",
        "schema": { "type": "string" },
    })
}

fn list_parameters(ty: &'static RecordType) -> Json {
    let query = |name: &str, description: &str, schema: Json| query_parameter(name, description, &schema);
    let spec = list_spec(ty, super::PER_PAGE);
    let mut parameters = vec![
        query(
            "q",
            "Words that must all occur.",
            json!({ "type": "string", "maxLength": 200, "pattern": "^[^\\u0000]*$" }),
        ),
        query(
            "archived",
            "Whether records out of use are listed.",
            json!({ "type": "string", "enum": ARCHIVED_VALUES, "default": "false" }),
        ),
        query(
            "sort",
            "The field to sort by.",
            json!({ "type": "string", "enum": spec.sorts, "default": spec.default_sort.0 }),
        ),
        query("order", "The direction.", json!({ "type": "string", "enum": ["asc", "desc"], "default": "asc" })),
        query("page", "The page.", json!({ "type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1 })),
        query(
            "per_page",
            "Rows on a page.",
            json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": super::PER_PAGE }),
        ),
    ];
    for field in ty.fields.iter().filter(|field| field.is_filter) {
        parameters.push(query(
            field.name,
            &format!("Only with this {}.", crate::check::lower_first(field.label)),
            filter_schema(field.kind),
        ));
    }
    Json::Array(parameters)
}

/// A parameter of an address that may be left out.
pub(super) fn query_parameter(name: &str, description: &str, schema: &Json) -> Json {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

/// What a filter may be; an empty one does not filter.
fn filter_schema(kind: Kind) -> Json {
    json!({ "anyOf": [value_schema(kind), { "type": "string", "maxLength": 0 }] })
}

/// A record as it is given out. What is not the caller's to see is left out, so only the fixed members are required.
fn record_schema(ty: &'static RecordType) -> Json {
    let instant = json!({ "type": "string", "format": "date-time" });
    let mut properties = json!({
        "id": { "type": "string", "format": "uuid" },
        "version": { "type": "integer", "minimum": 1, "description": "Goes up with each change." },
        "title": { "type": "string" },
        "is_archived": { "type": "boolean", "description": "Whether it is out of use." },
        "created_at": instant,
        "updated_at": instant,
    });
    for field in ty.fields {
        properties[field.name] = field_schema(field, stored_schema(field.kind), true);
    }
    for child in ty.children {
        properties[child.name] = rows_schema(child);
    }
    properties["linked_titles"] = json!({
        "type": "object",
        "description": "The titles of the records that the fields link to.",
        "additionalProperties": { "type": ["string", "null"] },
    });
    json!({
        "type": "object",
        "description": ty.about,
        "properties": properties,
        "required": ["id", "version", "title", "is_archived", "created_at", "updated_at", "linked_titles"],
        "additionalProperties": false,
    })
}

/// The rows of a record, which come with one record and not with lists.
fn rows_schema(child: &'static Child) -> Json {
    let mut properties = json!({ child.key: { "type": "string", "format": "uuid" } });
    let mut required = vec![child.key];
    for field in child.fields {
        properties[field.name] = field_schema(field, stored_schema(field.kind), true);
        required.push(field.name);
    }
    let row = json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    });
    json!({ "type": "array", "items": row, "description": "Only where one record is asked for." })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    New,
    Whole,
    Change,
}

fn body_schema(ty: &'static RecordType, body: Body) -> Json {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let settable = ty.fields.iter().filter(|field| !field.is_by_program);
    for field in settable.filter(|field| body == Body::New || !field.is_fixed) {
        // Where a base can be linked to instead, its facts are not required of a new record.
        let is_required = field.is_required && !(field.is_shared && body == Body::New);
        properties.insert(field.name.into(), field_schema(field, value_schema(field.kind), !field.is_required));
        if is_required && body != Body::Change {
            required.push(field.name);
        }
    }
    if body != Body::New {
        properties.insert("version".into(), version_schema());
    }
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn field_schema(field: &Field, mut schema: Json, may_be_null: bool) -> Json {
    schema["title"] = field.label.into();
    if !field.hint.is_empty() {
        schema["description"] = field.hint.into();
    }
    if may_be_null {
        if let Some(kind) = schema.get("type").cloned() {
            schema["type"] = json!([kind, "null"]);
        }
        if let Some(options) = schema.get_mut("enum").and_then(Json::as_array_mut) {
            options.push(Json::Null);
        }
    }
    schema
}

/// What may be sent: the rules of the kind, as far as a schema can say them.
fn value_schema(kind: Kind) -> Json {
    // One line: no control characters, and something besides white space.
    let line =
        "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$";
    match kind {
        Kind::Text(max) => json!({ "type": "string", "minLength": 1, "maxLength": max, "pattern": line }),
        Kind::LongText(max) => json!({ "type": "string", "maxLength": max }),
        Kind::Email => json!({ "type": "string", "format": "email", "maxLength": 254 }),
        Kind::Phone => json!({ "type": "string", "minLength": 5, "maxLength": 20, "pattern": "^[0-9 +()./x-]*$" }),
        _ => stored_schema(kind),
    }
}

/// What is given out.
fn stored_schema(kind: Kind) -> Json {
    match kind {
        Kind::Text(_) | Kind::LongText(_) | Kind::Email | Kind::Phone => json!({ "type": "string" }),
        Kind::Int { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        #[expect(clippy::cast_precision_loss, reason = "declared numbers are far below 2^53")]
        Kind::Tenths { min, max } => {
            let (least, most) = (min as f64 / 10.0, max as f64 / 10.0);
            json!({ "type": "number", "minimum": least, "maximum": most })
        }
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Choice(options) => {
            json!({ "type": "string", "enum": options.iter().map(|(stored, _)| *stored).collect::<Vec<_>>() })
        }
        Kind::Link(_) => json!({ "type": "string", "format": "uuid" }),
    }
}

fn page_schema() -> Json {
    let number = json!({ "type": "integer", "minimum": 0 });
    json!({
        "type": "object",
        "properties": { "page": number, "per_page": number, "total": number },
        "required": ["page", "per_page", "total"],
        "additionalProperties": false,
    })
}

fn error_schema() -> Json {
    json!({
        "type": "object",
        "properties": {
            "status": { "const": "error" },
            "error": {
                "type": "object",
                "properties": {
                    "code": { "type": "string" },
                    "message": { "type": "string" },
                    "details": { "type": "array", "items": {
                        "type": "object",
                        "properties": { "field": { "type": "string" }, "message": { "type": "string" } },
                        "required": ["field", "message"],
                        "additionalProperties": false,
                    } },
                    "request_id": { "type": ["string", "null"] },
                },
                "required": ["code", "message"],
            },
        },
        "required": ["status", "error"],
    })
}

fn failures() -> Json {
    let all = [
        ("400", "The request can't be read."),
        ("401", "No key, or one that is not valid."),
        ("403", "You may not do this."),
        ("404", "There is no such record, or it is not yours to see."),
        ("409", "It was changed meanwhile, or something like it exists already."),
        ("412", "If-Match names another version than the record has."),
        ("413", "The body is too large."),
        ("415", "The body is not JSON."),
        ("422", "Something breaks a rule; details names each field."),
        ("429", "Too many requests; Retry-After says when to go on."),
        ("500", "Our fault; nothing was changed. Quote the request's id."),
        ("503", "Not possible at the moment."),
    ];
    let answer = |(status, description): (&str, &str)| {
        let content = json!({ "application/json": { "schema": reference("Error") } });
        (status.to_owned(), json!({ "description": description, "content": content }))
    };
    Json::Object(all.into_iter().map(answer).collect())
}
