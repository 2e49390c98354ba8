//! Our cookies: names, reading, writing. All `__Host-`, `Secure`, `HttpOnly`, `SameSite=Lax`, `Path=/`.

use http::{HeaderMap, HeaderValue, header};
use palisade_base::{PlainToken, Span};

/// The session's token.
pub const SESSION: &str = "__Host-palisade";
/// The token of a device that its owner has used before.
pub const DEVICE: &str = "__Host-palisade-device";
/// What forms are bound to before there is a session.
pub const VISIT: &str = "__Host-palisade-visit";
/// The token of a site session: of a sign-on that was handed on to a site that is not the console's.
pub const SITE: &str = "__Host-palisade-site";
/// A notice for the next page.
pub const NOTICE: &str = "__Host-palisade-notice";

/// The value of a cookie. Where a name is sent more than once, nothing is trusted: `None`.
#[must_use]
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// A token out of a cookie; `None` where there is none or it can't be one of ours.
#[must_use]
pub fn token(headers: &HeaderMap, name: &str) -> Option<PlainToken> {
    get(headers, name).and_then(PlainToken::from_client)
}

/// `Set-Cookie` with a token. Without `max_age` it lasts as long as the browser's session.
#[must_use]
pub fn set_token(name: &str, token: &PlainToken, max_age: Option<Span>) -> HeaderValue {
    set(name, token.reveal(), max_age)
}

/// `Set-Cookie` that removes a cookie.
#[must_use]
pub fn clear(name: &str) -> HeaderValue {
    set(name, "", Some(Span::ZERO))
}

/// `Set-Cookie` with a value of base64url characters.
pub(crate) fn set(name: &str, value: &str, max_age: Option<Span>) -> HeaderValue {
    let age = max_age.map_or_else(String::new, |age| format!("; Max-Age={}", age.as_seconds().max(0)));
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
    // Tokens are base64url, so this can't fail; were it to, an empty header sets no cookie.
    let mut header = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}
