//! A crash in an app is this request's 500 and nobody else's trouble.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};

use axum::response::IntoResponse as _;
use futures_util::FutureExt as _;
use palisade_web::Failure;

use crate::{
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(_shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    // The layers that run before their first await run inside of the guard, too.
    let guarded = AssertUnwindSafe(async move { pipeline::run(next, passage).await }).catch_unwind();
    Box::pin(async move {
        match guarded.await {
            Ok(response) => response,
            Err(panic) => Failure::internal(format_args!("panic: {}", text_of(&*panic))).into_response(),
        }
    })
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
