//! Finds the client's address, and takes away every header by which a client could claim another.

use std::sync::Arc;

use http::{HeaderMap, HeaderName};

use crate::{
    forwarded,
    pipeline::{self, Next},
    request::{Client, LayerFuture, Passage},
    shared::Shared,
};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What proxies write about the client and the original request, besides everything that begins with `X-Forwarded`.
const FORWARDING: [&str; 43] = [
    "forwarded",
    "via",
    "forwarded-for",
    "x-forward-for",
    "http-client-ip",
    "proxy-client-ip",
    "wl-proxy-client-ip",
    "wl-proxy-ssl",
    "x-true-client-ip",
    "x-remote-ip",
    "x-remote-addr",
    "do-connecting-ip",
    "cdn-loop",
    "cf-visitor",
    "cf-ipcountry",
    "cloudfront-viewer-address",
    "x-host",
    "x-original-uri",
    "x-override-url",
    "x-arr-ssl",
    "x-real-ip",
    "x-client-ip",
    "client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
    "x-originating-ip",
    "x-azure-clientip",
    "x-proxyuser-ip",
    "fly-client-ip",
    "x-appengine-user-ip",
    "x-envoy-external-address",
    "cf-connecting-ipv6",
    "x-scheme",
    "x-url-scheme",
    "front-end-https",
    "x-http-host-override",
    "x-script-name",
];

pub(crate) fn pass(shared: Arc<Shared>, mut passage: Passage, next: Next) -> LayerFuture {
    let peer = passage.facts.connection.peer.ip();
    let headers = passage.request.headers_mut();
    let by_header = headers.keys().any(is_forwarding);
    let mut address = peer.to_canonical();
    if shared.is_trusted_proxy(peer) {
        let lines = headers.get_all(FORWARDED_FOR);
        let lines: Vec<&[u8]> = lines.iter().map(http::HeaderValue::as_bytes).collect();
        address = forwarded::client_of(peer, lines.into_iter(), |address| shared.is_trusted_proxy(address));
    }
    // A trusted proxy's, too: that is believed about the address, and about nothing else.
    if by_header {
        strip(headers);
    }
    let forwarded = by_header || passage.facts.connection.proxied;
    passage.facts.client = Client { address, forwarded };
    pipeline::run(next, passage)
}

fn strip(headers: &mut HeaderMap) {
    let foreign: Vec<HeaderName> = headers.keys().filter(|name| is_forwarding(name)).cloned().collect();
    for name in foreign {
        headers.remove(name);
    }
}

/// Header names are lower case already; an underscore is what some apps make of a hyphen.
fn is_forwarding(name: &HeaderName) -> bool {
    let name = name.as_str();
    let plain = if name.contains('_') { name.replace('_', "-") } else { String::new() };
    let name = if plain.is_empty() { name } else { plain.as_str() };
    name.starts_with("x-forwarded") || FORWARDING.contains(&name)
}
