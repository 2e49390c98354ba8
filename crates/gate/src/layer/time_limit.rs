//! Ends a request that takes too long to be answered.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use palisade_base::{Error, Kind};
use palisade_web::Failure;
use tokio::time::timeout;

use crate::{
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    Box::pin(async move {
        match timeout(shared.config.timeouts.request(), pipeline::run(next, passage)).await {
            Ok(response) => response,
            Err(_) => {
                let error =
                    Error::new(Kind::Unavailable, "This took too long and was given up. Try it again in a while.");
                Failure::from(error.caused_by("the request's time was up")).into_response()
            }
        }
    })
}
