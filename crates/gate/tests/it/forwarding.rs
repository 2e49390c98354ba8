//! Whose word about the client counts.

use palisade_config::TrustedNetwork;

use crate::harness::TestGate;

async fn echo(gate: &TestGate, headers: &[(&str, &str)]) -> String {
    gate.get("/echo", headers).await.text().await.unwrap()
}

const FORGED: &[(&str, &str)] = &[
    ("x-forwarded-for", "198.51.100.9"),
    ("X-Forwarded-Proto", "http"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-uri", "/public"),
    ("x-forwarded-port", "80"),
    ("x_forwarded_for", "198.51.100.9"),
    ("forwarded", "for=198.51.100.9"),
    ("x-real-ip", "198.51.100.9"),
    ("x-real_ip", "198.51.100.9"),
    ("true-client-ip", "198.51.100.9"),
    ("x-original-url", "/public"),
    ("x-original-uri", "/public"),
    ("x-override-url", "/public"),
    ("x-rewrite-url", "/public"),
    ("x-original-host", "evil.example"),
    ("x-host", "evil.example"),
    ("x-http-host-override", "evil.example"),
    ("x-forwarded-server", "evil.example"),
    ("via", "1.1 evil.example"),
    ("cdn-loop", "evil.example"),
    ("x-forward-for", "198.51.100.9"),
    ("forwarded-for", "198.51.100.9"),
    ("client-ip", "198.51.100.9"),
    ("http-client-ip", "198.51.100.9"),
    ("x-client-ip", "198.51.100.9"),
    ("x-remote-ip", "198.51.100.9"),
    ("x-remote-addr", "198.51.100.9"),
    ("x-true-client-ip", "198.51.100.9"),
    ("x-cluster-client-ip", "198.51.100.9"),
    ("x-originating-ip", "198.51.100.9"),
    ("cf-connecting-ip", "198.51.100.9"),
    ("cf-connecting-ipv6", "2001:db8::198.51.100.9"),
    ("fastly-client-ip", "198.51.100.9"),
    ("fly-client-ip", "198.51.100.9"),
    ("x-azure-clientip", "198.51.100.9"),
    ("do-connecting-ip", "198.51.100.9"),
    ("wl-proxy-client-ip", "198.51.100.9"),
    ("cloudfront-viewer-address", "198.51.100.9:4711"),
    ("x-accel-redirect", "/public/secret"),
    ("x-accel-internal", "/public"),
    ("x-script-name", "/public"),
];

#[tokio::test]
async fn a_clients_forwarding_headers_do_not_reach_the_app() {
    let gate = TestGate::start().await;
    for (name, value) in FORGED {
        let seen = echo(&gate, &[(name, value)]).await;
        assert!(!seen.contains(value) && !seen.contains(name), "{name}: {seen}");
    }
    let seen = echo(&gate, FORGED).await;
    assert!(!seen.contains("198.51.100.9") && !seen.contains("evil") && !seen.contains("/public"), "{seen}");
    assert!(!seen.contains("forwarded") && !seen.contains("real"), "{seen}");
    let origin = gate.seen.lock().unwrap()[0].2.clone();
    assert_eq!(origin.address, Some("127.0.0.1".parse().unwrap()));
}

#[tokio::test]
async fn nobody_says_who_they_are_by_header() {
    let gate = TestGate::start().await;
    let seen = echo(
        &gate,
        &[
            ("x-palisade-user", "admin"),
            ("X_Palisade_User", "admin"),
            ("x-auth-request-user", "admin"),
            ("remote-user", "admin"),
            ("Remote_User", "admin"),
            ("x-remote-user", "admin"),
            ("x-forwarded-user", "admin"),
            ("x-webauth-user", "admin"),
            ("x-user", "admin"),
            ("x-ssl-client-dn", "admin"),
            ("x-amzn-oidc-data", "admin"),
            ("x-amzn-oidc-identity", "admin"),
            ("x-arr-clientcert", "admin"),
            ("x-client-cert", "admin"),
            ("x-client-verify", "admin"),
            ("x-goog-authenticated-user-email", "admin"),
            ("cf-access-authenticated-user-email", "admin"),
            ("tailscale-user-login", "admin"),
            ("x.palisade.user", "admin"),
            ("x-palisade-identity", "admin"),
            ("any_thing", "admin"),
            ("x-kept", "kept"),
        ],
    )
    .await;
    assert!(!seen.contains("admin"), "{seen}");
    assert!(seen.contains("x-kept: kept"), "{seen}");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_rightmost_stranger_is_the_client() {
    let gate = TestGate::with(|config| {
        config.trusted_proxies =
            vec![TrustedNetwork::parse("127.0.0.1").unwrap(), TrustedNetwork::parse("10.0.0.0/8").unwrap()];
    })
    .await;
    let client = async |lines: &[&str]| {
        let headers: Vec<(&str, &str)> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        let _ = echo(&gate, &headers).await;
        gate.seen.lock().unwrap().pop().unwrap().2.address.unwrap().to_string()
    };
    assert_eq!(client(&[]).await, "127.0.0.1");
    assert_eq!(client(&["192.0.2.7"]).await, "192.0.2.7");
    assert_eq!(client(&["203.0.113.9, 192.0.2.7"]).await, "192.0.2.7");
    assert_eq!(client(&["203.0.113.9", "192.0.2.7", "10.1.1.1"]).await, "192.0.2.7");
    assert_eq!(client(&["203.0.113.9, [2001:db8::7]:4711, 10.1.1.1:80"]).await, "2001:db8::7");
    assert_eq!(client(&["203.0.113.9, garbage"]).await, "127.0.0.1");
    assert_eq!(client(&["203.0.113.9, garbage, 10.1.1.1"]).await, "10.1.1.1");
}

/// A path in a header never decides what is opened.
#[tokio::test]
async fn a_path_in_a_header_opens_nothing() {
    let gate = TestGate::start().await;
    for name in ["x-forwarded-uri", "x-original-url", "x-rewrite-url", "x-original-uri"] {
        let response = gate.get("/mine", &[(name, "/sign-in")]).await;
        assert_eq!(response.status(), 303, "{name}");
    }
}
