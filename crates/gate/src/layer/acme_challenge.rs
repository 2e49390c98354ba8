//! Answers a CA that looks whether a host is ours (RFC 8555, HTTP-01): pending tokens, and nothing else.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{Method, Request, header};

use crate::{
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

const FOLDER: &str = "/.well-known/acme-challenge/";

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let token = passage.facts.fault.is_none().then(|| token_of(&passage.request)).flatten();
    match token.and_then(|token| shared.certificates.challenge(token)) {
        Some(answer) => Box::pin(async move { answer_with(answer) }),
        None => pipeline::run(next, passage),
    }
}

fn token_of<B>(request: &Request<B>) -> Option<&str> {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    request.uri().path().strip_prefix(FOLDER).filter(|_| asks)
}

/// As RFC 8555 asks: what it is, and nothing that a cache could keep.
fn answer_with(answer: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, answer).into_response()
}
