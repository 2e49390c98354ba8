//! Who may open a WebSocket, and whether the upstream did.

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version, header};
use palisade_config::HostName;

use crate::facts::ForwardFacts;

/// Whether a request asks for a WebSocket. Every other upgrade is left out of what goes up: a tunnel of HTTP/2 inside of
/// HTTP/1.1 would carry requests that nobody judges.
pub(crate) fn is_asked_for<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET && request.version() == Version::HTTP_11 && names_websocket(request.headers())
}

/// Whether the answer opens it.
pub(crate) fn is_open(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS && names_websocket(headers)
}

fn names_websocket(headers: &HeaderMap) -> bool {
    let mut protocols = headers.get_all(header::UPGRADE).iter();
    let one = protocols.next().is_some_and(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"));
    one && protocols.next().is_none() && headers.get_all(header::CONNECTION).iter().any(lists_upgrade)
}

fn lists_upgrade(value: &HeaderValue) -> bool {
    value.as_bytes().split(|byte| *byte == b',').any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

/// Whether the page that asks is one of the site, by what browsers compare: scheme, host and port. The port is the one that
/// the browser asked for this, since nobody else knows it behind a router that maps ports. `null` is the origin of pages
/// that anybody may have written. Programs that are no browsers send no Origin, and no cookies of others.
pub(crate) fn is_from_site(headers: &HeaderMap, hosts: &[HostName], facts: &ForwardFacts<'_>) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => is_origin_of(origin, hosts, facts),
        (Some(_), Some(_)) => false,
    }
}

fn is_origin_of(origin: &HeaderValue, hosts: &[HostName], facts: &ForwardFacts<'_>) -> bool {
    let Some((scheme, authority)) = origin.to_str().ok().and_then(|text| text.split_once("://")) else { return false };
    let usual = if facts.secure { 443 } else { 80 };
    let (page, asked) = (host_and_port(authority, usual), host_and_port(facts.asked, usual));
    let same_port = page.as_ref().zip(asked).is_some_and(|((_, page), (_, asked))| *page == asked);
    scheme == facts.scheme() && same_port && page.is_some_and(|(host, _)| hosts.contains(&host))
}

fn host_and_port(authority: &str, usual: u16) -> Option<(HostName, u16)> {
    let bracket = authority.rfind(']').unwrap_or(0);
    let colon = authority.get(bracket..)?.find(':').map_or(authority.len(), |at| bracket + at);
    let (host, port) = authority.split_at(colon);
    let port = match port.strip_prefix(':') {
        None => usual,
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    Some((HostName::parse(host).ok()?, port))
}

#[cfg(test)]
mod tests {
    use palisade_base::RequestId;

    use super::*;

    fn from_site(asked: &str, origins: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        let facts = ForwardFacts {
            client: [192, 0, 2, 7].into(),
            peer: [192, 0, 2, 7].into(),
            authority: "tems.example",
            asked,
            secure: true,
            request: RequestId(Default::default()),
        };
        let hosts = ["tems.example", "www.tems.example", "[::1]"].map(|host| HostName::parse(host).unwrap());
        is_from_site(&headers, &hosts, &facts)
    }

    #[test]
    fn only_pages_of_the_site_open_a_websocket() {
        for (asked, own) in [
            ("tems.example", "https://tems.example"),
            ("tems.example", "https://TEMS.example"),
            ("tems.example", "https://tems.example:443"),
            ("tems.example:443", "https://tems.example"),
            ("tems.example", "https://www.tems.example"),
            ("tems.example:8443", "https://tems.example:8443"),
            ("[::1]:8443", "https://[::1]:8443"),
        ] {
            assert!(from_site(asked, &[own]), "{own} asks {asked}");
        }
        assert!(from_site("tems.example", &[]));
        for foreign in [
            "http://tems.example",
            "http://tems.example:443",
            "https://tems.example:8443",
            "https://tems.example:80",
            "https://tems.example:",
            "https://tems.example:+443",
            "https://tems.example:99999",
            "https://evil.example",
            "https://tems.example.evil.example",
            "https://eviltems.example",
            "https://tems.example@evil.example",
            "https://evil.example:tems.example",
            "https://evil.example/tems.example",
            "https://tems.example/",
            "null",
            "",
            "tems.example",
            "ftp://tems.example",
            "wss://tems.example",
        ] {
            assert!(!from_site("tems.example", &[foreign]), "{foreign}");
        }
        assert!(!from_site("tems.example:8443", &["https://tems.example"]));
        assert!(!from_site("tems.example", &["https://tems.example", "https://evil.example"]));
    }

    #[test]
    fn only_a_websocket_is_an_upgrade() {
        let asks = |upgrade: &'static str, connection: &'static str| {
            let builder = Request::get("/").header(header::UPGRADE, upgrade).header(header::CONNECTION, connection);
            is_asked_for(&builder.body(()).unwrap())
        };
        assert!(asks("WebSocket", "keep-alive, Upgrade"));
        assert!(!asks("websocket", "keep-alive"));
        assert!(!asks("h2c", "upgrade"));
        assert!(!asks("websocket, h2c", "upgrade"));
        assert!(!asks("h2c, websocket", "upgrade"));
    }
}
