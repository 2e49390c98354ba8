//! The path that the gate judges and the path that the application sees are one, and so is the number of requests.

use palisade_config::Preset;
use tokio::io::AsyncWriteExt as _;

use super::{HOST, guarded, guarded_with, tems};
use crate::harness::{TestGate, read_all};

async fn get(gate: &TestGate, target: &str) -> String {
    send(gate, &format!("GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")).await
}

async fn send(gate: &TestGate, bytes: &str) -> String {
    let mut stream = gate.tls(HOST, &[]).await;
    stream.write_all(bytes.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

/// covers T1.8 (part)
#[tokio::test]
async fn a_path_arrives_byte_for_byte() {
    let (gate, _app) = guarded_with(|config| tems(config).preset = Preset::Strict).await;
    for path in ["/a%20b", "/%61bc", "/a%2eb?x=%2e%2e/..&y=//", "/%C3%A9?%", "/a:b@c!$&'()*+,=~", "/a?b?c;d"] {
        let answer = get(&gate, path).await;
        assert!(answer.contains(&format!("\"target\":\"{path}\"")), "{path}: {answer}");
    }
    let answer = get(&gate, &format!("https://{HOST}/absolute?x")).await;
    assert!(answer.contains("\"target\":\"/absolute?x\""), "{answer}");
}

/// covers T1.8 (part)
#[tokio::test]
async fn a_path_that_can_be_read_in_two_ways_does_not_arrive() {
    let (gate, app) = guarded_with(|config| tems(config).preset = Preset::Strict).await;
    for path in [
        "/public/../app",
        "/public/%2e%2e/app",
        "/public/..%2fapp",
        "/public/..;/app",
        "/public%2fapp",
        "/public%5c..%5capp",
        "/public\\app",
        "//app",
        "/public//app",
        "/public/%252e%252e/app",
        "/app%00",
        "/app%0a",
        "/%c0%ae%c0%ae/app",
        "/app;x=y",
        "/app%",
    ] {
        let answer = get(&gate, path).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
    }
    assert_eq!(app.counts.requests(), 0);
}

/// Names of Frappe's documents have slashes and semicolons; what leads elsewhere is refused there, too.
#[tokio::test]
async fn a_frappe_site_gets_names_with_slashes_and_no_way_around() {
    let (gate, app) = guarded().await;
    for path in ["/app/customer/A%2FB", "/app/item/a;b", "/files//x.png"] {
        assert!(get(&gate, path).await.contains(&format!("\"target\":\"{path}\"")), "{path}");
    }
    let before = app.counts.requests();
    for path in ["/x/..%2fapp", "//evil.example/", "/x/%2e%2e/app", "/x%5capp"] {
        assert!(get(&gate, path).await.starts_with("HTTP/1.1 400"), "{path}");
    }
    assert_eq!(app.counts.requests(), before);
}

/// A request that is hidden in another does not get out of it.
#[tokio::test]
async fn nothing_is_smuggled_to_the_application() {
    let (gate, app) = guarded().await;
    let hidden = "GET /hidden HTTP/1.1\r\nHost: tems.example\r\n\r\n";
    let length = hidden.len();
    for (name, head) in [
        ("both", format!("Content-Length: {length}\r\nTransfer-Encoding: chunked")),
        ("two lengths", format!("Content-Length: 0\r\nContent-Length: {length}")),
        ("obscure", "Transfer-Encoding: xchunked".to_owned()),
        ("space", "Transfer-Encoding : chunked".to_owned()),
        ("folded", "Transfer-Encoding:\r\n chunked".to_owned()),
        ("tab", "Transfer-Encoding:\x0bchunked".to_owned()),
        ("sign", format!("Content-Length: +{length}")),
        ("bare line end", format!("X: y\nContent-Length: {length}")),
    ] {
        let answer =
            send(&gate, &format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\n{head}\r\n\r\n0\r\n\r\n{hidden}")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{name}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{name}: {answer}");
    }
    assert_eq!(app.counts.requests(), 0);

    // As a body it is a body, and its words in a header are a header's.
    let body =
        format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{hidden}");
    let answer = send(&gate, &body).await;
    assert!(answer.contains(&format!("\"body\":{length}")), "{answer}");
    let named =
        format!("GET /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: close, content-length, transfer-encoding\r\n\r\n");
    assert!(send(&gate, &named).await.contains("\"body\":0"));
    assert_eq!(app.counts.requests(), 2);
}

/// covers T1.8 (part)
#[tokio::test]
async fn the_server_itself_is_no_path_of_the_application() {
    let (gate, app) = guarded().await;
    for method in ["GET", "HEAD", "POST", "DELETE", "PROPFIND"] {
        let answer = send(&gate, &format!("{method} * HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{method}: {answer}");
    }
    let answer = send(&gate, &format!("OPTIONS * HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert!(answer.to_lowercase().contains("allow: get, head, post,"), "{answer}");
    assert_eq!(app.counts.requests(), 0);
}

#[tokio::test]
async fn another_host_in_the_target_is_another_host() {
    let (gate, app) = guarded().await;
    for target in ["https://evil.example/", "https://kpi.example/", "http://tems.example@evil.example/"] {
        let answer = get(&gate, target).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{target}: {answer}");
    }
    assert_eq!(app.counts.requests(), 0);
}
