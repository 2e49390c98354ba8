//! Another configuration while the gate serves: nothing is lost, and nothing that is wrong comes into force.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use palisade_config::{FrameOptions, HeaderOverrides};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use crate::harness::{PATIENCE, TestGate, header_of, read_all};

/// Asks over and over until told to stop; each answer must be one, whichever configuration gave it.
async fn hammer(client: reqwest::Client, url: String, stop: Arc<AtomicBool>, answered: Arc<AtomicUsize>) {
    while !stop.load(Ordering::Relaxed) {
        let response = client.get(&url).send().await.expect("every request is answered");
        assert_eq!(response.status(), 200);
        assert!(["SAMEORIGIN", "DENY"].contains(&header_of(&response, "x-frame-options")));
        assert_eq!(response.text().await.expect("to its end"), "kpi");
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

async fn until(count: &AtomicUsize, more: usize) {
    let wanted = count.load(Ordering::Relaxed) + more;
    let reached = async {
        while count.load(Ordering::Relaxed) < wanted {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, reached).await.expect("the clients go on");
}

/// covers T1.10 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_reloads_under_load_lose_no_request() {
    let gate = TestGate::with(|config| config.limits.user.requests = 1_000_000).await;
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut clients = JoinSet::new();
    for client in [gate.http1_client(), gate.http1_client(), gate.client(), gate.client()] {
        clients.spawn(hammer(client, gate.url("kpi.example", "/"), Arc::clone(&stop), Arc::clone(&answered)));
    }
    for round in 0..20 {
        until(&answered, 20).await;
        let bound = gate.reload(|config| {
            config.limits.user.requests = 1_000_000;
            if round % 2 == 0 {
                config.sites[0].headers.frame_options = Some(FrameOptions::Deny);
                config.listen.https.push("127.0.0.2:0".parse().unwrap());
            }
        });
        assert_eq!(bound.await.unwrap().https[0], gate.https());
    }
    until(&answered, 20).await;
    stop.store(true, Ordering::Relaxed);
    for client in clients.join_all().await {
        client
    }
    assert!(answered.load(Ordering::Relaxed) >= 420);
}

#[tokio::test]
async fn a_connection_that_is_open_meets_the_new_configuration_with_its_next_request() {
    let gate = TestGate::start().await;
    let mut stream = gate.tls("kpi.example", &[]).await;
    let mut frame_options = async || {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: kpi.example\r\n\r\n").await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\nkpi") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        head.lines().find_map(|line| line.strip_prefix("x-frame-options: ")).unwrap().to_owned()
    };
    assert_eq!(frame_options().await, "SAMEORIGIN");
    let deny = HeaderOverrides { frame_options: Some(FrameOptions::Deny), ..HeaderOverrides::default() };
    gate.reload(|config| config.sites[0].headers = deny).await.unwrap();
    assert_eq!(frame_options().await, "DENY");
}

#[tokio::test]
async fn an_address_that_is_gone_is_closed_once_its_requests_are_answered() {
    let mut gate = TestGate::start().await;
    let (old_https, old_http) = (gate.https(), gate.http());
    let (client, url) = (gate.client(), gate.url("kpi.example", "/slow"));
    let slow = tokio::spawn(async move { client.get(url).send().await.unwrap().text().await.unwrap() });
    while gate.seen.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let other: SocketAddr = "127.0.0.2:0".parse().unwrap();
    gate.bound = gate.reload(|config| config.listen.https = vec![other]).await.unwrap();
    assert_eq!((gate.https().ip(), gate.http()), (other.ip(), old_http));
    assert_eq!(gate.get("/", &[]).await.status(), 200);
    assert_eq!(slow.await.unwrap(), "late");
    let closed = async { while TcpStream::connect(old_https).await.is_ok() {} };
    timeout(PATIENCE, closed).await.expect("nobody listens there any more");
}

/// covers T1.10 (part)
#[tokio::test]
async fn what_cant_be_put_in_force_leaves_everything_as_it_was() {
    let gate = TestGate::start().await;
    let holder = std::net::TcpListener::bind("127.0.0.3:0").unwrap();
    let taken = holder.local_addr().unwrap();
    let refused = gate.reload(|config| {
        config.sites[0].headers.frame_options = Some(FrameOptions::Deny);
        config.listen.https.push(taken);
    });
    let message = refused.await.unwrap_err().to_string();
    assert!(message.contains(&format!("{taken} can't be listened on")) && message.contains("ss -ltnp"), "{message}");
    let refused = gate.reload(|config| {
        config.sites[0].headers.frame_options = Some(FrameOptions::Deny);
        config.tls.certificate = Some("/nowhere/cert.pem".into());
        config.tls.key = Some("/nowhere/key.pem".into());
    });
    assert!(refused.await.unwrap_err().to_string().contains("/nowhere/cert.pem"));
    assert_eq!(header_of(&gate.get("/", &[]).await, "x-frame-options"), "SAMEORIGIN");
}

#[tokio::test]
async fn counters_live_on_unless_their_limit_is_another_one() {
    let gate = TestGate::start().await;
    let tries = async |most: usize| {
        for _ in 0..most {
            let response = gate.client().post(gate.url("kpi.example", "/sign-in")).send().await.unwrap();
            if response.status() == 429 {
                return true;
            }
        }
        false
    };
    assert!(tries(20).await);
    gate.reload(|config| config.headers.hsts = false).await.unwrap();
    assert!(tries(1).await, "a reload is no way around a limit");
    gate.reload(|config| config.limits.login.burst = 30).await.unwrap();
    assert!(!tries(25).await);
}

#[tokio::test]
async fn a_site_that_is_gone_is_not_served_and_a_new_one_is() {
    let gate = TestGate::start().await;
    gate.reload(|config| drop(config.sites.remove(1))).await.unwrap();
    let gone = gate.client().get(gate.url("other.example", "/")).send().await.unwrap();
    assert_eq!(gone.status(), 421);
    gate.reload(|_| ()).await.unwrap();
    let back = gate.client().get(gate.url("other.example", "/")).send().await.unwrap();
    assert_eq!(back.text().await.unwrap(), "other");
}

#[tokio::test]
async fn a_gate_that_has_ended_opens_no_door() {
    let mut gate = TestGate::start().await;
    let mut idle = gate.tls("kpi.example", &[]).await;
    gate.stop();
    assert_eq!(read_all(&mut idle).await, "");
    timeout(PATIENCE, &mut gate.served).await.unwrap().unwrap();
    gate.reload(|config| config.listen.http.clear()).await.unwrap();
    assert!(TcpStream::connect(gate.https()).await.is_err());
}
