//! What a script of a page of ours sends: JSON, under the same checks as a form.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use http::request::Parts;
use palisade_base::Error;
use serde::de::DeserializeOwned;

use super::stale_form;
use crate::{CsrfToken, Failure, JsonBody, Visitor, csrf, same_origin};

/// JSON that a script of ours sends along with the token of its page, in the header `X-Csrf-Token`.
///
/// As with [`crate::ProtectedForm`], the browser must not name a foreign origin and the token must be this visitor's
/// before the body is looked at; the body's own rules are those of [`JsonBody`]. A call of the API is no such thing:
/// programs show a key, and keys open no pages.
pub struct ProtectedJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ProtectedJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        same_origin::provenance(&parts)?;
        check_header(&parts, &visitor.csrf)?;
        let JsonBody(value) = JsonBody::from_request(Request::from_parts(parts, body), state).await?;
        Ok(Self(value))
    }
}

fn check_header(parts: &Parts, expected: &CsrfToken) -> Result<(), Error> {
    let mut given = parts.headers.get_all(csrf::HEADER).iter();
    match (given.next(), given.next()) {
        (Some(token), None) if token.to_str().is_ok_and(|token| expected.matches(token)) => Ok(()),
        (None, _) => Err(stale_form("missing")),
        _ => Err(stale_form("wrong")),
    }
}
