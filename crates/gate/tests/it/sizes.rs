//! Sizes and times, on HTTP/1.1 and HTTP/2 alike.

use crate::harness::TestGate;

#[tokio::test]
async fn the_same_sizes_hold_on_both_protocols() {
    let gate = TestGate::with(|config| config.sizes.body_kib = 64).await;
    for client in [gate.client(), gate.http1_client()] {
        let post = async |bytes: usize| {
            let request = client.post(gate.url("kpi.example", "/upload")).body(vec![b'a'; bytes]);
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        };
        assert_eq!(post(64 * 1024).await, (200, "65536".to_owned()));
        assert_eq!(post(64 * 1024 + 1).await.0, 413);
        let long = client.get(gate.url("kpi.example", &format!("/{}", "a".repeat(9_000)))).send().await.unwrap();
        assert_eq!(long.status(), 414);
        let large = client.get(gate.url("kpi.example", "/")).header("x", "a".repeat(17_000)).send().await.unwrap();
        assert_eq!(large.status(), 431);
        let mut many = client.get(gate.url("kpi.example", "/"));
        for number in 0..120 {
            many = many.header(format!("x-{number}"), "y");
        }
        assert_eq!(many.send().await.unwrap().status(), 431);
    }
}

/// A body without a length is counted as it comes.
#[tokio::test]
async fn a_body_that_grows_too_large_on_its_way_is_refused() {
    let gate = TestGate::with(|config| config.sizes.body_kib = 64).await;
    let chunk = "10000\r\n".to_owned() + &"a".repeat(65_536) + "\r\n";
    let request = format!(
        "POST /upload HTTP/1.1\r\nHost: kpi.example\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}1\r\na\r\n0\r\n\r\n"
    );
    let answer = gate.exchange(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

/// An answer that did not need the body ends the connection, and says so: else a client would send its next request into
/// a connection that is just being closed.
#[tokio::test]
async fn a_body_that_is_left_unread_ends_the_connection_as_announced() {
    let gate = TestGate::start().await;
    for framing in ["Content-Length: 3\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3\r\n"] {
        // The rest of the body does not come until there is an answer.
        let unread =
            gate.exchange(format!("POST /nothing HTTP/1.1\r\nHost: kpi.example\r\n{framing}").as_bytes()).await;
        assert!(unread.starts_with("HTTP/1.1 404 "), "{unread}");
        assert!(unread.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{unread}");
    }
    let request = "POST /upload HTTP/1.1\r\nHost: kpi.example\r\nContent-Length: 3\r\n\r\nabc";
    let again = "GET /echo HTTP/1.1\r\nHost: kpi.example\r\nConnection: close\r\n\r\n";
    let both = gate.exchange(format!("{request}{again}").as_bytes()).await;
    assert_eq!(both.matches("HTTP/1.1 200 ").count(), 2, "{both}");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up_with_503() {
    let gate = TestGate::with(|config| config.timeouts.request_ms = 300).await;
    let response = gate.get("/never", &[("accept", "text/html")]).await;
    assert_eq!(response.status(), 503);
    assert!(response.text().await.unwrap().contains("This took too long"));
}
