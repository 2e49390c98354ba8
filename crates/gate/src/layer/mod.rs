//! The layers of the pipeline, one per file. Their order, and why, is in `pipeline.rs`.

pub(crate) mod access_log;
pub(crate) mod acme_challenge;
pub(crate) mod address_limits;
pub(crate) mod app;
pub(crate) mod ban;
pub(crate) mod client_address;
pub(crate) mod failures;
pub(crate) mod health;
pub(crate) mod host;
pub(crate) mod https_redirect;
pub(crate) mod identity_headers;
pub(crate) mod identity_to_upstream;
pub(crate) mod known_host;
pub(crate) mod operations;
pub(crate) mod panic_guard;
pub(crate) mod request_id;
pub(crate) mod response_headers;
pub(crate) mod session;
pub(crate) mod site_access;
pub(crate) mod sizes;
pub(crate) mod time_limit;
pub(crate) mod user_limits;
pub(crate) mod way_in;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

/// An answer of one line of text, for where no site is known and so no page can be made.
pub(crate) fn bare_answer(status: StatusCode, text: &'static str) -> Response {
    (status, [(http::header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{text}\n")).into_response()
}
