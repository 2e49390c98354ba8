//! Bytes that are no plain HTTP: smuggling, slowness, size.

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::harness::{PATIENCE, TestGate, read_all};

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
    // Long enough for a client that is only on a busy machine.
    let gate = TestGate::with(|config| config.timeouts.headers_ms = 5_000).await;
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
    let gate = TestGate::with(|config| config.timeouts.idle_ms = 5_000).await;
    let mut stream = gate.tls("kpi.example", &[]).await;
    stream.write_all(b"GET /whoami HTTP/1.1\r\nHost: kpi.example\r\n\r\n").await.unwrap();
    assert!(read_all(&mut stream).await.ends_with("anonymous"));
    let gate = TestGate::with(|config| config.timeouts.handshake_ms = 300).await;
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

/// What came before on the connection is answered as if nothing had happened.
#[tokio::test]
async fn a_sound_request_before_a_bad_one_is_answered() {
    let gate = TestGate::start().await;
    let requests = "GET /whoami HTTP/1.1\r\nHost: kpi.example\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
    let answer = gate.exchange(requests.as_bytes()).await;
    let bad = answer.find("HTTP/1.1 400 ").expect("a refusal");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer[..bad].ends_with("\r\n\r\nanonymous"), "{answer}");
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_let_go() {
    let gate = TestGate::with(|config| {
        config.timeouts.stalled_ms = 300;
        // An answer of one piece is out of the app's hands on HTTP/2: there a client that takes nothing of it is at rest.
        config.timeouts.idle_ms = 5_000;
    })
    .await;
    for alpn in [&[][..], &[&b"h2"[..]]] {
        let mut stream = gate.tls("kpi.example", alpn).await;
        if alpn.is_empty() {
            stream.write_all(b"GET /large HTTP/1.1\r\nHost: kpi.example\r\n\r\n").await.unwrap();
        } else {
            stream.write_all(&[PREFACE, &headers_frame(1, "/large", &[])].concat()).await.unwrap();
        }
        let open = async || {
            let url = format!("http://{}/metrics", gate.bound.operations.unwrap());
            gate.client().get(url).send().await.unwrap().text().await.unwrap()
        };
        // The one that asks is open too.
        let gone = async { while !open().await.contains("palisade_connections_open 1\n") {} };
        tokio::time::timeout(PATIENCE, gone).await.expect("it is let go");
        drop(stream);
    }
}

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A HEADERS frame that ends headers and stream: GET, https, the path, kpi.example, and more headers as literals.
fn headers_frame(stream: u32, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    headers_frame_to("kpi.example", stream, path, more)
}

/// The same to another host.
pub(crate) fn headers_frame_to(host: &str, stream: u32, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let mut block = vec![0x82, 0x87, 0x04];
    block.extend(text(path));
    block.push(0x01);
    block.extend(text(host));
    for (name, value) in more {
        block.push(0);
        block.extend(text(name));
        block.extend(text(value));
    }
    let length = u32::try_from(block.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], 1, 5];
    frame.extend(stream.to_be_bytes());
    frame.extend(block);
    frame
}

/// Headers that belong to one connection, a second host, a length that is not true: HTTP/2 can be misread as well.
#[tokio::test]
async fn http_2_requests_that_could_be_read_in_two_ways_reach_no_app() {
    let gate = TestGate::start().await;
    for (name, value) in [
        ("transfer-encoding", "chunked"),
        ("connection", "x-kept"),
        ("content-length", "5"),
        ("host", "other.example"),
        ("x", "a\r\nb: c"),
        ("X-Upper", "a"),
        (":path", "/all"),
    ] {
        let mut stream = gate.tls("kpi.example", &[b"h2"]).await;
        let frame = headers_frame(1, "/upload", &[(name, value)]);
        stream
            .write_all(&[PREFACE, &frame, &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat())
            .await
            .unwrap();
        let _ = read_all(&mut stream).await;
    }
    assert_eq!(gate.seen.lock().unwrap().len(), 0);
}

/// HTTP/2 as raw frames: a client that opens streams and takes them back at once is shown the door.
#[tokio::test]
async fn rapid_resets_close_the_connection_and_others_are_served() {
    let gate = TestGate::start().await;
    let mut stream = gate.tls("kpi.example", &[b"h2"]).await;
    stream.write_all(PREFACE).await.unwrap();
    for number in 0..5_000_u32 {
        let id = number * 2 + 1;
        let mut frames = headers_frame(id, "/", &[]);
        frames.extend([0, 0, 4, 3, 0].iter().chain(&id.to_be_bytes()).chain(&[0, 0, 0, 8]));
        if stream.write_all(&frames).await.is_err() {
            break;
        }
    }
    let _ = stream.flush().await;
    // It ends by itself; were it not closed, this would time out.
    read_all(&mut stream).await;
    assert_eq!(gate.get("/", &[]).await.status(), 200);
}
