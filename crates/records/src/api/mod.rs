//! The part of the API that a declaration gives: `/api/v1/<path>`.
//!
//! Reading takes a session or an API key. Changing takes an API key: a program's call carries no form token, so a
//! cookie, which a browser sends by itself, is not enough. Pages change through their forms.

mod body;
mod calls;
mod openapi;
mod transition;

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use palisade_base::{Error, Kind, Permission, RecordId, Scope};
use palisade_web::{Access, Failure, JsonBody, ListQueryParts, ListSpec, Outcome, PathId, Routes, Visitor};
use serde_json::{Map, Value as Json};

use crate::{
    Child, ChildRow, Draft, Kind as FieldKind, Record, RecordType, Records, Verb,
    query::{fixed, list_request, list_spec},
};

pub use calls::{Call, Calls};

use body::{Body, asked_version};

/// Rows on a page of the API where nothing else is asked for.
const PER_PAGE: u64 = 20;

#[derive(Clone)]
struct Api {
    records: Records,
    ty: &'static RecordType,
    spec: ListSpec,
}

/// The routes of these types, and the description of them and of the app's other calls at `/api/v1/openapi.json`.
pub fn routes(records: &Records, types: &[&'static RecordType], calls: &Calls) -> Routes {
    let description = Arc::new(openapi::describe(types, calls));
    let all = Routes::new(description).get("/api/v1/openapi.json", Access::Public, describe).finish();
    types.iter().fold(all, |all, ty| all.merge(type_routes(records, ty)))
}

fn type_routes(records: &Records, ty: &'static RecordType) -> Routes {
    let api = Api { records: records.clone(), ty, spec: list_spec(ty, PER_PAGE) };
    let list = fixed(format!("/api/v1/{}", ty.path));
    let one = fixed(format!("/api/v1/{}/{{id}}", ty.path));
    let restored = fixed(format!("/api/v1/{}/{{id}}/restore", ty.path));
    let needs = |verb: Verb| Access::Permission(Permission::new(verb.permission), Scope::Own);
    let transitions = transition::routes(&api);
    let reading = Routes::new(api.clone())
        .get(list, needs(ty.verbs.read), list_records)
        .get(one, needs(ty.verbs.read), read)
        .finish();
    if !ty.is_kept_by_hand() {
        return reading;
    }
    // A record with rows of its own is made by a call of its app's, which knows what they mean.
    let made = match ty.has_rows() {
        true => Routes::new(()),
        false => Routes::new(api.clone())
            .post(list, needs(ty.verbs.create), create)
            .post(restored, needs(ty.verbs.restore), restore)
            .finish(),
    };
    Routes::new(api)
        .put(one, needs(ty.verbs.update), replace)
        .patch(one, needs(ty.verbs.update), change)
        .delete(one, needs(ty.verbs.archive), archive)
        .finish()
        .merge(made)
        .merge(reading)
        .merge(transitions)
}

async fn describe(State(description): State<Arc<Json>>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    (headers, description.to_string()).into_response()
}

async fn list_records(State(api): State<Api>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&api.spec)?;
    let request = list_request(api.ty, &query)?;
    let page = api.records.view_list(&visitor.caller, api.ty, &request).await?;
    let rows: Vec<Json> = page.records.iter().map(to_json).collect();
    palisade_web::json_page(&rows, query.metadata(page.total))
}

async fn read(State(api): State<Api>, visitor: Visitor, id: Id, headers: HeaderMap) -> Outcome {
    let record = api.records.view(&visitor.caller, api.ty, id.0.0).await?;
    let tag = entity_tag(&record);
    // Rows change without a new version of their record.
    if !api.ty.has_rows() && headers.get_all(header::IF_NONE_MATCH).iter().any(|known| known == tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    tagged(palisade_web::json_data(&whole_json(&api.records, &record).await?)?, &record)
}

async fn create(State(api): State<Api>, visitor: Visitor, JsonBody(body): JsonBody<Body>) -> Outcome {
    require_key(&visitor)?;
    let (draft, version) = body.into_draft();
    if version.is_some() {
        return Err(Error::field("version", "A new record has no version yet. Leave this out.").into());
    }
    let record = api.records.create(&visitor.caller, api.ty, &draft).await?;
    let location = format!("/api/v1/{}/{}", api.ty.path, record.id);
    let mut response = answer(StatusCode::CREATED, &record)?;
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn replace(
    api: State<Api>,
    visitor: Visitor,
    id: Id,
    headers: HeaderMap,
    JsonBody(body): JsonBody<Body>,
) -> Outcome {
    write(api, visitor, id, &headers, body, Draft::whole).await
}

async fn change(
    api: State<Api>,
    visitor: Visitor,
    id: Id,
    headers: HeaderMap,
    JsonBody(body): JsonBody<Body>,
) -> Outcome {
    write(api, visitor, id, &headers, body, |draft| draft).await
}

async fn write(
    State(api): State<Api>,
    visitor: Visitor,
    id: Id,
    headers: &HeaderMap,
    body: Body,
    shape: impl FnOnce(Draft) -> Draft,
) -> Outcome {
    require_key(&visitor)?;
    let (draft, named) = body.into_draft();
    let version = asked_version(headers, named)?.ok_or_else(|| {
        Error::field("version", "Name the version that you have seen: here, or as If-Match with the ETag.")
    })?;
    let written = api.records.update(&visitor.caller, api.ty, (id.0.0, version.number), &shape(draft)).await;
    answer(StatusCode::OK, &written.map_err(|error| version.failure(error))?)
}

async fn archive(State(api): State<Api>, visitor: Visitor, id: Id, headers: HeaderMap) -> Outcome {
    require_key(&visitor)?;
    let version = match asked_version(&headers, None)? {
        Some(version) => version,
        None => body::Version::unconditional(api.records.get(&visitor.caller, api.ty, id.0.0).await?.version),
    };
    let done = api.records.archive(&visitor.caller, api.ty, (id.0.0, version.number)).await;
    done.map_err(|error| version.failure(error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn restore(State(api): State<Api>, visitor: Visitor, id: Id, headers: HeaderMap) -> Outcome {
    require_key(&visitor)?;
    let version = match asked_version(&headers, None)? {
        Some(version) => version,
        None => body::Version::unconditional(api.records.get(&visitor.caller, api.ty, id.0.0).await?.version),
    };
    let done = api.records.restore(&visitor.caller, api.ty, (id.0.0, version.number)).await;
    answer(StatusCode::OK, &done.map_err(|error| version.failure(error))?)
}

type Id = PathId<CanonicalId>;

/// An id in its one spelling.
#[derive(Clone, Copy, Debug)]
struct CanonicalId(RecordId);

/// Changes take a key: a cookie is sent by browsers on their own.
///
/// # Errors
/// `Denied` where the visitor came with a session.
pub fn require_key(visitor: &Visitor) -> Result<(), Failure> {
    if visitor.is_api_client() {
        return Ok(());
    }
    let message =
        "Changes through the API take an API key in the X-API-Key header; a session changes records on their pages.";
    Err(Error::new(Kind::Denied, message).into())
}

/// The version of a record, as HTTP has it.
fn entity_tag(record: &Record) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{}\"", record.version)).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

fn answer(status: StatusCode, record: &Record) -> Outcome {
    let response = match status {
        StatusCode::CREATED => palisade_web::json_created(&to_json(record))?,
        _ => palisade_web::json_data(&to_json(record))?,
    };
    tagged(response, record)
}

/// An answer about a record, with its version as the ETag.
///
/// # Errors
/// None at the moment.
pub fn tagged(mut response: Response, record: &Record) -> Outcome {
    response.headers_mut().insert(header::ETAG, entity_tag(record));
    Ok(response)
}

/// A record as the API gives it, with its rows.
///
/// # Errors
/// The database can't be used.
pub async fn whole_json(records: &Records, record: &Record) -> Result<Json, Error> {
    let mut json = to_json(record);
    if record.ty.has_rows() {
        let mut conn = records.store().read().await?;
        for child in record.ty.children {
            let rows = records.rows(&mut conn, record, child).await?;
            json[child.name] = rows.iter().filter(|row| !row.is_empty()).map(|row| row_json(child, row)).collect();
        }
    }
    Ok(json)
}

fn row_json(child: &'static Child, row: &ChildRow) -> Json {
    let mut object = Map::from_iter([(child.key.to_owned(), row.key.to_string().into())]);
    for (field, value) in child.fields.iter().zip(&row.values) {
        object.insert(field.name.into(), field.kind.write_json(value));
    }
    Json::Object(object)
}

/// A record as the API gives it, without its rows. Fields that are not the caller's to see are left out.
#[must_use]
pub fn to_json(record: &Record) -> Json {
    let mut object = Map::new();
    object.insert("id".into(), record.id.to_string().into());
    object.insert("version".into(), record.version.into());
    object.insert("title".into(), record.title().into());
    object.insert("is_archived".into(), record.archived_at.is_some().into());
    object.insert("created_at".into(), record.created_at.to_string().into());
    object.insert("updated_at".into(), record.updated_at.to_string().into());
    let mut linked = Map::new();
    for (field, cell) in record.ty.fields.iter().zip(&record.cells).filter(|(_, cell)| cell.is_shown) {
        object.insert(field.name.into(), field.kind.write_json(&cell.value));
        if let FieldKind::Link(_) = field.kind {
            linked.insert(field.name.into(), cell.linked_title.clone().into());
        }
    }
    object.insert("linked_titles".into(), linked.into());
    Json::Object(object)
}
