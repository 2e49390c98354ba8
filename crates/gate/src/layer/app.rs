//! Hands the request to the site's own router.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use palisade_base::Error;
use palisade_web::Failure;
use tower::ServiceExt as _;

use crate::{
    pipeline::Next,
    request::{FromApp, LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(_shared: Arc<Shared>, passage: Passage, _next: Next) -> LayerFuture {
    let site = passage.facts.site().cloned();
    Box::pin(async move {
        match site {
            Some(site) => {
                let mut response = site.router.clone().oneshot(passage.request).await.into_response();
                if site.ways_in.is_some() {
                    response.extensions_mut().insert(FromApp);
                }
                response
            }
            None => Failure::from(Error::not_found()).into_response(),
        }
    })
}
