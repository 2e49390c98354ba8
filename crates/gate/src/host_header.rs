//! Which host a request is for, as far as it says so in one way only.

use http::{Request, header, uri::Authority};
use palisade_config::HostName;

/// The host, and host and port as written (in lower case).
pub(crate) type Named = (HostName, String);

/// The host of a request: HTTP/2's `:authority`, an absolute address, or the Host header; where there are two, they agree.
/// `None`: it is not there, can't be read, or is named in two ways.
pub(crate) fn host_of<B>(request: &Request<B>) -> Option<Named> {
    let mut lines = request.headers().get_all(header::HOST).iter();
    let header = match (lines.next(), lines.next()) {
        (None, _) => None,
        (Some(line), None) => Some(parse(line.to_str().ok()?)?),
        (Some(_), Some(_)) => return None,
    };
    let address = match request.uri().authority().map(Authority::as_str) {
        None => None,
        Some(authority) => Some(parse(authority)?),
    };
    match (address, header) {
        (Some(address), Some(header)) => (address == header).then_some(address),
        (address, header) => address.or(header),
    }
}

/// Reads `host`, `host:port`, `[v6]`, `[v6]:port`.
pub(crate) fn parse(text: &str) -> Option<Named> {
    let (host, port) = split_port(text)?;
    let named = HostName::parse(host).ok()?;
    // Without brackets an address with colons could be host and port just as well.
    if named.address().is_some_and(|address| address.is_ipv6()) != host.starts_with('[') {
        return None;
    }
    let authority = match port {
        Some(port) => format!("{named}:{port}"),
        None => named.to_string(),
    };
    Some((named, authority))
}

/// Host and port of what follows `https://`, where it is written as it should be.
pub(crate) fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let end = if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, rest) = text.split_at(end);
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some((host, None)),
        None => None,
        // RFC 3986 allows a port that is empty.
        Some("") => Some((host, None)),
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some((host, Some(port.parse().ok()?))),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<(String, String)> {
        parse(text).map(|(host, authority)| (host.to_string(), authority))
    }

    fn same(host: &str, authority: &str) -> Option<(String, String)> {
        Some((host.to_owned(), authority.to_owned()))
    }

    #[test]
    fn hosts_are_read_with_ports_brackets_dots_and_case() {
        assert_eq!(read("KPI.example.com"), same("kpi.example.com", "kpi.example.com"));
        assert_eq!(read("kpi.example.com.:8443"), same("kpi.example.com", "kpi.example.com:8443"));
        assert_eq!(read("localhost:"), same("localhost", "localhost"));
        assert_eq!(read("[::1]:8443"), same("[::1]", "[::1]:8443"));
        assert_eq!(read("127.0.0.1:0443"), same("127.0.0.1", "127.0.0.1:443"));
    }

    #[test]
    fn what_is_no_host_is_not_guessed_at() {
        for text in [
            "",
            ":",
            ":443",
            "::1",
            "a:b",
            "a:443:443",
            "a:+443",
            "a:-1",
            "a:65536",
            "[::1",
            "[::1]x",
            "[localhost]",
            "a b",
            "a/b",
            "a@b",
            "a,b",
            "a\tb",
            "user@localhost",
            "localhost#",
            "127.1",
            "[127.0.0.1]",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn two_names_must_be_the_same() {
        let request = |uri: &str, hosts: &[&str]| {
            let mut builder = Request::get(uri);
            for host in hosts {
                builder = builder.header("host", *host);
            }
            host_of(&builder.body(()).unwrap()).map(|(host, _)| host.to_string())
        };
        assert_eq!(request("/", &["a.example"]).as_deref(), Some("a.example"));
        assert_eq!(request("https://a.example/", &[]).as_deref(), Some("a.example"));
        assert_eq!(request("https://a.example/", &["A.example."]).as_deref(), Some("a.example"));
        assert_eq!(request("https://a.example/", &["b.example"]), None);
        assert_eq!(request("https://a.example:1/", &["a.example:2"]), None);
        assert_eq!(request("https://u@a.example/", &[]), None);
        assert_eq!(request("/", &["a.example", "a.example"]), None);
        assert_eq!(request("/", &[]), None);
    }

    proptest! {
        #[test]
        fn reading_is_stable(text in "[a-zA-Z0-9.:\\[\\]-]{0,40}|\\PC{0,60}") {
            if let Some((host, authority)) = parse(&text) {
                prop_assert_eq!(parse(&authority), Some((host, authority.clone())));
            }
        }
    }
}
