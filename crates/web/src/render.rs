//! The one layer that turns failures into answers.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts};
use palisade_base::{Kind, RequestId};
use serde_json::json;

use crate::{Failure, Visitor, failure::Carried, page};

/// What the layer knows about the site when a failure knows no visitor.
#[derive(Clone, Debug)]
pub struct RenderState {
    /// The name on bare error pages.
    pub site_name: String,
    /// What stands before the addresses of our files: empty, but for a guarded site, whose own files may have the same.
    pub files_under: &'static str,
}

impl RenderState {
    /// For a site of this name.
    pub fn new(site_name: impl Into<String>) -> Self {
        Self { site_name: site_name.into(), files_under: "" }
    }

    /// The same for a guarded site.
    #[must_use]
    pub fn guarded(self) -> Self {
        Self { files_under: "/.palisade", ..self }
    }
}

/// To whom a failure is told, and how: as a page or as JSON, and under which id.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    json: bool,
    id: Option<RequestId>,
}

impl Told {
    /// Whoever made this request. Its id is a [`RequestId`] in its extensions.
    #[must_use]
    pub fn whoever_asks<B>(request: &http::Request<B>) -> Self {
        let json = is_api(request.uri()) || prefers_json(request.headers());
        Self { json, id: request.extensions().get::<RequestId>().copied() }
    }

    /// Makes a page or JSON of an answer that is a [`Failure`], and logs its cause once. Everything else passes.
    #[must_use]
    pub fn of(self, mut response: Response, state: &RenderState) -> Response {
        let Some(Carried(failure)) = response.extensions_mut().remove::<Carried>() else {
            return response;
        };
        let visitor = response.extensions_mut().remove::<Visitor>();
        let id = self.id.or_else(|| visitor.as_ref().map(|visitor| visitor.request));
        log(&failure, id);
        let rendered =
            if self.json { as_json(&failure, id) } else { page::error_page(&failure, visitor.as_ref(), state, id) };
        replace_body(response, rendered)
    }
}

/// [`Told`] as a layer: use it with `axum::middleware::from_fn_with_state`.
pub async fn render_failures(State(state): State<RenderState>, request: Request, next: Next) -> Response {
    let told = Told::whoever_asks(&request);
    told.of(next.run(request).await, &state)
}

/// Whether a client wants JSON: everything under `/api/`, and whoever names JSON and not HTML as acceptable.
#[must_use]
pub fn wants_json(parts: &Parts) -> bool {
    is_api(&parts.uri) || prefers_json(&parts.headers)
}

fn is_api(uri: &Uri) -> bool {
    uri.path().starts_with("/api/")
}

fn prefers_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

/// Without the address, which may hold a one-time token: the access log has it under the same id, as far as it may be shown.
fn log(failure: &Failure, id: Option<RequestId>) {
    let request = id.map(tracing::field::display);
    let status = failure.status().as_u16();
    let message = failure.error().message();
    let cause = failure.error().cause_for_log();
    match failure.kind() {
        Kind::Internal => tracing::error!(request, status, cause, "{message}"),
        Kind::Unavailable => tracing::warn!(request, status, cause, "{message}"),
        _ => tracing::info!(request, status, cause, "{message}"),
    }
}

/// The failure's own headers and extensions stay; body and content headers are the page's.
fn replace_body(response: Response, rendered: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    let (new, body) = rendered.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    for name in [header::CONTENT_TYPE, header::CACHE_CONTROL] {
        if let Some(value) = new.headers.get(&name) {
            parts.headers.insert(name, value.clone());
        }
    }
    Response::from_parts(parts, body)
}

fn as_json(failure: &Failure, id: Option<RequestId>) -> Response {
    let error = failure.error();
    let details: Vec<_> = error.fields().iter().map(|e| json!({ "field": e.field, "message": e.message })).collect();
    let body = json!({
        "status": "error",
        "error": {
            "code": code_of(failure.status()),
            "message": error.message(),
            "details": details,
            "request_id": id.map(|id| id.to_string()),
        },
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (failure.status(), headers, body.to_string()).into_response()
}

/// The code that programs branch on; the names are those of the KPI's API reference where it has one.
fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "INVALID_PARAMETERS",
        StatusCode::UNAUTHORIZED => "AUTHENTICATION_FAILED",
        StatusCode::FORBIDDEN => "PERMISSION_DENIED",
        StatusCode::NOT_FOUND => "RESOURCE_NOT_FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
        StatusCode::CONFLICT => "CONFLICT",
        StatusCode::PRECONDITION_FAILED | StatusCode::PRECONDITION_REQUIRED => "VERSION_CONFLICT",
        StatusCode::PAYLOAD_TOO_LARGE => "PAYLOAD_TOO_LARGE",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UNSUPPORTED_MEDIA_TYPE",
        StatusCode::UNPROCESSABLE_ENTITY => "VALIDATION_ERROR",
        StatusCode::TOO_MANY_REQUESTS => "RATE_LIMIT_EXCEEDED",
        StatusCode::SERVICE_UNAVAILABLE => "SERVICE_UNAVAILABLE",
        StatusCode::BAD_GATEWAY => "BAD_GATEWAY",
        StatusCode::GATEWAY_TIMEOUT => "GATEWAY_TIMEOUT",
        _ => "INTERNAL_ERROR",
    }
}
