//! Bytes that are no plain HTTP: smuggling, slowness, size.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::harness::{TestGate, read_all};

fn assert_refused(answer: &str, status: &str, what: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {answer}");
    let head = answer.split("\r\n\r\n").next().unwrap();
    for header in ["x-content-type-options: nosniff", "x-request-id: ", "connection: close"] {
        assert!(head.contains(header), "{what}: {answer}");
    }
    // One answer, and none to what was smuggled along.
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer}");
}

#[tokio::test]
async fn a_message_with_two_lengths_is_refused_and_the_connection_closed() {
    let gate = TestGate::start().await;
    let smuggled = "GET /echo HTTP/1.1\r\nHost: kpi.example\r\n\r\n";
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 0\r\nContent-Length: 42\r\n",
        "Content-Length: 0\r\nContent-Length: 0\r\n",
        "Content-Length: 0,42\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Host: other.example\r\n",
        "X: a\r\n b\r\n",
        "X: a\nContent-Length: 42\r\n",
    ] {
        let request = format!("POST /upload HTTP/1.1\r\nHost: kpi.example\r\n{headers}\r\n0\r\n\r\n{smuggled}");
        assert_refused(&gate.exchange(request.as_bytes()).await, "400", headers);
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let gate = TestGate::start().await;
    for bytes in [
        &b"hello\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nHost: kpi.example\n\n\r\n\r\n",
        b"\x16\x03\x01\x00\x00\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: kpi.example\r\nX: \0\r\n\r\n",
    ] {
        assert_refused(&gate.exchange(bytes).await, "400", &String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_bad_chunk_ends_the_request_and_the_connection() {
    let gate = TestGate::start().await;
    for body in [
        "x\r\n",
        "5;ext=1\r\nhello\r\n0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "-5\r\n",
        "0\r\nX\n\r\n",
    ] {
        let request = format!(
            "POST /upload HTTP/1.1\r\nHost: kpi.example\r\nTransfer-Encoding: chunked\r\n\r\n{body}GET / HTTP/1.1\r\nHost: kpi.example\r\n\r\n"
        );
        assert_refused(&gate.exchange(request.as_bytes()).await, "400", body);
    }
}

#[tokio::test]
async fn sound_messages_follow_each_other_on_one_connection() {
    let gate = TestGate::start().await;
    let requests = "POST /upload HTTP/1.1\r\nHost: kpi.example\r\nContent-Length: 5\r\n\r\nhello\
         \r\nPOST /upload HTTP/1.1\r\nHost: kpi.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n\
         GET /whoami HTTP/1.1\r\nHost: kpi.example\r\nConnection: close\r\n\r\n";
    let answer = gate.exchange(requests.as_bytes()).await;
    let bodies: Vec<&str> =
        answer.split("HTTP/1.1 200 OK\r\n").skip(1).map(|one| one.split("\r\n\r\n").nth(1).unwrap()).collect();
    assert_eq!(bodies, ["5", "7", "anonymous"], "{answer}");
}

/// One byte at a time makes no difference to what is understood.
#[tokio::test]
async fn a_slow_but_sound_client_is_served() {
    let gate = TestGate::start().await;
    let mut stream = gate.tls("kpi.example", &[]).await;
    let request = "POST /upload HTTP/1.1\r\nHost: kpi.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        stream.flush().await.unwrap();
    }
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n3"), "{answer}");
}

#[tokio::test]
async fn slow_headers_are_given_up_while_others_are_served() {
    let gate = TestGate::with(|config| config.timeouts.headers_ms = 300).await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = gate.tls("kpi.example", &[]).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: kpi.example\r\nX: ").await.unwrap();
        slow.push(stream);
    }
    assert_eq!(gate.get("/", &[]).await.status(), 200);
    for mut stream in slow {
        assert_refused(&read_all(&mut stream).await, "408", "slow headers");
    }
}

#[tokio::test]
async fn a_slow_body_is_given_up() {
    let gate = TestGate::with(|config| config.timeouts.body_pause_ms = 300).await;
    let head = "POST /upload HTTP/1.1\r\nHost: kpi.example\r\nContent-Length: 100\r\n\r\nabc";
    assert_refused(&gate.exchange(head.as_bytes()).await, "408", "slow body");
}

#[tokio::test]
async fn a_connection_at_rest_and_a_handshake_that_does_not_come_are_closed() {
    let gate = TestGate::with(|config| {
        config.timeouts.idle_ms = 300;
        config.timeouts.handshake_ms = 300;
    })
    .await;
    let mut stream = gate.tls("kpi.example", &[]).await;
    stream.write_all(b"GET /whoami HTTP/1.1\r\nHost: kpi.example\r\n\r\n").await.unwrap();
    assert!(read_all(&mut stream).await.ends_with("anonymous"));
    let mut silent = TcpStream::connect(gate.https()).await.unwrap();
    assert_eq!(read_all(&mut silent).await, "");
}

#[tokio::test]
async fn headers_and_addresses_that_are_too_large_are_refused() {
    let gate = TestGate::start().await;
    let get = |target: &str, headers: &str| format!("GET {target} HTTP/1.1\r\nHost: kpi.example\r\n{headers}\r\n");
    let cases = [
        ("414", get(&format!("/{}", "a".repeat(9_000)), "")),
        ("414", "A".repeat(9_000)),
        ("431", get("/", &format!("X: {}\r\n", "a".repeat(17_000)))),
        ("431", get("/", &"X: y\r\n".repeat(120))),
        // Never finished: the size alone is enough.
        ("431", format!("GET / HTTP/1.1\r\nHost: kpi.example\r\nX: {}", "a".repeat(40_000))),
    ];
    for (status, bytes) in cases {
        assert_refused(&gate.exchange(bytes.as_bytes()).await, status, status);
    }
}

/// Plain HTTP to the plain listener goes through the same door.
#[tokio::test]
async fn the_plain_listener_is_as_strict() {
    let gate = TestGate::start().await;
    for listener in [gate.http(), gate.bound.operations.unwrap()] {
        let mut stream = TcpStream::connect(listener).await.unwrap();
        let bytes = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(bytes).await.unwrap();
        assert_refused(&read_all(&mut stream).await, "400", "plain");
    }
}

/// HTTP/2 as raw frames: a client that opens streams and takes them back at once is shown the door.
#[tokio::test]
async fn rapid_resets_close_the_connection_and_others_are_served() {
    let gate = TestGate::start().await;
    let mut stream = gate.tls("kpi.example", &[b"h2"]).await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    // :method GET, :scheme https, :path / from the static table; :authority kpi.example as a literal.
    let mut block = vec![0x82, 0x87, 0x84, 0x01, 11];
    block.extend_from_slice(b"kpi.example");
    for number in 0..5_000_u32 {
        let id = (number * 2 + 1).to_be_bytes();
        let mut frames = vec![0, 0, u8::try_from(block.len()).unwrap(), 1, 5];
        frames.extend(id.iter().chain(&block));
        frames.extend([0, 0, 4, 3, 0].iter().chain(&id).chain(&[0, 0, 0, 8]));
        if stream.write_all(&frames).await.is_err() {
            break;
        }
    }
    let _ = stream.flush().await;
    // It ends by itself; were it not closed, this would time out.
    let closed = tokio::time::timeout(Duration::from_secs(10), read_all(&mut stream)).await;
    assert!(closed.is_ok());
    assert_eq!(gate.get("/", &[]).await.status(), 200);
}
