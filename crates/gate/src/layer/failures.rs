//! Turns failures into answers, in this one place: a page or JSON with the request's id.

use std::sync::Arc;

use palisade_web::Told;

use crate::{
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let told = Told::whoever_asks(&passage.request);
    let site = passage.facts.site().cloned();
    Box::pin(async move {
        let response = pipeline::run(next, passage).await;
        told.of(response, site.as_ref().map_or(&shared.default_render, |site| &site.render))
    })
}
