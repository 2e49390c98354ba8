//! Whether a request that changes something was made by a page of ours, as far as the browser tells.

use http::{HeaderMap, Method, header, request::Parts};
use palisade_base::{Error, Kind};

/// What the browser's own headers say about where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provenance {
    /// A page of this very origin.
    SameOrigin,
    /// No word: an old browser, or no browser.
    Unknown,
}

/// Methods that must not change anything need no proof.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Where the request comes from.
///
/// # Errors
/// From elsewhere.
pub(crate) fn provenance(parts: &Parts) -> Result<Provenance, Error> {
    let mut found = Provenance::Unknown;
    match single(&parts.headers, "sec-fetch-site")? {
        Some("same-origin") => found = Provenance::SameOrigin,
        // `none`: the person did it themselves, as by reloading a form's answer.
        Some("none") | None => {}
        Some(_) => return Err(foreign("sec-fetch-site")),
    }
    if let Some(origin) = single(&parts.headers, header::ORIGIN.as_str())? {
        let ours = host(parts).is_some_and(|host| origin_is(origin, host));
        if !ours {
            return Err(foreign("origin"));
        }
        found = Provenance::SameOrigin;
    }
    Ok(found)
}

/// Whether a page of this very origin made the request, by the browser's own word. Without a word it did not.
#[must_use]
pub fn is_from_here(parts: &Parts) -> bool {
    matches!(provenance(parts), Ok(Provenance::SameOrigin))
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Error> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| foreign("unreadable")),
        (Some(_), Some(_)) => Err(foreign("repeated")),
    }
}

fn foreign(why: &'static str) -> Error {
    Error::new(
        Kind::Denied,
        "This request came from another site, so nothing was changed. Open the page here and send it again.",
    )
    .caused_by(format_args!("foreign request refused: {why}"))
}

/// The host that the request is for, as the client named it: HTTP/2's authority, or the Host header.
fn host(parts: &Parts) -> Option<&str> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    authority.or_else(|| parts.headers.get(header::HOST)?.to_str().ok())
}

fn origin_is(origin: &str, host: &str) -> bool {
    let trimmed = |text: &str| text.strip_suffix(":443").unwrap_or(text).to_ascii_lowercase();
    origin.strip_prefix("https://").is_some_and(|given| trimmed(given) == trimmed(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::post("/x").header("host", "kpi.example:8443");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn own_pages_are_told_from_foreign_ones() {
        assert_eq!(provenance(&parts(&[])).ok(), Some(Provenance::Unknown));
        assert_eq!(provenance(&parts(&[("sec-fetch-site", "none")])).ok(), Some(Provenance::Unknown));
        let own = [("sec-fetch-site", "same-origin"), ("origin", "https://KPI.example:8443")];
        assert_eq!(provenance(&parts(&own)).ok(), Some(Provenance::SameOrigin));
        for foreign in [
            [("sec-fetch-site", "cross-site")],
            [("sec-fetch-site", "same-site")],
            [("origin", "null")],
            [("origin", "https://kpi.example")],
            [("origin", "http://kpi.example:8443")],
            [("origin", "https://kpi.example:8443.evil.example")],
            [("origin", "")],
        ] {
            assert!(provenance(&parts(&foreign)).is_err(), "{foreign:?}");
        }
    }

    #[test]
    fn two_origins_are_refused() {
        let both = [("origin", "https://kpi.example:8443"), ("origin", "https://evil.example")];
        assert!(provenance(&parts(&both)).is_err());
    }

    #[test]
    fn the_default_port_may_be_left_out() {
        assert!(origin_is("https://kpi.example", "kpi.example:443"));
        assert!(!origin_is("https://kpi.example", "kpi.example:8443"));
    }
}
