//! Connections that rest: they cost little, and nobody notices.

use tokio::io::AsyncWriteExt;

use crate::harness::{PATIENCE, TestGate, read_all};

const REQUEST: &[u8] = b"GET /whoami HTTP/1.1\r\nHost: kpi.example\r\n\r\n";

/// Waits until so many connections rest.
async fn until_resting(gate: &TestGate, number: u32) {
    let url = format!("http://{}/metrics", gate.bound.operations.unwrap());
    let line = format!("palisade_connections_resting {number}\n");
    let seen = async {
        // The client of the operators' listener is made anew, or its own connection would come to rest too.
        while !gate.client().get(&url).send().await.unwrap().text().await.unwrap().contains(&line) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.expect("it comes to rest");
}

/// Reads one answer whose body has a known length.
async fn answer(stream: &mut (impl tokio::io::AsyncReadExt + Unpin)) -> String {
    let mut read = Vec::new();
    loop {
        read.push(stream.read_u8().await.unwrap());
        let Some(head) = read.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = String::from_utf8(read.clone()).unwrap().to_lowercase();
        let (_, length) = text.split_once("content-length: ").unwrap();
        let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
        if read.len() == head + 4 + length {
            return text;
        }
    }
}

#[tokio::test]
async fn a_connection_that_rested_serves_the_next_request_however_it_comes() {
    let gate = TestGate::start().await;
    let mut stream = gate.tls("kpi.example", &[b"http/1.1"]).await;
    for pieces in [vec![REQUEST], vec![&REQUEST[..1], &REQUEST[1..30], &REQUEST[30..]], vec![b"\r\n", REQUEST]] {
        until_resting(&gate, 1).await;
        for piece in pieces {
            stream.write_all(piece).await.unwrap();
            stream.flush().await.unwrap();
        }
        assert!(answer(&mut stream).await.starts_with("http/1.1 200"));
    }
}

#[tokio::test]
async fn what_comes_after_a_rest_is_judged_as_at_the_beginning() {
    let gate = TestGate::start().await;
    let mut stream = gate.tls("kpi.example", &[b"http/1.1"]).await;
    stream.write_all(REQUEST).await.unwrap();
    answer(&mut stream).await;
    until_resting(&gate, 1).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: kpi.example\r\nHost: evil.example\r\n\r\n").await.unwrap();
    assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn a_connection_that_rests_is_closed_when_its_time_is_up() {
    let gate = TestGate::with(|config| config.timeouts.idle_ms = 10_000).await;
    let mut stream = gate.tls("kpi.example", &[b"http/1.1"]).await;
    until_resting(&gate, 1).await;
    assert_eq!(read_all(&mut stream).await, "", "closed in good order, and without a word");
}

#[tokio::test]
async fn stopping_does_not_wait_for_those_that_rest() {
    let mut gate = TestGate::start().await;
    let mut stream = gate.tls("kpi.example", &[b"http/1.1"]).await;
    until_resting(&gate, 1).await;
    gate.stop();
    assert_eq!(read_all(&mut stream).await, "");
    (&mut gate.served).await.unwrap();
}
