//! JSON in and out, in the API's envelope.

use axum::{
    extract::{FromRequest, Request},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use palisade_base::{Error, Kind};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Failure, form::read_body};

/// The largest JSON body, in bytes.
pub const JSON_LIMIT_BYTES: usize = 1024 * 1024;

/// A JSON body. Another content type is 415, more than [`JSON_LIMIT_BYTES`] 413, what can't be read 400, and what has
/// the wrong shape 422 with the place.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !is_json(kind) {
            let error = Error::new(Kind::Invalid, "Send the body as JSON, with Content-Type: application/json.");
            return Err(Failure::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let body = read_body(request.into_body(), JSON_LIMIT_BYTES).await?;
        serde_json::from_slice(&body).map(Self).map_err(|error| explain(&error))
    }
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// serde's words for a wrong shape may repeat the value that was sent, so only its place is told where it is data.
fn explain(error: &serde_json::Error) -> Failure {
    let place = format!("line {}, column {}", error.line(), error.column());
    if error.is_data() {
        let error = Error::field("body", format!("The JSON at {place} does not have the shape that is documented."))
            .caused_by(error);
        return error.into();
    }
    Error::new(Kind::Invalid, format!("The body is no valid JSON: see {place}.")).into()
}

/// The metadata of a page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PageMetadata {
    /// The page, from 1.
    pub page: u64,
    /// Rows on a page.
    pub per_page: u64,
    /// Rows in all.
    pub total: u64,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    status: &'static str,
    data: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<PageMetadata>,
}

/// 200 with `{"status":"success","data":…}`.
///
/// # Errors
/// The data can't be written as JSON: a defect of ours.
pub fn json_data<T: Serialize>(data: &T) -> Result<Response, Failure> {
    respond(StatusCode::OK, data, None)
}

/// 201 with the envelope.
///
/// # Errors
/// As [`json_data`].
pub fn json_created<T: Serialize>(data: &T) -> Result<Response, Failure> {
    respond(StatusCode::CREATED, data, None)
}

/// 200 with a page of a list and its metadata.
///
/// # Errors
/// As [`json_data`].
pub fn json_page<T: Serialize>(rows: &[T], metadata: PageMetadata) -> Result<Response, Failure> {
    respond(StatusCode::OK, &rows, Some(metadata))
}

fn respond<T: Serialize>(status: StatusCode, data: &T, metadata: Option<PageMetadata>) -> Result<Response, Failure> {
    let envelope = Envelope { status: "success", data, metadata };
    let body = serde_json::to_vec(&envelope).map_err(|error| Failure::internal(format!("json: {error}")))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((status, headers, body).into_response())
}
