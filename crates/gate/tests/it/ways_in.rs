//! A guarded site's ways in, from outside: what counts as a try to sign in, and what the app gets of it.

use palisade_config::{Config, Preset, UpstreamAddress, UpstreamConfig};
use reqwest::{Response, multipart};

use crate::harness::{TestGate, header_of};

/// Makes the second site a guarded one. Its app is the harness's, in the place of an upstream.
fn guard(config: &mut Config, preset: Preset) {
    config.sites[1].preset = preset;
    config.sites[1].upstream = Some(UpstreamConfig::at(UpstreamAddress::parse("http://127.0.0.1:9").unwrap()));
}

async fn frappe() -> TestGate {
    TestGate::with(|config| guard(config, Preset::Frappe)).await
}

struct Tries<'a> {
    gate: &'a TestGate,
    client: reqwest::Client,
}

impl Tries<'_> {
    async fn send(&self, request: reqwest::RequestBuilder) -> Response {
        request.send().await.unwrap()
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(self.gate.url("other.example", path))
    }
}

fn tries(gate: &TestGate) -> Tries<'_> {
    Tries { gate, client: gate.client() }
}

/// covers T4.3
#[tokio::test]
async fn six_tries_at_a_frappe_site_pass_whatever_the_way_and_the_seventh_does_not() {
    let gate = frappe().await;
    let tries = tries(&gate);
    let json = |text: &'static str| tries.post("/app").header("content-type", "application/json").body(text);
    let parts = multipart::Form::new().text("usr", "anna").text("cmd", "login");
    for request in [
        tries.post("/api/method/login"),
        tries.post("/upload").form(&[("usr", "anna"), ("cmd", "login")]),
        tries.post("/upload?cmd=login"),
        json(r#"{"\u0063md":"login"}"#),
        tries.post("/upload").multipart(parts),
        tries.client.get(gate.url("other.example", "/?%63md=login")),
    ] {
        assert_ne!(tries.send(request).await.status(), 429);
    }
    let refused = tries.send(tries.post("/upload").form(&[("cmd", "login")])).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header_of(&refused, "retry-after"), "12");
    // Looking at the page is no try, nor is another command; and the other site's sign-in shares the budget.
    assert_eq!(tries.send(tries.post("/upload").form(&[("cmd", "ping")])).await.status(), 200);
    assert_eq!(tries.client.post(gate.url("kpi.example", "/sign-in")).send().await.unwrap().status(), 429);
}

/// covers T4.3 (part)
#[tokio::test]
async fn a_login_behind_a_long_field_is_stopped_on_its_way_to_the_app() {
    let gate = frappe().await;
    let tries = tries(&gate);
    let long = "x".repeat(300_000);
    let late = || tries.post("/upload").form(&[("doc", long.as_str()), ("cmd", "login")]);
    for number in 1..=6 {
        let answer = tries.send(late()).await;
        // The app counts the bytes that it got: all of them.
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, "300014".to_owned()), "{number}");
    }
    let refused = tries.send(late()).await;
    assert_eq!((refused.status().as_u16(), header_of(&refused, "retry-after")), (429, "12"));
    // A large document without a command is nobody's try.
    let saved = tries.send(tries.post("/upload").form(&[("doc", long.as_str())])).await;
    assert_eq!(saved.status(), 200);
}

/// covers T4.2 (part), T4.3 (part)
#[tokio::test]
async fn the_login_limit_holds_beside_that_of_the_api() {
    let gate = frappe().await;
    let tries = tries(&gate);
    let mut statuses = Vec::new();
    for _ in 0..22 {
        statuses.push(tries.send(tries.post("/api/method/login")).await.status().as_u16());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 16);
    // 22 calls have used up the API's burst of 21, those too that the login limit refused.
    let call = tries.client.get(gate.url("other.example", "/api/resource/User")).send().await.unwrap();
    assert_eq!((call.status().as_u16(), header_of(&call, "ratelimit-limit")), (429, "21"));
}

/// Behind a proxy on loopback, so that clients can have any address.
async fn behind_proxy(preset: Preset) -> TestGate {
    TestGate::with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".to_owned().try_into().unwrap()];
        guard(config, preset);
    })
    .await
}

async fn status(from: &str, request: reqwest::RequestBuilder) -> u16 {
    request.header("x-forwarded-for", from).send().await.unwrap().status().as_u16()
}

/// covers T5.2 (part)
#[tokio::test]
async fn five_refusals_of_the_app_shut_out_whoever_tried() {
    let gate = behind_proxy(Preset::Frappe).await;
    let tries = tries(&gate);
    for (from, shut_out) in [("192.0.2.1", "/refuse?cmd=login"), ("192.0.2.2", "/api/method/login?refuse=403")] {
        for _ in 0..5 {
            assert!(matches!(status(from, tries.post(shut_out)).await, 401 | 403));
        }
        let answer = tries.post("/").header("x-forwarded-for", from).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header_of(&answer, "retry-after")), (403, "3600"), "{from}");
    }
    // Being refused elsewhere is no failed try, nor is a login that the app lets pass.
    for _ in 0..6 {
        assert_eq!(status("192.0.2.3", tries.post("/refuse")).await, 401);
        assert_eq!(status("192.0.2.4", tries.post("/upload?cmd=login")).await, 200);
    }
    assert_eq!(status("192.0.2.3", tries.post("/upload")).await, 200);
    assert_eq!(status("192.0.2.4", tries.post("/upload")).await, 200);
}

/// covers T5.2 (part)
#[tokio::test]
async fn names_and_passwords_in_a_header_count_where_they_are_refused() {
    let gate = behind_proxy(Preset::Strict).await;
    let tries = tries(&gate);
    let basic = || tries.client.get(gate.url("other.example", "/refuse")).basic_auth("anna", Some("wrong"));
    let bearer = || tries.client.get(gate.url("other.example", "/refuse")).bearer_auth("ran-out");
    for _ in 0..5 {
        assert_eq!(status("192.0.2.1", basic()).await, 401);
        assert_eq!(status("192.0.2.2", bearer()).await, 401);
    }
    assert_eq!(status("192.0.2.1", basic()).await, 403);
    assert_eq!(status("192.0.2.2", bearer()).await, 401);
}

/// covers T5.2 (part)
#[tokio::test]
async fn a_form_that_comes_back_was_not_accepted() {
    let gate = behind_proxy(Preset::Kpi).await;
    let tries = tries(&gate);
    for _ in 0..5 {
        assert_eq!(status("192.0.2.1", tries.post("/login?again")).await, 200);
    }
    assert_eq!(status("192.0.2.1", tries.post("/login?again")).await, 403);
}
