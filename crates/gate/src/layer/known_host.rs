//! Refuses what was no HTTP request, and what is for no host of ours. After it the host is known and written in one way.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, Uri, header, uri::PathAndQuery};
use palisade_base::{Error, Kind};
use palisade_web::Failure;

use super::bare_answer;
use crate::{
    path::PathReading,
    pipeline::{self, Next},
    request::{HostFact, LayerFuture, Passage},
    shared::Shared,
    sites::SiteState,
    wire::WireFault,
};

/// What is served, as far as the gate is concerned.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

pub(crate) fn pass(shared: Arc<Shared>, mut passage: Passage, next: Next) -> LayerFuture {
    let refusal = match (passage.facts.fault, &passage.facts.host) {
        (Some(fault), _) => Some(answer_to(fault)),
        (None, HostFact::Unreadable) => {
            Some(bare_answer(StatusCode::BAD_REQUEST, "The request names no host, or more than one."))
        }
        (None, HostFact::Unknown) => {
            Some(bare_answer(StatusCode::MISDIRECTED_REQUEST, "This host is not served here."))
        }
        (None, HostFact::Known(known)) => {
            let (method, path) = (passage.request.method(), &passage.facts.path);
            refuse_method(method).or_else(|| refuse_asterisk(method, path)).or_else(|| refuse_path(&known.site, path))
        }
    };
    if let Some(mut response) = refusal {
        shared.metrics.refused("request");
        close_http1(&passage, &mut response);
        return Box::pin(async { response });
    }
    if passage.facts.path.is_asterisk() {
        // `OPTIONS *` asks what the server itself can do: that is the gate, not an application.
        return Box::pin(async { (StatusCode::NO_CONTENT, [(header::ALLOW, METHODS)]).into_response() });
    }
    write_host_once(&mut passage);
    pipeline::run(next, passage)
}

/// The refusal of what the door did not let in.
pub(crate) fn answer_to(fault: WireFault) -> Response {
    match fault {
        WireFault::Malformed(what) => {
            tracing::info!(what, "a request was refused on the wire");
            bare_answer(StatusCode::BAD_REQUEST, "This is no HTTP request that can be read in one way only.")
        }
        WireFault::UriTooLong => bare_answer(StatusCode::URI_TOO_LONG, "The address is too long."),
        WireFault::HeadersTooLarge => {
            bare_answer(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too many or too large.")
        }
        WireFault::HeadersTooSlow => bare_answer(StatusCode::REQUEST_TIMEOUT, "The headers did not arrive in time."),
    }
}

/// `*` in the place of a path is for OPTIONS alone (RFC 9112, section 3.2.4). An application could take it for any page.
fn refuse_asterisk(method: &Method, path: &PathReading) -> Option<Response> {
    (path.is_asterisk() && *method != Method::OPTIONS)
        .then(|| bare_answer(StatusCode::BAD_REQUEST, "This address is no path: only OPTIONS may ask for it."))
}

/// CONNECT would make the gate a tunnel, and TRACE would show headers to a page that may not read them.
fn refuse_method(method: &Method) -> Option<Response> {
    matches!(*method, Method::CONNECT | Method::TRACE).then(|| {
        let error = Error::new(Kind::Invalid, "This method is not served here.");
        Failure::with_status(error, StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, METHODS).into_response()
    })
}

/// A path that an application could read otherwise than the gate does.
fn refuse_path(site: &SiteState, path: &PathReading) -> Option<Response> {
    let doubt = path.doubt(site.guarded.as_ref()?.paths)?;
    let error = Error::new(Kind::Invalid, "This address can be read in more than one way, so it is not passed on.");
    let cause = format_args!("the path has {}", doubt.as_str()).to_string();
    Some(Failure::from(error.caused_by(cause)).into_response())
}

/// Who sent what can't be understood may go on to misunderstand the answer: the connection ends here.
fn close_http1(passage: &Passage, response: &mut Response) {
    if passage.is_http1() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

/// The app finds host and address in one place each, however the client wrote them: Host, and the path with its query.
fn write_host_once(passage: &mut Passage) {
    let HostFact::Known(known) = &passage.facts.host else { return };
    if let Ok(value) = HeaderValue::from_str(&known.authority) {
        passage.request.headers_mut().insert(header::HOST, value);
    }
    let uri = passage.request.uri();
    if uri.authority().is_some() {
        let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        *passage.request.uri_mut() = Uri::from(path);
    }
}
