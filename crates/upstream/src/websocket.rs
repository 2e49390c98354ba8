//! Who may open a WebSocket, and whether the upstream did.

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version, header};
use palisade_config::HostName;

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

/// Whether the page that asks is one of the site. Programs that are no browsers send no Origin, and no cookies of others.
pub(crate) fn is_from_site(headers: &HeaderMap, hosts: &[HostName]) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => host_of(origin).is_some_and(|host| hosts.contains(&host)),
        (Some(_), Some(_)) => false,
    }
}

fn host_of(origin: &HeaderValue) -> Option<HostName> {
    let text = origin.to_str().ok()?;
    let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let bracket = authority.rfind(']').unwrap_or(0);
    let port = authority.get(bracket..)?.find(':').map_or(authority.len(), |at| bracket + at);
    let (host, port) = authority.split_at(port);
    let plain_port = port.strip_prefix(':').is_none_or(|port| port.parse::<u16>().is_ok());
    if plain_port { HostName::parse(host).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_site(origins: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        is_from_site(&headers, &[HostName::parse("tems.example").unwrap(), HostName::parse("[::1]").unwrap()])
    }

    #[test]
    fn only_pages_of_the_site_open_a_websocket() {
        for own in ["https://tems.example", "https://TEMS.example:8443", "http://tems.example", "https://[::1]:8443"] {
            assert!(from_site(&[own]), "{own}");
        }
        assert!(from_site(&[]));
        for foreign in [
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
            "https://tems.example:99999",
        ] {
            assert!(!from_site(&[foreign]), "{foreign}");
        }
        assert!(!from_site(&["https://tems.example", "https://evil.example"]));
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
