//! The guide's headers, on every kind of answer.

use palisade_config::{Config, FrameOptions, HeaderOverrides, HeaderText, Preset, UpstreamAddress, UpstreamConfig};

use crate::harness::{ANNA, KEY, TestGate, header_of};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'; manifest-src 'self'";

fn assert_guarded(response: &reqwest::Response, what: &str) {
    let expected = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-xss-protection", "1; mode=block"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("content-security-policy", POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in expected {
        assert_eq!(header_of(response, name), value, "{name} on {what}");
        assert_eq!(response.headers().get_all(name).iter().count(), 1, "{name} on {what}");
    }
    assert!(header_of(response, "permissions-policy").contains("camera=()"), "{what}");
    assert_eq!(header_of(response, "x-request-id").len(), 36, "{what}");
    assert_eq!(header_of(response, "server"), "", "{what}");
}

/// covers T1.2, T1.3 (part), T1.4 (part), T1.5, T1.6 (part), T1.7 (part)
#[tokio::test]
async fn every_answer_over_tls_has_all_headers() {
    let gate = TestGate::with(|config| config.timeouts.request_ms = 5_000).await;
    let client = gate.client();
    let cases = [
        (200, client.get(gate.url("kpi.example", "/"))),
        (303, client.get(gate.url("kpi.example", "/away"))),
        (304, client.get(gate.url("kpi.example", "/unchanged"))),
        (401, client.get(gate.url("kpi.example", "/api/v1/all"))),
        (401, client.get(gate.url("kpi.example", "/")).header("x-api-key", "plk_wrong")),
        (403, client.get(gate.url("kpi.example", "/all")).header("cookie", format!("__Host-palisade={ANNA}"))),
        (404, client.get(gate.url("kpi.example", "/nothing"))),
        (405, client.delete(gate.url("kpi.example", "/"))),
        (413, client.post(gate.url("kpi.example", "/upload")).body(vec![0; 17 * 1024 * 1024])),
        (421, client.get(gate.url("evil.example", "/"))),
        (500, client.get(gate.url("kpi.example", "/panic"))),
        (502, client.get(gate.url("kpi.example", "/bad-gateway"))),
        (503, client.get(gate.url("kpi.example", "/never"))),
        (503, client.get(gate.url("kpi.example", "/")).header("x-api-key", "plk_down")),
    ];
    for (status, request) in cases {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_guarded(&response, &status.to_string());
        let known = status != 421;
        let hsts = if known { "max-age=31536000; includeSubDomains; preload" } else { "" };
        assert_eq!(header_of(&response, "strict-transport-security"), hsts, "{status}");
    }
    for _ in 0..120 {
        let response = gate.get("/", &[]).await;
        if response.status() == 429 {
            assert_guarded(&response, "429");
            return;
        }
    }
    panic!("never limited");
}

/// covers T1.2 (part), T1.9 (part)
#[tokio::test]
async fn answers_over_plain_http_have_them_too_but_no_hsts() {
    let gate = TestGate::start().await;
    for (host, status) in [("kpi.example", 301), ("evil.example", 421)] {
        let url = format!("http://{}/x", gate.http());
        let response = gate.client().get(url).header("host", host).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_guarded(&response, host);
        assert_eq!(header_of(&response, "strict-transport-security"), "");
    }
}

/// covers T1.7
#[tokio::test]
async fn hsts_holds_for_names_over_tls_localhost_too_and_never_for_addresses() {
    let gate = TestGate::start().await;
    let hsts = async |url: String| {
        let response = gate.client().get(url).send().await.unwrap();
        assert_eq!(response.status(), 200);
        header_of(&response, "strict-transport-security").to_owned()
    };
    let full = "max-age=31536000; includeSubDomains; preload";
    assert_eq!(hsts(gate.url("kpi.example", "/")).await, full);
    assert_eq!(hsts(gate.url("localhost", "/")).await, full);
    assert_eq!(hsts(gate.url("127.0.0.1", "/")).await, "");
}

/// covers T1.3, T1.4, T1.6 (part), T1.7 (part)
#[tokio::test]
async fn a_site_has_headers_of_its_own_where_configured() {
    let gate = TestGate::with(|config| {
        config.sites[1].headers = HeaderOverrides {
            frame_options: Some(FrameOptions::Deny),
            xss_protection: Some(HeaderText::try_from("0".to_owned()).unwrap()),
            hsts: Some(false),
            ..HeaderOverrides::default()
        };
    })
    .await;
    let other = gate.client().get(gate.url("other.example", "/")).send().await.unwrap();
    assert_eq!(header_of(&other, "x-frame-options"), "DENY");
    assert_eq!(header_of(&other, "x-xss-protection"), "0");
    assert!(header_of(&other, "content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(header_of(&other, "strict-transport-security"), "");
    assert_guarded(&gate.get("/", &[]).await, "the other site");
}

/// An app may be stricter about its own pages, never laxer about what is ours to say.
#[tokio::test]
async fn an_app_cannot_take_a_header_back() {
    let gate = TestGate::start().await;
    let response = gate.get("/own-headers", &[]).await;
    assert_eq!(header_of(&response, "x-frame-options"), "SAMEORIGIN");
    assert_eq!(header_of(&response, "strict-transport-security"), "max-age=31536000; includeSubDomains; preload");
    assert_eq!(header_of(&response, "content-security-policy"), "default-src 'none'");
    assert_eq!(header_of(&response, "referrer-policy"), "no-referrer");
    assert_eq!(header_of(&response, "server"), "");
    assert_eq!(header_of(&response, "x-powered-by"), "");
}

#[tokio::test]
async fn pages_are_kept_out_of_caches_and_files_are_not() {
    let gate = TestGate::start().await;
    assert_eq!(header_of(&gate.get("/", &[]).await, "cache-control"), "no-store");
    assert_eq!(header_of(&gate.get("/assets/a.css", &[]).await, "cache-control"), "public, max-age=60");
    assert_eq!(header_of(&gate.get("/unchanged", &[]).await, "cache-control"), "");
}

/// Errors tell the id and nothing else.
#[tokio::test]
async fn a_crash_is_told_with_its_id_and_without_its_cause() {
    let gate = TestGate::start().await;
    let response = gate.get("/panic", &[("accept", "text/html")]).await;
    assert_eq!(response.status(), 500);
    let id = header_of(&response, "x-request-id").to_owned();
    let page = response.text().await.unwrap();
    assert!(page.contains(&id), "{page}");
    assert!(!page.contains("secret") && !page.contains("panic"), "{page}");
    let json = gate.get("/api/v1/all", &[("x-api-key", "plk_wrong")]).await;
    let id = header_of(&json, "x-request-id").to_owned();
    let json: serde_json::Value = json.json().await.unwrap();
    assert_eq!(json["error"]["request_id"], id);
    assert_eq!(gate.get("/", &[]).await.status(), 200);
}

/// A client's own id is not believed.
#[tokio::test]
async fn the_id_is_ours() {
    let gate = TestGate::start().await;
    let response = gate.get("/echo", &[("x-request-id", "mine"), ("x-api-key", KEY)]).await;
    assert_ne!(header_of(&response, "x-request-id"), "mine");
    assert!(!response.text().await.unwrap().contains("mine"));
}

/// No other origin is let in, least of all one that is only repeated back.
#[tokio::test]
async fn no_origin_is_reflected() {
    let gate = TestGate::start().await;
    let request = gate.client().request(http::Method::OPTIONS, gate.url("kpi.example", "/api/v1/people"));
    let preflight = request
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    let simple = gate.get("/api/v1/people", &[("origin", "https://evil.example")]).await;
    for response in [preflight, simple] {
        assert!(!response.headers().keys().any(|name| name.as_str().starts_with("access-control-")));
    }
}

/// The TEMS guide's set, word by word, and no header beside it.
const FRAPPE: [(&str, &str); 9] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-xss-protection", "1; mode=block"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    (
        "content-security-policy",
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: https:; font-src 'self' data:; connect-src 'self' wss:; frame-ancestors 'self';",
    ),
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("permissions-policy", ""),
    ("cross-origin-opener-policy", ""),
    ("cross-origin-resource-policy", ""),
];

/// The site `kpi.example` as a guarded one. What answers is the tests' app, as an application would behind the gate.
fn guard(config: &mut Config, preset: Preset) {
    config.sites[0].upstream = Some(UpstreamConfig::at(UpstreamAddress::parse("http://127.0.0.1:8000").unwrap()));
    config.sites[0].preset = preset;
}

fn assert_set(response: &reqwest::Response, expected: &[(&str, &str)], what: &str) {
    for (name, value) in expected {
        assert_eq!(header_of(response, name), *value, "{name} on {what}");
        assert!(response.headers().get_all(*name).iter().count() <= 1, "{name} on {what}");
    }
}

/// The same on the gate's own answers there: our pages need no inline scripts, whatever the application needs.
fn on_own_answers<'a>(expected: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let own =
        |(name, value): &(&'a str, &'a str)| (*name, if *name == "content-security-policy" { POLICY } else { value });
    expected.iter().map(own).collect()
}

/// covers T1.2, T1.3, T1.4, T1.5, T1.6 (part), T1.7 (part)
#[tokio::test]
async fn every_answer_of_a_guarded_frappe_site_has_the_guides_headers() {
    let gate = TestGate::with(|config| {
        guard(config, Preset::Frappe);
        config.timeouts.request_ms = 5_000;
    });
    let gate = gate.await;
    let client = gate.client();
    let cases = [
        (200, client.get(gate.url("kpi.example", "/"))),
        (200, client.get(gate.url("kpi.example", "/own-headers"))),
        (303, client.get(gate.url("kpi.example", "/away"))),
        (304, client.get(gate.url("kpi.example", "/unchanged"))),
        (403, client.get(gate.url("kpi.example", "/forbidden"))),
        (404, client.get(gate.url("kpi.example", "/nothing"))),
        (502, client.get(gate.url("kpi.example", "/bad-gateway"))),
    ];
    for (status, request) in cases {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        let expected = if response.url().path() == "/own-headers" {
            // The application's own is stricter than the guide's, so it stays.
            FRAPPE.map(|(name, value)| (name, if name == "referrer-policy" { "no-referrer" } else { value }))
        } else {
            FRAPPE
        };
        assert_set(&response, &expected, &format!("{status} {}", response.url().path()));
        assert_eq!((header_of(&response, "server"), header_of(&response, "x-powered-by")), ("", ""), "{status}");
    }
}

/// covers T1.2, T1.3, T1.4, T1.5, T1.6 (part), T1.7 (part)
#[tokio::test]
async fn the_gates_own_answers_on_a_guarded_site_have_the_guides_headers_and_the_strict_policy() {
    let gate = TestGate::with(|config| {
        guard(config, Preset::Frappe);
        config.timeouts.request_ms = 5_000;
    })
    .await;
    let client = gate.client();
    let cases = [
        (400, client.get(gate.url("kpi.example", "/a%2f%2e%2e/b"))),
        (404, client.get(gate.url("kpi.example", "/.palisade/nothing"))),
        (413, client.post(gate.url("kpi.example", "/upload")).body(vec![0; 17 * 1024 * 1024])),
        (503, client.get(gate.url("kpi.example", "/never"))),
    ];
    let expected = on_own_answers(&FRAPPE);
    for (status, request) in cases {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_set(&response, &expected, &status.to_string());
    }
    for _ in 0..120 {
        let response = gate.get("/api/v1/people", &[]).await;
        if response.status() == 429 {
            return assert_set(&response, &expected, "429");
        }
    }
    panic!("the limit holds for a guarded site too");
}

/// covers K0.3
#[tokio::test]
async fn the_preset_kpi_has_the_kpi_guides_policy_and_no_preload() {
    let gate = TestGate::with(|config| guard(config, Preset::Kpi)).await;
    let expected = [
        (
            "content-security-policy",
            "default-src 'self'; script-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
             font-src 'self'; connect-src 'self'",
        ),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-xss-protection", "1; mode=block"),
    ];
    for path in ["/", "/own-headers", "/nothing", "/bad-gateway"] {
        assert_set(&gate.get(path, &[]).await, &expected, path);
    }
}

#[tokio::test]
async fn a_guarded_site_without_a_preset_has_the_strict_headers_and_keeps_its_own_policy_where_that_is_configured() {
    let gate = TestGate::with(|config| guard(config, Preset::Strict)).await;
    let own = gate.get("/own-headers", &[]).await;
    assert_eq!(header_of(&own, "content-security-policy"), POLICY);
    assert_eq!(header_of(&own, "cross-origin-opener-policy"), "same-origin");
    let keep = HeaderOverrides { keep_content_security_policy: Some(true), ..HeaderOverrides::default() };
    gate.reload(|config| config.sites[0].headers = keep).await.unwrap();
    let own = gate.get("/own-headers", &[]).await;
    assert_eq!(header_of(&own, "content-security-policy"), "default-src 'none'");
    assert_eq!(header_of(&gate.get("/", &[]).await, "content-security-policy"), POLICY);
    // A policy of one's own is the application's, too.
    let own = HeaderOverrides {
        content_security_policy: Some(HeaderText::try_from("default-src *".to_owned()).unwrap()),
        ..HeaderOverrides::default()
    };
    gate.reload(|config| config.sites[0].headers = own).await.unwrap();
    assert_eq!(header_of(&gate.get("/", &[]).await, "content-security-policy"), "default-src *");
    let refusal = gate.get("/.palisade/nothing", &[]).await;
    assert_eq!(header_of(&refusal, "content-security-policy"), POLICY);
}
