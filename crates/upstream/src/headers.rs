//! Headers on both ways: what belongs to one connection stays there, and the upstream hears about the client from us only.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use palisade_base::RequestId;

use crate::{cookies, facts::ForwardFacts};

/// Headers of one connection (RFC 9110, section 7.6.1), besides those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What a client may not tell an application behind a gate: which of several sites it means (Frappe), whom to ask for files
/// in its place (Rails, nginx), and a proxy for its own requests ("httpoxy").
const NOT_FROM_CLIENTS: [HeaderName; 7] = [
    // Trailers of a request are dropped: they would get past everything that looks at headers.
    header::TRAILER,
    HeaderName::from_static("x-frappe-site-name"),
    HeaderName::from_static("x-use-x-accel-redirect"),
    HeaderName::from_static("x-accel-mapping"),
    HeaderName::from_static("x-sendfile-type"),
    HeaderName::from_static("proxy"),
    // The gate has answered it already: the upstream is asked when the client has been told to go on.
    header::EXPECT,
];

/// What an upstream may not tell a client: another door to the same host (Alt-Svc), to forget our cookies, where to send
/// reports about the whole host, which keys to insist on; and what is meant for a web server in between.
const NOT_FOR_CLIENTS: [HeaderName; 13] = [
    header::ALT_SVC,
    HeaderName::from_static("clear-site-data"),
    HeaderName::from_static("nel"),
    HeaderName::from_static("report-to"),
    HeaderName::from_static("reporting-endpoints"),
    HeaderName::from_static("public-key-pins"),
    HeaderName::from_static("public-key-pins-report-only"),
    HeaderName::from_static("x-accel-redirect"),
    HeaderName::from_static("x-accel-buffering"),
    HeaderName::from_static("x-accel-charset"),
    HeaderName::from_static("x-accel-expires"),
    HeaderName::from_static("x-accel-limit-rate"),
    HeaderName::from_static("x-sendfile"),
];

/// What means something ahead of a body only. Behind one it would get past everything that looks at headers, and whoever
/// merges the two would take it for the gate's word (RFC 9110, section 6.5.1).
const NOT_BEHIND_A_BODY: [HeaderName; 15] = [
    header::SET_COOKIE,
    HeaderName::from_static("set-cookie2"),
    header::LOCATION,
    header::REFRESH,
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_DISPOSITION,
    header::CONTENT_SECURITY_POLICY,
    header::STRICT_TRANSPORT_SECURITY,
    header::X_FRAME_OPTIONS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::WWW_AUTHENTICATE,
];

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Removes the headers that `Connection` names, and leaves in `Connection` only the wish to upgrade.
///
/// It has to happen before a gate adds anything of its own: otherwise a client could name that, and have it removed.
pub fn strip_named_by_connection(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CONNECTION) {
        return;
    }
    let named: Vec<HeaderName> = headers.get_all(header::CONNECTION).iter().flat_map(tokens).collect();
    let upgrade = named.contains(&header::UPGRADE);
    headers.remove(header::CONNECTION);
    for name in named.iter().filter(|name| **name != header::UPGRADE && **name != header::HOST) {
        headers.remove(name);
    }
    if upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// What a header that is a list of names names.
fn tokens(value: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    value.as_bytes().split(|byte| *byte == b',').filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
}

/// Makes the client's headers the upstream's.
pub(crate) fn prepare_request(headers: &mut HeaderMap, facts: &ForwardFacts<'_>) {
    let trailers = headers.get_all(header::TE).iter().flat_map(tokens).any(|token| token == "trailers");
    strip_named_by_connection(headers);
    for name in HOP_BY_HOP.iter().chain(&NOT_FROM_CLIENTS) {
        headers.remove(name);
    }
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    cookies::prepare_request(headers);
    tell_about_client(headers, facts);
}

fn tell_about_client(headers: &mut HeaderMap, facts: &ForwardFacts<'_>) {
    let client = address_value(facts.client);
    // A trusted proxy is named behind the client; what it said beyond that is not passed on.
    let chain = if facts.client == facts.peer { client.clone() } else { chain_value(facts) };
    headers.insert(REAL_IP, client);
    headers.insert(FORWARDED_FOR, chain);
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(facts.scheme()));
    headers.insert(REQUEST_ID, request_value(facts.request));
    let port = facts.authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    let usual = if facts.secure { "443" } else { "80" };
    if let Ok(port) = HeaderValue::from_str(port.unwrap_or(usual)) {
        headers.insert(FORWARDED_PORT, port);
    }
    if let Ok(host) = HeaderValue::from_str(facts.authority) {
        headers.insert(FORWARDED_HOST, host.clone());
        headers.insert(header::HOST, host);
    }
}

fn address_value(address: IpAddr) -> HeaderValue {
    text_value(address.to_string())
}

fn chain_value(facts: &ForwardFacts<'_>) -> HeaderValue {
    text_value(format!("{}, {}", facts.client, facts.peer))
}

fn request_value(request: RequestId) -> HeaderValue {
    text_value(request.to_string())
}

/// Addresses and ids are ASCII, so this can't fail; were it to, an empty header says nothing.
fn text_value(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).unwrap_or(HeaderValue::from_static(""))
}

/// Makes the upstream's headers the client's. Security headers are the gate's own business.
pub(crate) fn clean_answer(headers: &mut HeaderMap) {
    strip_named_by_connection(headers);
    for name in HOP_BY_HOP.iter().chain(&NOT_FOR_CLIENTS) {
        headers.remove(name);
    }
}

/// Makes what the upstream says behind its body what the client gets behind it.
pub(crate) fn clean_trailers(trailers: &mut HeaderMap) {
    clean_answer(trailers);
    for name in &NOT_BEHIND_A_BODY {
        trailers.remove(name);
    }
}

/// What is wrong with how the answer's body is delimited, if something is: whoever reads it otherwise than we do would
/// take a part of it for the next answer.
pub(crate) fn bad_framing(headers: &HeaderMap) -> Option<&'static str> {
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    match (encodings.next(), lengths.next()) {
        (None, None) => None,
        (Some(_), Some(_)) => Some("it has Content-Length and Transfer-Encoding"),
        (Some(encoding), None) => {
            let plain = encoding.as_bytes().eq_ignore_ascii_case(b"chunked") && encodings.next().is_none();
            (!plain).then_some("its Transfer-Encoding is not chunked")
        }
        (None, Some(length)) => {
            let plain = !length.is_empty() && length.as_bytes().iter().all(u8::is_ascii_digit);
            (!plain || lengths.next().is_some()).then_some("its Content-Length is not one number")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    fn facts(client: &str, peer: &str) -> ForwardFacts<'static> {
        ForwardFacts {
            client: client.parse().unwrap(),
            peer: peer.parse().unwrap(),
            authority: "tems.example:8443",
            asked: "tems.example:8443",
            secure: true,
            request: RequestId(Default::default()),
        }
    }

    /// covers T1.8 (part)
    #[test]
    fn what_belongs_to_a_connection_stays_there() {
        let mut headers = map(&[
            ("connection", "close, X-Mine , upgrade"),
            ("connection", "x-other"),
            ("x-mine", "1"),
            ("x-other", "2"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers, deflate"),
            ("upgrade", "h2c"),
            ("proxy-authorization", "Basic eDp5"),
            ("proxy", "http://evil.example"),
            ("expect", "100-continue"),
            ("x-frappe-site-name", "other.site"),
            ("accept-encoding", "gzip"),
        ]);
        prepare_request(&mut headers, &facts("192.0.2.7", "192.0.2.7"));
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        let ours = [
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-proto",
            "x-real-ip",
            "x-request-id",
        ];
        assert_eq!(names, [&["accept-encoding", "host", "te"][..], &ours].concat());
        assert_eq!(headers["te"], "trailers");
    }

    /// covers T1.8 (part)
    #[test]
    fn the_upstream_hears_about_the_client_from_us_only() {
        let mut headers = map(&[
            ("x-forwarded-for", "198.51.100.9"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-real-ip", "198.51.100.9"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "evil.example"),
            ("host", "evil.example"),
        ]);
        prepare_request(&mut headers, &facts("2001:db8::7", "10.0.0.2"));
        let value = |name: &str| headers.get_all(name).iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(value("x-forwarded-for"), ["2001:db8::7, 10.0.0.2"]);
        assert_eq!(value("x-real-ip"), ["2001:db8::7"]);
        assert_eq!(value("x-forwarded-proto"), ["https"]);
        assert_eq!(value("x-forwarded-port"), ["8443"]);
        assert_eq!(value("x-forwarded-host"), ["tems.example:8443"]);
        assert_eq!(value("host"), ["tems.example:8443"]);
    }

    #[test]
    fn a_host_is_never_named_away() {
        let mut headers = map(&[("connection", "host, cookie"), ("host", "a"), ("cookie", "b")]);
        strip_named_by_connection(&mut headers);
        assert_eq!(headers, map(&[("host", "a")]));
    }

    #[test]
    fn what_belongs_ahead_of_a_body_does_not_come_behind_it() {
        let mut trailers = map(&[
            ("set-cookie", "__Host-palisade=x"),
            ("location", "https://evil.example"),
            ("strict-transport-security", "max-age=0"),
            ("clear-site-data", "\"*\""),
            ("grpc-status", "0"),
            ("x-sum", "42"),
        ]);
        clean_trailers(&mut trailers);
        assert_eq!(trailers, map(&[("grpc-status", "0"), ("x-sum", "42")]));
    }

    #[test]
    fn a_body_is_delimited_in_one_way() {
        assert_eq!(bad_framing(&map(&[])), None);
        assert_eq!(bad_framing(&map(&[("content-length", "12")])), None);
        assert_eq!(bad_framing(&map(&[("transfer-encoding", "Chunked")])), None);
        for bad in [
            &[("content-length", "1"), ("transfer-encoding", "chunked")][..],
            &[("content-length", "1"), ("content-length", "1")],
            &[("content-length", "1, 1")],
            &[("content-length", "+1")],
            &[("content-length", "")],
            &[("transfer-encoding", "gzip, chunked")],
            &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "identity")],
        ] {
            assert!(bad_framing(&map(bad)).is_some(), "{bad:?}");
        }
    }
}
