//! Sends a request on to HTTPS: to a host that is ours, with its path and query as they are.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use http::{StatusCode, header};

use super::bare_answer;
use crate::{
    pipeline::Next,
    request::{HostFact, LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, _next: Next) -> LayerFuture {
    Box::pin(async move {
        let HostFact::Known(known) = &passage.facts.host else {
            return bare_answer(StatusCode::MISDIRECTED_REQUEST, "This host is not served here.");
        };
        let path = passage.request.uri().path_and_query().map_or("/", |path| path.as_str());
        // `OPTIONS *` has no path; and a path that begins with two slashes stays one behind a host.
        let path = if path.starts_with('/') { path } else { "/" };
        let port = match shared.https_port() {
            443 => String::new(),
            port => format!(":{port}"),
        };
        let location = format!("https://{}{port}{path}", known.host);
        (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response()
    })
}
