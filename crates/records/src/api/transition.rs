//! Moving records to another state: `POST /api/v1/<path>/{id}/<transition>`.

use axum::{
    extract::{FromRequest as _, Request, State},
    response::IntoResponse as _,
};
use http::{StatusCode, header};
use palisade_base::Permission;
use palisade_base::Scope;
use palisade_web::{Access, Failure, JsonBody, Outcome, Routes, Visitor};

use super::{Api, Body, Id, asked_version, body::Version, require_key, tagged, whole_json};
use crate::{Transition, query::fixed};

/// The calls of one type, and one of its transitions.
#[derive(Clone)]
struct Move {
    api: Api,
    transition: &'static Transition,
}

pub(super) fn routes(api: &Api) -> Routes {
    api.ty.transitions().iter().fold(Routes::new(()), |routes, transition| {
        let path = fixed(format!("/api/v1/{}/{{id}}/{}", api.ty.path, transition.name));
        let access = Access::Permission(Permission::new(transition.verb.permission), Scope::Own);
        routes.merge(Routes::new(Move { api: api.clone(), transition }).post(path, access, go).finish())
    })
}

async fn go(State(at): State<Move>, visitor: Visitor, id: Id, request: Request) -> Outcome {
    require_key(&visitor)?;
    let headers = request.headers().clone();
    let (draft, named) = read_body(request).await?.into_draft();
    let version = asked_version(&headers, named)?;
    let (records, ty) = (&at.api.records, at.api.ty);
    let of = (id.0.0, version.map(|version| version.number));
    let done = records.transition(&visitor.caller, ty, at.transition.name, of, &draft).await;
    let version = version.unwrap_or(Version::unconditional(0));
    match done.map_err(|error| version.failure(error))? {
        Some(record) => tagged(palisade_web::json_data(&whole_json(records, &record).await?)?, &record),
        // It has gone out of the caller's sight: what was given back is its author's.
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// The body; none at all is one without members: most transitions ask for nothing.
async fn read_body(request: Request) -> Result<Body, Failure> {
    let length = request.headers().get(header::CONTENT_LENGTH).map(|length| length.as_bytes() == b"0");
    let says_nothing = length.unwrap_or(!request.headers().contains_key(header::TRANSFER_ENCODING));
    if says_nothing && !request.headers().contains_key(header::CONTENT_TYPE) {
        return Ok(Body::empty());
    }
    let JsonBody(body) = JsonBody::<Body>::from_request(request, &()).await?;
    Ok(body)
}
