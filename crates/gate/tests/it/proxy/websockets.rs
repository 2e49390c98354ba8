//! WebSockets through the gate: who may open one, and how it ends.

use palisade_testkit::upstream::{RawUpstream, Step, masked_text_frame, text_frame};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use super::{HOST, gate_before, guarded, guarded_with, tems};
use crate::harness::{PATIENCE, TestGate, read_all};

/// From RFC 6455, section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPTED: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn handshake(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{more}\r\n"
    )
}

async fn head(stream: &mut TlsStream<TcpStream>) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(timeout(PATIENCE, stream.read_u8()).await.expect("a head comes").unwrap());
    }
    String::from_utf8(bytes).unwrap()
}

/// The next frame is this text.
pub(super) async fn frame(stream: &mut TlsStream<TcpStream>, text: &str) {
    let mut bytes = vec![0; text_frame(text).len()];
    timeout(PATIENCE, stream.read_exact(&mut bytes)).await.expect("a frame comes").unwrap();
    assert_eq!(bytes, text_frame(text));
}

async fn open(gate: &TestGate) -> TlsStream<TcpStream> {
    open_with(gate, "Origin: https://tems.example\r\n").await
}

/// A WebSocket that was asked for with these lines besides.
pub(super) async fn open_with(gate: &TestGate, more: &str) -> TlsStream<TcpStream> {
    let mut stream = gate.tls(HOST, &[]).await;
    stream.write_all(handshake("/socket.io/", more).as_bytes()).await.unwrap();
    let answer = head(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert!(
        answer.to_ascii_lowercase().contains(&format!("sec-websocket-accept: {}", ACCEPTED.to_ascii_lowercase())),
        "{answer}"
    );
    frame(&mut stream, "hello").await;
    stream
}

/// covers T1.8 (part)
#[tokio::test]
async fn a_websocket_goes_both_ways() {
    let (gate, app) = guarded().await;
    let mut stream = open(&gate).await;
    // What looks like HTTP is no HTTP any more.
    for text in ["one", "GET / HTTP/1.1", "three"] {
        stream.write_all(&masked_text_frame(text)).await.unwrap();
        frame(&mut stream, text).await;
    }
    assert_eq!(app.counts.connections(), 1);
}

#[tokio::test]
async fn what_is_sent_together_with_the_handshake_arrives() {
    let (gate, _app) = guarded().await;
    let mut stream = gate.tls(HOST, &[]).await;
    let early = [handshake("/socket.io/", "").into_bytes(), masked_text_frame("early")].concat();
    stream.write_all(&early).await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 101"));
    frame(&mut stream, "hello").await;
    frame(&mut stream, "early").await;
}

/// covers T1.8 (part)
#[tokio::test]
async fn a_page_of_another_site_opens_no_websocket() {
    let (gate, app) = guarded().await;
    for origin in [
        "https://evil.example",
        "null",
        "https://tems.example.evil.example",
        "https://kpi.example",
        "http://tems.example",
    ] {
        let mut stream = gate.tls(HOST, &[]).await;
        let more = format!("Origin: {origin}\r\n");
        stream.write_all(handshake("/socket.io/", &more).as_bytes()).await.unwrap();
        assert!(head(&mut stream).await.starts_with("HTTP/1.1 403"), "{origin}");
    }
    assert_eq!(app.counts.connections(), 0);
}

#[tokio::test]
async fn a_site_without_websockets_opens_none() {
    let (gate, app) = guarded_with(|config| tems(config).websockets = Some(false)).await;
    let mut stream = gate.tls(HOST, &[]).await;
    stream.write_all(handshake("/socket.io/", "").as_bytes()).await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 403"));
    assert_eq!(app.counts.connections(), 0);
}

/// An application that does not agree gives an ordinary answer, and the connection stays HTTP: judged as before.
#[tokio::test]
async fn without_consent_the_connection_stays_http() {
    let (gate, app) = guarded().await;
    let mut stream = gate.tls(HOST, &[]).await;
    let then = format!(
        "GET /api/method/ping HTTP/1.1\r\nHost: {HOST}\r\n\r\nPOST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all([handshake("/status/204", ""), then].concat().as_bytes()).await.unwrap();
    let all = read_all(&mut stream).await;
    let statuses: Vec<&str> = all.match_indices("HTTP/1.1 ").map(|(at, _)| &all[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["204", "200", "400"], "{all}");
    assert_eq!(app.counts.requests(), 1);
}

/// An upstream that says 101 without a word about WebSockets gets no tunnel.
#[tokio::test]
async fn a_half_hearted_consent_is_a_bad_answer() {
    for answer in
        ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"]
    {
        let app = RawUpstream::start(vec![vec![Step::Read, Step::write(answer), Step::Wait]]).await;
        let gate = gate_before(&app.address, |_| ()).await;
        let mut stream = gate.tls(HOST, &[]).await;
        stream.write_all(handshake("/socket.io/", "").as_bytes()).await.unwrap();
        assert!(head(&mut stream).await.starts_with("HTTP/1.1 502"), "{answer}");
    }
}

#[tokio::test]
async fn it_ends_when_either_side_closes() {
    let (gate, _app) = guarded().await;
    let mut stream = open(&gate).await;
    // A masked frame that closes; the application answers with one and closes.
    stream.write_all(&[0x88, 0x80, 0x11, 0x22, 0x33, 0x44]).await.unwrap();
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the tunnel ends").unwrap();
    assert_eq!(rest, [0x88, 0]);

    let closing = "HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let app = RawUpstream::start(vec![vec![Step::Read, Step::write(closing)]]).await;
    let gate = gate_before(&app.address, |_| ()).await;
    let mut stream = gate.tls(HOST, &[]).await;
    stream.write_all(handshake("/", "").as_bytes()).await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 101"));
    assert_eq!(timeout(PATIENCE, stream.read(&mut [0; 9])).await.expect("the tunnel ends").unwrap_or(0), 0);
}

#[tokio::test]
async fn it_ends_when_the_gate_stops() {
    let (mut gate, _app) = guarded().await;
    let mut stream = open(&gate).await;
    gate.stop();
    assert_eq!(timeout(PATIENCE, stream.read(&mut [0; 9])).await.expect("the tunnel ends").unwrap_or(0), 0);
}
