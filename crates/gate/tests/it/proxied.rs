//! The PROXY protocol on real connections.

use std::sync::Arc;

use palisade_config::{Config, TrustedNetwork};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::harness::{TestGate, client_config, network, read_all};

fn behind_a_proxy(config: &mut Config) {
    config.listen.proxy_protocol = true;
    config.trusted_proxies = vec![TrustedNetwork::parse("127.0.0.1").unwrap()];
    config.limits.allow_list = vec![network("127.0.0.1"), network("192.0.2.0/24")];
}

/// A connection behind a header, with TLS: where that comes about, the header was read.
async fn connect(gate: &TestGate, header: &[u8]) -> Option<TlsStream<TcpStream>> {
    let mut stream = TcpStream::connect(gate.https()).await.unwrap();
    stream.write_all(header).await.unwrap();
    let tls = client_config(&[&rustls::version::TLS13]);
    let name = rustls_pki_types::ServerName::try_from("kpi.example").unwrap();
    TlsConnector::from(Arc::new(tls)).connect(name, stream).await.ok()
}

/// Relays a request behind a header, and gives the whole answer.
async fn relay(gate: &TestGate, header: &[u8], request: &str) -> String {
    let Some(mut stream) = connect(gate, header).await else { return "closed".to_owned() };
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

const WHOAMI: &str = "GET /whoami HTTP/1.1\r\nHost: kpi.example\r\nConnection: close\r\n\r\n";

fn last_seen(gate: &TestGate) -> String {
    gate.seen.lock().unwrap().last().unwrap().2.address.unwrap().to_string()
}

/// covers T1.8 (part)
#[tokio::test]
async fn a_trusted_proxys_header_says_who_the_client_is() {
    let gate = TestGate::with(behind_a_proxy).await;
    let text = b"PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n";
    assert!(relay(&gate, text, WHOAMI).await.starts_with("HTTP/1.1 200"));
    assert_eq!(last_seen(&gate), "203.0.113.7");
    let binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x08\xc6\x33\x64\x01\x01\x00\x01\xbb";
    assert!(relay(&gate, binary, WHOAMI).await.starts_with("HTTP/1.1 200"));
    assert_eq!(last_seen(&gate), "203.0.113.8");
    // The client's own word about its address is worth nothing, as ever.
    let claim = WHOAMI.replace("Connection", "X-Forwarded-For: 198.51.100.99\r\nConnection");
    assert!(relay(&gate, text, &claim).await.starts_with("HTTP/1.1 200"));
    assert_eq!(last_seen(&gate), "203.0.113.7");
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_not_served() {
    let gate = TestGate::with(behind_a_proxy).await;
    assert_eq!(relay(&gate, b"", WHOAMI).await, "closed");
    assert_eq!(relay(&gate, b"PROXY TCP4 nonsense\r\n", WHOAMI).await, "closed");
}

#[tokio::test]
async fn a_strangers_header_is_no_header() {
    let gate = TestGate::with(|config| {
        behind_a_proxy(config);
        config.trusted_proxies = vec![TrustedNetwork::parse("10.0.0.1").unwrap()];
    });
    let gate = gate.await;
    // It is taken for what it would be without the protocol: neither TLS nor HTTP.
    assert_eq!(relay(&gate, b"PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n", WHOAMI).await, "closed");
    assert!(relay(&gate, b"", WHOAMI).await.starts_with("HTTP/1.1 200"));
    assert_eq!(last_seen(&gate), "127.0.0.1");
}

#[tokio::test]
async fn a_relayed_request_is_never_exempt_from_limits() {
    let gate = TestGate::with(|config| {
        behind_a_proxy(config);
        config.limits.user.requests = 3;
    });
    let gate = gate.await;
    let allowed = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
    let mut last = String::new();
    for _ in 0..4 {
        last = relay(&gate, allowed, WHOAMI).await;
    }
    assert!(last.starts_with("HTTP/1.1 429"), "{last}");
}

#[tokio::test]
async fn a_proxied_client_has_its_own_number_of_connections() {
    let gate = TestGate::with(|config| {
        behind_a_proxy(config);
        config.limits.max_connections_per_address = 1;
        config.limits.allow_list.clear();
    });
    let gate = gate.await;
    let _first = connect(&gate, b"PROXY TCP4 203.0.113.7 198.51.100.1 1 443\r\n").await.unwrap();
    assert_eq!(relay(&gate, b"PROXY TCP4 203.0.113.7 198.51.100.1 2 443\r\n", WHOAMI).await, "closed");
    assert!(relay(&gate, b"PROXY TCP4 203.0.113.8 198.51.100.1 2 443\r\n", WHOAMI).await.starts_with("HTTP/1.1 200"));
}
