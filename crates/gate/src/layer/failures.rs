//! Turns failures into answers, in this one place: a page or JSON with the request's id.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    extract::Request,
    middleware,
    response::{IntoResponse as _, Response},
};
use futures_util::future::BoxFuture;
use palisade_web::render_failures;
use tower::{Layer as _, Service, ServiceExt as _};

use crate::{
    pipeline::{self, Next},
    request::{Facts, LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let Passage { request, facts } = passage;
    let render = facts.site().map_or_else(|| shared.default_render.clone(), |site| site.render.clone());
    let service = middleware::from_fn_with_state(render, render_failures).layer(Inside { next, facts });
    let answer = service.oneshot(request);
    Box::pin(async move { answer.await.into_response() })
}

/// What is inside, as a service for the time of this request: the rendering layer belongs to the web crate.
#[derive(Clone)]
struct Inside {
    next: Next,
    facts: Facts,
}

impl Service<Request> for Inside {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = pipeline::run(self.next.clone(), Passage { request, facts: self.facts.clone() });
        Box::pin(async move { Ok(answer.await) })
    }
}
