//! Large and endless bodies through a whole gate: what lies between client and application stays small.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use palisade_testkit::upstream::TestUpstream;
use reqwest::{Body, Client};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{HOST, guarded, guarded_with, streamed, tems};
use crate::harness::{PATIENCE, TestGate};

const PIECE: u64 = 256 * 1_024;
const MIB: u64 = 1_024 * 1_024;

/// What was made of an upload, and how far the application was behind it at the worst.
#[derive(Default)]
struct Upload {
    made: AtomicU64,
    most_between: AtomicU64,
}

/// A body of this size whose pieces are made as they are sent.
fn upload(app: &TestUpstream, size: u64, upload: &Arc<Upload>) -> Body {
    let (counts, upload) = (Arc::clone(&app.counts), Arc::clone(upload));
    let piece = Bytes::from(vec![b'x'; usize::try_from(PIECE).unwrap()]);
    streamed((0..size / PIECE).map(move |_| {
        let made = upload.made.fetch_add(PIECE, Ordering::SeqCst) + PIECE;
        upload.most_between.fetch_max(made - counts.taken(), Ordering::SeqCst);
        piece.clone()
    }))
}

async fn sends(client: impl Fn(&TestGate) -> Client, size: u64) {
    let (gate, app) = guarded_with(|config| tems(config).body_mib = Some(0)).await;
    let counted = Arc::default();
    let body = upload(&app, size, &counted);
    let answer = client(&gate).post(gate.url(HOST, "/up")).body(body).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), format!("{size} "));
    let between = counted.most_between.load(Ordering::SeqCst);
    // Buffers of the system, twice, and of client, gate and application.
    assert!(between < 32 * MIB, "{between} bytes lay between the two ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_upload_takes_little_memory_over_http1() {
    sends(TestGate::http1_client, 160 * MIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_upload_takes_little_memory_over_http2() {
    sends(TestGate::client, 160 * MIB).await;
}

/// The client takes a little of a download and stops: the application makes no more than fits on the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_is_not_taken_is_not_made() {
    for http1 in [true, false] {
        let (gate, app) = guarded().await;
        let client = if http1 { gate.http1_client() } else { gate.client() };
        let mut answer = client.get(gate.url(HOST, "/down/1000000000000")).send().await.unwrap();
        assert_eq!(answer.content_length(), Some(1_000_000_000_000));
        answer.chunk().await.unwrap().unwrap();
        loop {
            let before = app.counts.made();
            tokio::time::sleep(Duration::from_millis(100)).await;
            if app.counts.made() == before {
                break;
            }
        }
        assert!(app.counts.made() < 32 * MIB, "{} bytes were made", app.counts.made());
        drop((answer, client));
        gone(&app).await;
    }
}

/// Waits until no stream of the application is under way any more.
async fn gone(app: &TestUpstream) {
    let waiting = async {
        while app.counts.streams() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the stream ends with its client");
}

/// Events arrive one by one, for longer than a whole request may otherwise take.
#[tokio::test]
async fn events_arrive_as_they_are_sent() {
    let (gate, app) = guarded_with(|config| {
        config.timeouts.request_ms = 50;
        config.timeouts.stalled_ms = 100;
    })
    .await;
    for client in [gate.client(), gate.http1_client()] {
        let mut answer = client.get(gate.url(HOST, "/events")).send().await.unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: 0\n\n");
        // Longer than all times of the gate's own together.
        tokio::time::sleep(Duration::from_millis(400)).await;
        for number in 1..4 {
            app.counts.send_event();
            assert_eq!(answer.chunk().await.unwrap().unwrap(), format!("data: {number}\n\n"));
        }
        drop((answer, client));
        gone(&app).await;
    }
}

/// An application that breaks off in the middle never looks as if it had finished.
#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_client() {
    use palisade_testkit::upstream::{RawUpstream, Step};
    for head in ["content-length: 100", "transfer-encoding: chunked"] {
        let body = if head.starts_with('c') { "half" } else { "4\r\nhalf\r\n" };
        let script = vec![Step::Read, Step::write(&format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}"))];
        let app = RawUpstream::start(vec![script]).await;
        let gate = super::gate_before(&app.address, |_| ()).await;
        for client in [gate.client(), gate.http1_client()] {
            // The end may overtake the head on HTTP/2.
            if let Ok(answer) = client.get(gate.url(HOST, "/")).send().await {
                assert!(answer.bytes().await.is_err(), "{head}");
            }
        }
    }
}

/// Half an upload is a client that has gone: the application is not left waiting.
#[tokio::test]
async fn an_upload_that_breaks_off_breaks_off_for_the_application() {
    let (gate, app) = guarded().await;
    let mut stream = gate.tls(HOST, &[]).await;
    let head = format!("POST /up HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n\r\nhalf");
    stream.write_all(head.as_bytes()).await.unwrap();
    while app.counts.taken() < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stream);
    // The next one is served at once, on a fresh connection to the application.
    let answer = gate.client().post(gate.url(HOST, "/up")).body("whole").send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "5 ");
    assert_eq!(app.counts.connections(), 2);
}

/// covers T1.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_are_served_at_once_over_few_connections() {
    let (gate, app) = guarded_with(|config| {
        config.limits.user.requests = 100_000;
        config.limits.max_connections_per_address = 1_000;
    })
    .await;
    let clients = (0..16).map(|number| {
        let client = if number % 2 == 0 { gate.client() } else { gate.http1_client() };
        let urls: Vec<String> = (0..20).map(|turn| gate.url(HOST, &format!("/{number}/{turn}"))).collect();
        tokio::spawn(async move {
            for url in urls {
                let seen: serde_json::Value = client.get(&url).send().await.unwrap().json().await.unwrap();
                assert!(url.ends_with(seen["target"].as_str().unwrap()), "{seen}");
            }
        })
    });
    for client in futures_util::future::join_all(clients).await {
        client.unwrap();
    }
    assert_eq!(app.counts.requests(), 320);
    assert!(app.counts.connections() <= 16, "{}", app.counts.connections());
}

/// The head of a request over a raw connection is answered with the length that the application gave.
#[tokio::test]
async fn answers_keep_their_length() {
    let (gate, _app) = guarded().await;
    for method in ["GET", "HEAD"] {
        let mut stream = gate.tls(HOST, &[]).await;
        let request = format!("{method} /down/5 HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        drop(stream.read_to_string(&mut text).await);
        assert!(text.contains("content-length: 5\r\n"), "{text}");
        assert_eq!(text.ends_with("xxxxx"), method == "GET", "{text}");
    }
}
