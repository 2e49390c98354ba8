//! What operators and watchers are told, and where.

use std::sync::Arc;

use crate::harness::TestGate;

async fn ask(gate: &TestGate, path: &str, host: &str) -> (u16, String) {
    let url = format!("http://{}{path}", gate.bound.operations.unwrap());
    let response = gate.client().get(url).header("host", host).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn the_operators_listener_tells_health_and_figures() {
    let gate = TestGate::start().await;
    gate.metrics.add_source(Arc::new(|out| out.push_str("palisade_extra 7\n")));
    let _ = gate.get("/", &[]).await;
    let _ = gate.get("/whoami", &[("x-api-key", "plk_wrong")]).await;
    for _ in 0..22 {
        let _ = gate.get("/api/v1/people", &[]).await;
    }
    assert_eq!(ask(&gate, "/health", "localhost").await, (200, "ready\n".to_owned()));
    let (status, text) = ask(&gate, "/metrics", "127.0.0.1:9").await;
    assert_eq!(status, 200);
    for line in [
        "palisade_requests_total{site=\"kpi\",status=\"2xx\"} 21",
        "palisade_requests_total{site=\"kpi\",status=\"4xx\"} 3",
        "palisade_refused_total{by=\"api\"} 2",
        "palisade_authentications_total{as=\"refused\"} 1",
        "palisade_authentications_total{as=\"anonymous\"} 21",
        "palisade_request_duration_seconds_count 24",
        "# TYPE palisade_request_duration_seconds histogram",
        "palisade_extra 7",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
    assert!(text.contains("palisade_connections_total{what=\"taken\"}"), "{text}");
}

#[tokio::test]
async fn readiness_and_life_are_told_apart() {
    let gate = TestGate::start().await;
    gate.readiness.set(false);
    assert_eq!(ask(&gate, "/health/ready", "localhost").await.0, 503);
    assert_eq!(ask(&gate, "/health/live", "localhost").await.0, 200);
    let public = gate.get("/.well-known/palisade/health", &[]).await;
    assert_eq!((public.status().as_u16(), public.text().await.unwrap()), (503, "down\n".to_owned()));
}

/// Health of the sites is up or down, for any host; it is no way around anything.
#[tokio::test]
async fn the_public_health_says_up_and_nothing_else() {
    let gate = TestGate::start().await;
    for host in ["kpi.example", "evil.example"] {
        let response = gate.client().get(gate.url(host, "/.well-known/palisade/health")).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap()), (200, "up\n".to_owned()));
    }
    for path in ["/metrics", "/health"] {
        assert_eq!(gate.get(path, &[]).await.status(), 404, "{path}");
    }
    let response = gate.get("/all", &[("user-agent", "kube-probe/1.30")]).await;
    assert_eq!(response.status(), 303);
}

/// A page in a browser on this machine can't read the figures under a name of its own (DNS rebinding).
#[tokio::test]
async fn a_foreign_name_for_the_operators_address_is_refused() {
    let gate = TestGate::start().await;
    assert_eq!(ask(&gate, "/metrics", "evil.example").await.0, 421);
    let url = format!("http://{}/metrics", gate.bound.operations.unwrap());
    assert_eq!(gate.client().post(url).send().await.unwrap().status(), 405);
}
