//! Hands the request to the site's own router.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use palisade_base::Error;
use palisade_web::Failure;
use tower::ServiceExt as _;

use crate::{
    pipeline::Next,
    request::{LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(_shared: Arc<Shared>, passage: Passage, _next: Next) -> LayerFuture {
    let router = passage.facts.site().map(|site| site.router.clone());
    Box::pin(async move {
        match router {
            Some(router) => router.oneshot(passage.request).await.into_response(),
            None => Failure::from(Error::not_found()).into_response(),
        }
    })
}
