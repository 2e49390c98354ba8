//! Forms: the only way to their fields goes through the check of their token.

mod call;
mod decode;
mod fields;
mod upload;
mod view;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts as _, Request},
};
use bytes::Bytes;
use http::{StatusCode, header};
use palisade_base::{Error, Kind};
use serde::de::DeserializeOwned;

pub use call::ProtectedJson;
pub use decode::decode_fields;
pub use fields::Fields;
pub use upload::{ProtectedUpload, UPLOAD_LIMIT_BYTES, UploadedFile};
pub use view::FormView;

use crate::{CsrfToken, Failure, Visitor, csrf, same_origin};

/// The largest form without files, in bytes.
pub const FORM_LIMIT_BYTES: usize = 256 * 1024;

/// The most fields of a form.
const MAX_FIELDS: usize = 2_000;

/// The fields of a form that a page of ours sent.
///
/// Before `T` sees them: the body is no larger than [`FORM_LIMIT_BYTES`], the browser does not name a foreign origin,
/// and the token in `_csrf` is this visitor's. `T` is any type that serde can read, or [`Fields`] where the names are
/// not known beforehand. A field that `T` does not know, one given twice, or one that can't be read is a field error
/// (422). An empty text is `None` for an `Option`; a checkbox is a `bool` with `#[serde(default)]`.
pub struct ProtectedForm<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ProtectedForm<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        same_origin::provenance(&parts)?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(wrong_content_type());
        }
        let body = read_body(body, FORM_LIMIT_BYTES).await?;
        let mut fields = Fields::parse(&body)?;
        check_token(&mut fields, &visitor.csrf)?;
        Ok(Self(decode_fields(&fields)?))
    }
}

fn wrong_content_type() -> Failure {
    let error =
        Error::new(Kind::Invalid, "This address takes a form of its own page. Open the page and send it from there.");
    Failure::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

/// Takes the token out of the fields and compares it.
fn check_token(fields: &mut Fields, expected: &CsrfToken) -> Result<(), Error> {
    let given = fields.take(csrf::FIELD);
    match given.as_slice() {
        [token] if expected.matches(token) => Ok(()),
        _ => Err(stale_form(if given.is_empty() { "missing" } else { "wrong" })),
    }
}

fn stale_form(why: &'static str) -> Error {
    Error::new(
        Kind::Denied,
        "This form is no longer valid, so nothing was changed. It was opened before you signed in or out, \
         or on another site. Go back, reload the page, and send it again.",
    )
    .caused_by(format_args!("form token {why}"))
}

/// The whole body, up to a limit.
pub(crate) async fn read_body(body: Body, limit: usize) -> Result<Bytes, Failure> {
    // One byte more is allowed, to tell a body that is too large from one that broke off.
    let too_large = || {
        Failure::from(Error::new(Kind::TooLarge, format!("That is more than the {} KiB that fit here.", limit / 1024)))
    };
    if http_body_size(&body) > limit as u64 {
        return Err(too_large());
    }
    match axum::body::to_bytes(body, limit).await {
        Ok(bytes) => Ok(bytes),
        Err(error) if is_length_limit(&error) => Err(too_large()),
        Err(error) => {
            Err(Error::new(Kind::Invalid, "The request broke off before it was complete.").caused_by(error).into())
        }
    }
}

fn http_body_size(body: &Body) -> u64 {
    axum::body::HttpBody::size_hint(body).lower()
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        // The type is of a crate that axum does not re-export; its text is fixed.
        if error.to_string() == "length limit exceeded" {
            return true;
        }
        source = error.source();
    }
    error.to_string() == "length limit exceeded"
}
