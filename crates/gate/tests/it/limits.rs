//! The guide's limits, at the gate's own door. The clock stands still, so nothing leaks out meanwhile.

use palisade_base::Span;

use crate::harness::{ANNA, BERT, KEY, TestGate, header_of, network};

fn cookie(token: &str) -> String {
    format!("__Host-palisade={token}")
}

/// covers T4.1
#[tokio::test]
async fn the_101st_request_of_a_user_is_refused_with_figures() {
    let gate = TestGate::start().await;
    let anna = cookie(ANNA);
    for number in 1..=100 {
        let response = gate.get("/whoami", &[("cookie", &anna)]).await;
        assert_eq!(response.status(), 200, "{number}");
        assert_eq!(header_of(&response, "ratelimit-limit"), "100");
        assert_eq!(header_of(&response, "ratelimit-remaining"), (100 - number).to_string());
        // Files do not count.
        assert_eq!(gate.get("/assets/a.css", &[("cookie", &anna)]).await.status(), 200);
    }
    gate.clock.advance(Span::millis(500));
    let refused = gate.get("/whoami", &[("cookie", &anna)]).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header_of(&refused, "retry-after"), "60");
    assert_eq!(header_of(&refused, "ratelimit-limit"), "100");
    assert_eq!(header_of(&refused, "ratelimit-remaining"), "0");
    assert_eq!(header_of(&refused, "ratelimit-reset"), "60");
    assert_eq!(header_of(&refused, "ratelimit-policy"), "\"user\";q=100;w=60");
    assert_eq!(header_of(&refused, "ratelimit"), "\"user\";r=0;t=60");
    // Another user from the same address, and the same user a minute later, are let in.
    assert_eq!(gate.get("/whoami", &[("cookie", &cookie(BERT))]).await.status(), 200);
    gate.clock.advance(Span::millis(59_500));
    assert_eq!(gate.get("/whoami", &[("cookie", &anna)]).await.status(), 200);
}

/// covers T4.1 (part)
#[tokio::test]
async fn the_limit_and_its_window_are_configurable_and_keys_count_by_themselves() {
    let gate = TestGate::with(|config| {
        config.limits.user.requests = 3;
        config.limits.user.seconds = 10;
    })
    .await;
    for (headers, actor) in [
        (("cookie", cookie(ANNA)), "user:"),
        (("x-api-key", KEY.to_owned()), "api:"),
        (("accept", "*/*".to_owned()), "anonymous"),
    ] {
        let headers = [(headers.0, headers.1.as_str())];
        for _ in 0..3 {
            let response = gate.get("/whoami", &headers).await;
            assert!(response.text().await.unwrap().starts_with(actor));
        }
        let refused = gate.get("/whoami", &headers).await;
        assert_eq!((refused.status().as_u16(), header_of(&refused, "retry-after")), (429, "10"), "{actor}");
    }
}

/// covers T4.1 (part)
#[tokio::test]
async fn the_allow_list_is_exempt_unless_the_request_was_forwarded() {
    let gate = TestGate::with(|config| config.limits.allow_list = vec![network("127.0.0.1")]).await;
    for _ in 0..130 {
        assert_eq!(gate.get("/api/v1/people", &[]).await.status(), 200);
    }
    let forwarded = [("x-forwarded-for", "192.0.2.1")];
    let statuses = async |headers: &[(&str, &str)]| {
        let mut last = 200;
        for _ in 0..22 {
            last = gate.get("/api/v1/people", headers).await.status().as_u16();
        }
        last
    };
    assert_eq!(statuses(&forwarded).await, 429);
    // Whatever the header: that it is there is enough.
    gate.clock.advance(Span::minutes(5));
    assert_eq!(statuses(&[("forwarded", "for=127.0.0.1")]).await, 429);
}

/// covers T4.2
#[tokio::test]
async fn a_burst_of_21_calls_passes_and_the_22nd_is_refused() {
    let gate = TestGate::start().await;
    for number in 1..=21 {
        assert_eq!(gate.get("/api/v1/people", &[]).await.status(), 200, "{number}");
    }
    let refused = gate.get("/api/v1/people", &[]).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header_of(&refused, "retry-after"), "1");
    assert_eq!(header_of(&refused, "ratelimit-limit"), "21");
    assert_eq!(header_of(&refused, "ratelimit-policy"), "\"api\";q=21;w=3");
    assert_eq!(header_of(&refused, "ratelimit"), "\"api\";r=0;t=3");
    let json: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(json["error"]["code"], "RATE_LIMIT_EXCEEDED");
    // Pages are not calls.
    assert_eq!(gate.get("/", &[]).await.status(), 200);
    gate.clock.advance(Span::millis(100));
    assert_eq!(gate.get("/api/v1/people", &[]).await.status(), 200);
    assert_eq!(gate.get("/api/v1/people", &[]).await.status(), 429);
}

/// covers T4.2 (part)
#[tokio::test]
async fn an_ipv6_network_is_one_client_and_every_ipv4_address_its_own() {
    let gate = TestGate::with(|config| config.trusted_proxies = trusted()).await;
    for number in 1..=21 {
        let from = format!("2001:db8:0:1::{number:x}");
        assert_eq!(gate.get("/api/v1/people", &[("x-forwarded-for", &from)]).await.status(), 200);
    }
    let call = async |from: &str| gate.get("/api/v1/people", &[("x-forwarded-for", from)]).await.status().as_u16();
    assert_eq!(call("2001:db8:0:1:ffff::1").await, 429);
    assert_eq!(call("2001:db8:0:2::1").await, 200);
    assert_eq!(call("192.0.2.1").await, 200);
}

fn trusted() -> Vec<palisade_config::TrustedNetwork> {
    vec![palisade_config::TrustedNetwork::parse("127.0.0.1").unwrap()]
}

/// covers T4.3 (part)
#[tokio::test]
async fn six_tries_to_sign_in_pass_however_they_are_spelt() {
    let gate = TestGate::start().await;
    let client = gate.client();
    let attempt = async |path: &str| client.post(gate.url("kpi.example", path)).send().await.unwrap();
    for path in ["/sign-in", "/sign-in/factor", "/Sign-In", "//sign-in", "/%73ign-in", "/api/v1/auth/token"] {
        assert_ne!(attempt(path).await.status(), 429, "{path}");
    }
    let refused = attempt("/sign-in").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header_of(&refused, "retry-after"), "12");
    assert_eq!(attempt("/api/v1/auth/token").await.status(), 429);
    assert_eq!(gate.get("/sign-in/link/abc", &[]).await.status(), 429);
    // To look at the page is no try, and the rest of the site is not touched.
    assert_eq!(gate.get("/sign-in", &[]).await.status(), 200);
    gate.clock.advance(Span::seconds(12));
    assert_ne!(attempt("/sign-in").await.status(), 429);
    assert_eq!(attempt("/sign-in").await.status(), 429);
}

/// covers K6.1 (part)
#[tokio::test]
async fn a_flood_of_refusals_is_one_entry_a_minute_with_its_number() {
    let mut gate = TestGate::start().await;
    let attempt =
        async || gate.client().post(gate.url("kpi.example", "/sign-in?password=hunter2")).send().await.unwrap();
    let mut refused = 0;
    for _ in 0..60 {
        refused += u64::from(attempt().await.status() == 429);
    }
    assert_eq!(refused, 54);
    let first = "anonymous limit.refuse limit:login failure:too-many {\"site\":\"kpi\",\"count\":1}";
    assert_eq!(gate.trail.lines(), [first]);
    gate.clock.advance(Span::seconds(61));
    for _ in 0..20 {
        refused += u64::from(attempt().await.status() == 429);
    }
    assert_eq!(refused, 54 + 15);
    gate.stop();
    (&mut gate.served).await.unwrap();
    let entries = gate.trail.0.lock().unwrap();
    assert!(entries.len() <= 4, "{entries:?}");
    let count =
        |entry: &palisade_base::TrailEntry| entry.notes.iter().find(|(name, _)| *name == "count").unwrap().1.as_u64();
    assert_eq!(entries.iter().filter_map(count).sum::<u64>(), refused, "each is counted once, to the last");
    assert!(entries.iter().all(|entry| entry.origin.request.is_some()));
    assert_eq!(entries[0].origin.address, Some("127.0.0.1".parse().unwrap()));
}

/// covers K6.1 (part)
#[tokio::test]
async fn each_refusal_of_somebody_known_is_in_the_trail() {
    let gate = TestGate::start().await;
    for _ in 0..2 {
        assert_eq!(gate.get("/all", &[("cookie", &cookie(ANNA))]).await.status(), 403);
    }
    let line = "user:00000000-0000-0000-0000-000000000001 access.deny permission:kpi.employee.read failure:denied \
                {\"site\":\"kpi\",\"path\":\"/all\",\"count\":1}";
    assert_eq!(gate.trail.lines(), [line, line]);
    let entries = gate.trail.0.lock().unwrap();
    assert_eq!(entries[0].origin.session, Some(palisade_base::SessionId(uuid::Uuid::from_u128(1))));
}

#[tokio::test]
async fn connections_of_one_address_are_limited() {
    let gate = TestGate::with(|config| config.limits.max_connections_per_address = 3).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(gate.tls("kpi.example", &[]).await);
    }
    let mut fourth = tokio::net::TcpStream::connect(gate.https()).await.unwrap();
    assert_eq!(crate::harness::read_all(&mut fourth).await, "");
}
