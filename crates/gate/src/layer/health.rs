//! Answers whoever watches from outside: up or down, and not a word more.

use std::sync::Arc;

use http::{Method, StatusCode};

use super::bare_answer;
use crate::{
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

const PATH: &str = "/.well-known/palisade/health";

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let request = &passage.request;
    let asks = request.uri().path() == PATH && matches!(*request.method(), Method::GET | Method::HEAD);
    if !asks || passage.facts.fault.is_some() {
        return pipeline::run(next, passage);
    }
    let ready = shared.readiness.is_ready();
    Box::pin(async move {
        if ready { bare_answer(StatusCode::OK, "up") } else { bare_answer(StatusCode::SERVICE_UNAVAILABLE, "down") }
    })
}
