//! Calls that an app has besides those of its record types, described for the same document.

use http::Method;
use serde_json::{Map, Value as Json, json};

use super::openapi;

/// One call, as the API's description tells it.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    parameters: Vec<Json>,
    body: Option<Json>,
    answer: (&'static str, Json),
    failures: &'static [&'static str],
    is_paged: bool,
}

impl Call {
    /// A call that reads: it answers 200 with data of this schema, in the envelope, or 404 where a record that the path
    /// or a parameter names is not there to be seen.
    #[must_use]
    pub fn reading(path: &'static str, id: &'static str, tag: &'static str, data: Json) -> Self {
        let parameters =
            if path.contains("{id}") { vec![json!({ "$ref": "#/components/parameters/id" })] } else { Vec::new() };
        Self {
            method: Method::GET,
            path,
            id,
            tag,
            summary: "",
            parameters,
            body: None,
            answer: ("200", data),
            failures: &["404"],
            is_paged: false,
        }
    }

    /// A call that changes: it takes a body of this schema, and answers so. Besides the failures that every call can
    /// have, it can be refused for being out of date, too large or of another type.
    #[must_use]
    pub fn changing(
        (method, path): (Method, &'static str),
        id: &'static str,
        tag: &'static str,
        body: Option<Json>,
        answer: (&'static str, Json),
    ) -> Self {
        let read = Self::reading(path, id, tag, Json::Null);
        let failures = &["404", "409", "412", "413", "415"];
        Self { method, body, answer, failures, ..read }
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// A parameter of its address; it may be left out.
    #[must_use]
    pub fn query(mut self, name: &str, description: &str, schema: Json) -> Self {
        self.parameters.push(openapi::query_parameter(name, description, &schema));
        self
    }

    /// Its data are the rows of a page of a list.
    #[must_use]
    pub const fn paged(mut self) -> Self {
        self.is_paged = true;
        self
    }
}

/// The calls and schemas of an app.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    calls: Vec<Call>,
    schemas: Vec<(&'static str, Json)>,
    tags: Vec<(&'static str, &'static str)>,
}

impl Calls {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call.
    #[must_use]
    pub fn call(mut self, call: Call) -> Self {
        self.calls.push(call);
        self
    }

    /// Adds a schema, to be referred to by its name.
    #[must_use]
    pub fn schema(mut self, name: &'static str, schema: Json) -> Self {
        self.schemas.push((name, schema));
        self
    }

    /// Adds a group of calls that is not a record type, with what it is about.
    #[must_use]
    pub fn tag(mut self, name: &'static str, about: &'static str) -> Self {
        self.tags.push((name, about));
        self
    }

    /// Adds everything of another set.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.calls.extend(other.calls);
        self.schemas.extend(other.schemas);
        self.tags.extend(other.tags);
        self
    }

    pub(super) fn add_paths(&self, paths: &mut Map<String, Json>) {
        for call in &self.calls {
            let item = paths.entry(call.path).or_insert_with(|| json!({}));
            item[call.method.as_str().to_lowercase()] = operation(call);
        }
    }

    pub(super) fn add_schemas(&self, schemas: &mut Map<String, Json>) {
        schemas.extend(self.schemas.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
    }

    pub(super) fn tags(&self) -> impl Iterator<Item = Json> {
        self.tags.iter().map(|(name, about)| json!({ "name": name, "description": about }))
    }
}

fn operation(call: &Call) -> Json {
    let (status, data) = &call.answer;
    let answer = openapi::data_answer(data, call.is_paged);
    let mut operation = json!({
        "operationId": call.id,
        "summary": call.summary,
        "tags": [call.tag],
        "parameters": call.parameters,
        "responses": openapi::answers(&[(status, answer)], call.failures),
    });
    if call.method == Method::GET {
        operation["security"] = openapi::reading();
    }
    if let Some(body) = &call.body {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": body } } });
    }
    operation
}
