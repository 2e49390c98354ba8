//! What a handler gives back when it could not do what was asked.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use palisade_base::{Error, Kind, Span};

/// What handlers return.
pub type Outcome = Result<Response, Failure>;

/// An error on its way to the client. It carries the whole [`Error`] to [`crate::render_failures`], the one layer that
/// makes a page or JSON of it and logs its cause.
pub struct Failure(Box<Inner>);

/// A failure in a response's extensions.
#[derive(Clone)]
pub(crate) struct Carried(pub(crate) Arc<Failure>);

struct Inner {
    error: Error,
    status: StatusCode,
    title: Option<&'static str>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// Our fault; the cause goes to the log only.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::from(Error::internal(cause))
    }

    /// The error with another status than its kind has.
    #[must_use]
    pub fn with_status(error: Error, status: StatusCode) -> Self {
        Self(Box::new(Inner { error, status, title: None, headers: Vec::new() }))
    }

    /// Says when to try again, rounded up to whole seconds.
    #[must_use]
    pub fn retry_after(self, span: Span) -> Self {
        let seconds = u64::try_from(span.as_seconds_ceil()).unwrap_or(0);
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Gives its page another heading than its status has.
    #[must_use]
    pub const fn titled(mut self, title: &'static str) -> Self {
        self.0.title = Some(title);
        self
    }

    /// The heading of its page, where it has one of its own.
    pub(crate) const fn title(&self) -> Option<&'static str> {
        self.0.title
    }

    /// The failure that a response carries, while nobody has made a page of it.
    #[must_use]
    pub fn of(response: &Response) -> Option<&Self> {
        response.extensions().get::<Carried>().map(|carried| &*carried.0)
    }

    /// The error.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.error
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.error.kind()
    }
}

/// Anything that is an error at the boundary: `?` works on [`Error`] and on a store's error alike.
impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let status = status_of(&error);
        Self::with_status(error, status)
    }
}

fn status_of(error: &Error) -> StatusCode {
    match error.kind() {
        Kind::Invalid if error.fields().is_empty() => StatusCode::BAD_REQUEST,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Failure {
    /// The status, headers and the public message as plain text; [`crate::render_failures`] replaces the body.
    fn into_response(mut self) -> Response {
        let mut response = (self.0.status, self.0.error.message().to_owned()).into_response();
        for (name, value) in std::mem::take(&mut self.0.headers) {
            response.headers_mut().append(name, value);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }
}
