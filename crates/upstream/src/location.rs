//! Where an upstream sends the client: its own address is the site's.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use palisade_config::{HostName, UpstreamAddress};

use crate::{
    facts::ForwardFacts,
    target::{is_at, port_of},
};

/// Rewrites what names the upstream's own address, which a client can't reach, or the site over plain HTTP.
pub(crate) fn rewrite(
    headers: &mut HeaderMap,
    targets: &[UpstreamAddress],
    hosts: &[HostName],
    facts: &ForwardFacts<'_>,
) {
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        rewrite_one(headers, name, targets, hosts, facts);
    }
}

fn rewrite_one(
    headers: &mut HeaderMap,
    name: HeaderName,
    targets: &[UpstreamAddress],
    hosts: &[HostName],
    facts: &ForwardFacts<'_>,
) {
    let Some(text) = headers.get(&name).and_then(|value| value.to_str().ok()) else { return };
    let Some(own) = own_path(text, targets, hosts) else { return };
    // Two slashes at the front would be read as another host.
    let confusing = own.starts_with("//") || own.starts_with("/\\");
    let place = if confusing { format!("{}://{}{own}", facts.scheme(), facts.authority) } else { own.to_owned() };
    if let Ok(value) = HeaderValue::from_str(&place) {
        headers.insert(name, value);
    }
}

/// The path and all behind it, where a URL leads to the upstream itself, or to the site by a way that is not its own.
fn own_path<'a>(text: &'a str, targets: &[UpstreamAddress], hosts: &[HostName]) -> Option<&'a str> {
    let start = text.find("://")?;
    let (scheme, rest) = (text.get(..start)?, text.get(start + 3..)?);
    let plain = scheme.eq_ignore_ascii_case("http");
    if !plain && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // What is no plain host and port is left as it is: guessing what a browser makes of it would be worse.
    let uri: Uri = format!("{scheme}://{authority}/").parse().ok()?;
    let (host, port) = (HostName::parse(uri.host()?).ok()?, uri.port_u16().unwrap_or(if plain { 80 } else { 443 }));
    if authority.contains('@') || path.starts_with('\\') {
        return None;
    }
    let upstreams = targets.iter().any(|target| is_at(target, &host, port));
    let target_port = |port| targets.iter().any(|target| port_of(target) == Some(port));
    let sites = plain && (port == 80 || target_port(port)) && hosts.contains(&host);
    if !upstreams && !sites {
        return None;
    }
    Some(if path.starts_with('/') {
        path
    } else if path.is_empty() {
        "/"
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(location: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, HeaderValue::from_str(location).unwrap());
        let targets = [
            UpstreamAddress::parse("http://127.0.0.1:8000").unwrap(),
            UpstreamAddress::parse("https://app.internal").unwrap(),
        ];
        let hosts = [HostName::parse("tems.example").unwrap()];
        let facts = ForwardFacts {
            client: "192.0.2.7".parse().unwrap(),
            peer: "192.0.2.7".parse().unwrap(),
            authority: "tems.example",
            asked: "tems.example",
            secure: true,
            request: palisade_base::RequestId(Default::default()),
        };
        rewrite(&mut headers, &targets, &hosts, &facts);
        headers["location"].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_upstreams_own_address_is_the_sites() {
        assert_eq!(rewritten("http://127.0.0.1:8000/x?a=b#c"), "/x?a=b#c");
        assert_eq!(rewritten("HTTP://127.0.0.1:8000"), "/");
        assert_eq!(rewritten("https://APP.internal:443/x"), "/x");
        assert_eq!(rewritten("http://tems.example/app"), "/app");
        assert_eq!(rewritten("http://tems.example:8000/app"), "/app");
    }

    #[test]
    fn other_places_are_left_as_they_are() {
        for place in [
            "/x",
            "x",
            "//127.0.0.1:8000/x",
            "https://tems.example/x",
            "https://tems.example:9000/x",
            "http://127.0.0.1:8001/x",
            "https://127.0.0.1:8000.evil.example/x",
            "http://127.0.0.1:8000@evil.example/x",
            "http://127.0.0.1:8000\\@evil.example/x",
            "http://elsewhere.example/?next=http://127.0.0.1:8000/x",
            "ftp://127.0.0.1:8000/x",
            "://x",
        ] {
            assert_eq!(rewritten(place), place);
        }
    }

    #[test]
    fn rewriting_opens_no_way_to_another_host() {
        assert_eq!(rewritten("http://127.0.0.1:8000//evil.example"), "https://tems.example//evil.example");
        assert_eq!(rewritten("http://127.0.0.1:8000/\\evil.example"), "https://tems.example/\\evil.example");
    }
}
