//! Gives each request an id (UUIDv7), which answers, logs and trail name alike. A client's own is not believed.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use palisade_base::RequestId;

use crate::{
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) fn pass(shared: Arc<Shared>, mut passage: Passage, next: Next) -> LayerFuture {
    Box::pin(async move {
        let id = RequestId::new(&shared.env);
        passage.facts.id = id;
        passage.request.headers_mut().remove(HEADER);
        passage.request.extensions_mut().insert(id);
        let mut response = pipeline::run(next, passage).await;
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert(HEADER, value);
        }
        response
    })
}
