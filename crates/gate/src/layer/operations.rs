//! What operators ask: is it alive, is it ready, how is it doing.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{Method, StatusCode, header};

use super::{bare_answer, known_host::answer_to};
use crate::{
    host_header,
    pipeline::Next,
    request::{LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, _next: Next) -> LayerFuture {
    Box::pin(async move {
        if let Some(fault) = passage.facts.fault {
            return answer_to(fault);
        }
        if !names_this_listener(&passage) {
            return bare_answer(StatusCode::MISDIRECTED_REQUEST, "Ask by the address, or as localhost.");
        }
        if !matches!(*passage.request.method(), Method::GET | Method::HEAD) {
            let allow = [(header::ALLOW, "GET, HEAD")];
            return (StatusCode::METHOD_NOT_ALLOWED, allow, "Only reading is possible here.\n").into_response();
        }
        match passage.request.uri().path() {
            "/health" | "/health/ready" => ready(&shared),
            "/health/live" => bare_answer(StatusCode::OK, "live"),
            "/metrics" => metrics(&shared),
            _ => bare_answer(StatusCode::NOT_FOUND, "Here are /health, /health/live, /health/ready and /metrics."),
        }
    })
}

/// A page of a stranger may have its own name point to this address (DNS rebinding): a browser then says that name.
fn names_this_listener(passage: &Passage) -> bool {
    let loopback = passage.facts.client.address.is_loopback();
    let host = host_header::host_of(&passage.request).map(|(host, _)| host);
    !loopback || host.is_some_and(|host| host.address().is_some() || host.to_string() == "localhost")
}

fn ready(shared: &Shared) -> Response {
    if shared.readiness.is_ready() {
        bare_answer(StatusCode::OK, "ready")
    } else {
        bare_answer(StatusCode::SERVICE_UNAVAILABLE, "not ready")
    }
}

fn metrics(shared: &Shared) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, shared.metrics.render(shared.connections.open())).into_response()
}
