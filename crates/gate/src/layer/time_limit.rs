//! Ends a request that takes too long to be answered. What is with a guarded site's application has times of its own, for
//! each phase: an upload may take hours, as long as it goes on.

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
    let handed_over = passage.facts.handed_over.clone();
    Box::pin(async move {
        let mut answer = pipeline::run(next, passage);
        match timeout(shared.config.timeouts.request(), &mut answer).await {
            Ok(response) => response,
            Err(_) if handed_over.is_noted() => answer.await,
            Err(_) => {
                let error =
                    Error::new(Kind::Unavailable, "This took too long and was given up. Try it again in a while.");
                Failure::from(error.caused_by("the request's time was up")).into_response()
            }
        }
    })
}
