//! Going elsewhere, never off the site.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Notice, hand_off::CONSOLE_GO_ON_PATH};

/// What must be written otherwise in a value of a query.
const QUERY_VALUE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'>').add(b'=').add(b'?');

/// 303 to a path of this site: the browser asks for it with GET. A text that is no such path leads home.
pub fn see_other(path: impl AsRef<str>) -> Response {
    let path = ReturnPath::parse(path.as_ref()).map_or_else(|| "/".to_owned(), |path| path.0);
    let location = HeaderValue::from_str(&path).unwrap_or_else(|_| HeaderValue::from_static("/"));
    let caching = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location), caching]).into_response()
}

/// [`see_other`], with a notice that the next page shows once.
pub fn see_other_with(path: impl AsRef<str>, notice: &Notice) -> Response {
    let mut response = see_other(path);
    response.headers_mut().append(header::SET_COOKIE, notice.set_cookie());
    response
}

/// One segment of a path, percent-encoded.
#[must_use]
pub fn path_segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A path of this site with its query, such as `/employees?page=2`: where to go on after signing in.
///
/// Anything that a browser could take for another site (`//evil`, `/\evil`, a scheme, control characters) is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The longest that is carried along.
    pub const MAX_LENGTH: usize = 2_048;

    /// A text that came from outside.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let local = text.starts_with('/')
            && !text[1..].starts_with(['/', '\\'])
            && text.len() <= Self::MAX_LENGTH
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        local.then(|| Self(text.to_owned()))
    }

    /// The site's first page.
    #[must_use]
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// The same, but not where it would lead straight back into signing in or out. On to another site it may.
    #[must_use]
    pub fn after_sign_in(text: &str) -> Option<Self> {
        let goes_on = |path: &str| path.strip_prefix(CONSOLE_GO_ON_PATH).is_some_and(|rest| rest.starts_with('?'));
        Self::parse(text).filter(|path| !path.0.starts_with("/sign-") || goes_on(&path.0))
    }

    /// `/sign-in?next=…` with this path.
    #[must_use]
    pub fn sign_in_path(&self) -> String {
        if self.0 == "/" { "/sign-in".to_owned() } else { format!("/sign-in?next={}", self.query_value()) }
    }

    /// As a value of a query.
    #[must_use]
    pub fn query_value(&self) -> String {
        utf8_percent_encode(&self.0, QUERY_VALUE).to_string()
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
