//! What programs look for at fixed addresses.

use axum::{Json, extract::State, response::IntoResponse as _};
use http::{HeaderValue, header};
use palisade_web::{Access, Outcome, Routes};

use crate::ConsoleState;

pub(super) fn routes(state: ConsoleState) -> Routes {
    Routes::new(state).get("/.well-known/palisade/jwks.json", Access::Public, identity_keys).finish()
}

/// The public keys of the tokens that tell the apps of guarded sites who is there. A new key stands here for an hour before
/// it is used, so a copy of five minutes is never too old.
async fn identity_keys(State(state): State<ConsoleState>) -> Outcome {
    let keys = Json(state.identity.identity_keys().await?);
    let caching = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(([caching], keys).into_response())
}
