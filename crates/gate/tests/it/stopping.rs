//! The end: what is under way finishes, nothing new begins.

use tokio::net::TcpStream;

use crate::harness::{PATIENCE, TestGate, read_all};

#[tokio::test]
async fn a_request_under_way_is_answered_and_then_the_gate_is_gone() {
    let mut gate = TestGate::start().await;
    let (client, url) = (gate.client(), gate.url("kpi.example", "/slow"));
    // An idle connection must not hold up the end.
    let mut idle = gate.tls("kpi.example", &[]).await;
    let slow = tokio::spawn(async move { client.get(url).send().await.unwrap().text().await.unwrap() });
    while gate.seen.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    gate.stop();
    assert_eq!(slow.await.unwrap(), "late");
    assert_eq!(read_all(&mut idle).await, "");
    tokio::time::timeout(PATIENCE, &mut gate.served).await.expect("it ends").unwrap();
    assert!(!gate.readiness.is_ready());
    assert!(TcpStream::connect(gate.https()).await.is_err());
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut() {
    let mut gate = TestGate::with(|config| config.timeouts.stop_ms = 200).await;
    let (client, url) = (gate.client(), gate.url("kpi.example", "/never"));
    let never = tokio::spawn(async move { client.get(url).send().await });
    while gate.seen.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    gate.stop();
    tokio::time::timeout(PATIENCE, &mut gate.served).await.expect("it ends").unwrap();
    assert!(never.await.unwrap().is_err());
}
