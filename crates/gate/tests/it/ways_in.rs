//! A guarded site's ways in, from outside: what counts as a try to sign in, and what the app gets of it.

use palisade_config::{Config, LimitConfig, PathPrefix, Preset, UpstreamAddress, UpstreamConfig};
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
async fn a_page_of_another_site_gets_none_of_its_readers_banned() {
    let gate = behind_proxy(Preset::Frappe).await;
    let tries = tries(&gate);
    let picture = || {
        let request = tries.client.get(gate.url("other.example", "/api/method/login?refuse=403"));
        request.header("sec-fetch-site", "cross-site").header("sec-fetch-dest", "image")
    };
    for _ in 0..7 {
        assert_eq!(status("192.0.2.1", picture()).await, 403);
    }
    assert_eq!(status("192.0.2.1", tries.post("/upload")).await, 200, "it is not shut out");
}

/// Attack: the same by every other means that a page has, in browsers of today and of yesterday.
///
/// covers T5.2 (part)
#[tokio::test]
async fn no_page_elsewhere_gets_anybody_banned() {
    let gate = behind_proxy(Preset::Frappe).await;
    let tries = tries(&gate);
    let get = |path: &str| tries.client.get(gate.url("other.example", path));
    let elsewhere = |request: reqwest::RequestBuilder, dest: &str| {
        request.header("sec-fetch-site", "cross-site").header("sec-fetch-dest", dest)
    };
    let long = "x".repeat(300_000);
    for _ in 0..6 {
        for request in [
            elsewhere(tries.post("/refuse?cmd=login"), "document"),
            elsewhere(tries.post("/refuse").form(&[("cmd", "login")]), "empty"),
            elsewhere(get("/refuse?cmd=login"), "iframe"),
            // A window that a page has opened, and leads from one address to the next.
            elsewhere(get("/api/method/login?refuse=403&usr=anna&pwd=x"), "document"),
            elsewhere(get("/refuse?cmd=login"), "document"),
            // An older browser says where a form comes from, and no more.
            tries.post("/refuse?cmd=login").header("origin", "https://evil.example"),
            tries.post("/refuse?cmd=login").header("origin", "http://other.example.evil.example:8443"),
        ] {
            assert_eq!(status("192.0.2.1", request).await, 403);
        }
        // The command stands behind more than the gate reads beforehand.
        let late = tries.post("/upload").form(&[("doc", long.as_str()), ("cmd", "login")]);
        assert_eq!(status("192.0.2.2", elsewhere(late, "empty")).await, 403);
        // A link that ends a sign-in gets through, and says nothing about who followed it.
        let by_mail = get("/api/method/frappe.www.login.login_via_key?refuse=403");
        assert_eq!(status("192.0.2.3", elsewhere(by_mail, "document")).await, 403);
    }
    for from in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        assert_eq!(status(from, tries.post("/upload")).await, 200, "{from} is not shut out");
    }
}

/// covers T5.2 (part)
#[tokio::test]
async fn a_try_from_the_sites_own_page_counts() {
    let gate = behind_proxy(Preset::Frappe).await;
    let tries = tries(&gate);
    for _ in 0..5 {
        let own = tries.post("/refuse?cmd=login").header("origin", gate.url("other.example", ""));
        assert_eq!(status("192.0.2.1", own.header("sec-fetch-site", "same-origin")).await, 401);
        assert_eq!(status("192.0.2.2", tries.post("/refuse?cmd=login").header("origin", "null")).await, 401);
    }
    for from in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(status(from, tries.post("/upload")).await, 403, "{from} is shut out");
    }
}

/// Attack: a new address of the same network and another account for each try.
///
/// covers T5.2 (part)
#[tokio::test]
async fn neither_many_accounts_nor_the_addresses_of_a_network_evade_the_jail() {
    let gate = behind_proxy(Preset::Frappe).await;
    let tries = tries(&gate);
    for number in 1..=5 {
        let account = format!("user{number}@example.com");
        let request = tries.post("/refuse").form(&[("cmd", "login"), ("usr", account.as_str())]);
        // What stands in front of the last address was written by the client: it accuses nobody.
        let from = format!("203.0.113.9, 2001:db8:0:7:{number}::{number}");
        assert_eq!(status(&from, request).await, 401, "{number}");
    }
    assert_eq!(status("2001:db8:0:7:ffff::1", tries.post("/upload")).await, 403);
    assert_eq!(status("2001:db8:0:8::1", tries.post("/upload")).await, 200);
    assert_eq!(status("203.0.113.9", tries.post("/upload")).await, 200, "nobody is banned in another's place");
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

async fn get(from: &str, tries: &Tries<'_>, path: &str, cookie: &str) -> u16 {
    let request = tries.client.get(tries.gate.url("other.example", path)).header("cookie", cookie);
    status(from, request).await
}

/// covers T4.1
#[tokio::test]
async fn a_session_of_the_app_has_a_hundred_requests_and_a_made_up_one_has_none_of_its_own() {
    let gate = behind_proxy(Preset::Frappe).await;
    let tries = tries(&gate);
    for sid in ["sid=anna", "sid=bert"] {
        assert_eq!(status("192.0.2.1", tries.post(&format!("/api/method/login?{sid}"))).await, 200);
    }
    // Two people behind one address do not take each other's requests.
    for number in 1..=100 {
        assert_eq!(get("192.0.2.1", &tries, "/echo", "sid=anna").await, 200, "{number}");
        assert_eq!(get("192.0.2.1", &tries, "/assets/a.css", "sid=anna").await, 200);
    }
    let refused = tries.client.get(gate.url("other.example", "/echo")).header("cookie", "sid=anna");
    let refused = refused.header("x-forwarded-for", "198.51.100.7").send().await.unwrap();
    assert_eq!((refused.status().as_u16(), header_of(&refused, "ratelimit-policy")), (429, "\"user\";q=100;w=60"));
    assert_eq!(get("192.0.2.1", &tries, "/echo", "sid=bert").await, 200);
    // Files are free only as files: Frappe would run the command.
    assert_eq!(get("192.0.2.1", &tries, "/assets/a.css?cmd=frappe.ping", "sid=anna").await, 429);
    // A new cookie in each request: the address counts.
    for number in 1..=100 {
        assert_eq!(get("192.0.2.9", &tries, "/echo", &format!("sid=made-up-{number}")).await, 200);
    }
    assert_eq!(get("192.0.2.9", &tries, "/echo", "sid=made-up-101").await, 429);
    assert_eq!(get("192.0.2.9", &tries, "/echo", "sid=anna; sid=made-up").await, 429);
}

/// covers T4.2 (part)
#[tokio::test]
async fn calls_below_api_are_counted_however_they_are_written() {
    let gate = behind_proxy(Preset::Frappe).await;
    let tries = tries(&gate);
    for number in 0..21 {
        let path = ["/api/resource/User", "/API/x", "/%61pi/x"][number % 3];
        assert_eq!(get("2001:db8::1", &tries, path, "a=b").await, 404, "{path}");
    }
    assert_eq!(get("2001:db8::2", &tries, "/api/method/ping", "a=b").await, 429);
    assert_eq!(get("2001:db8:0:1::2", &tries, "/api/method/ping", "a=b").await, 404);
    assert_eq!(get("2001:db8::2", &tries, "/echo", "a=b").await, 200);
}

#[tokio::test]
async fn a_limit_of_ones_own_counts_beside_the_others_and_says_its_name() {
    let gate = TestGate::with(|config| {
        guard(config, Preset::Frappe);
        config.limit = vec![LimitConfig {
            name: "uploads".into(),
            site: Some("other".into()),
            path: Some(PathPrefix::parse("/upload").unwrap()),
            methods: vec!["POST".to_owned().try_into().unwrap()],
            requests: 2,
            burst: 1,
            ..LimitConfig::default()
        }];
    })
    .await;
    let tries = tries(&gate);
    for _ in 0..2 {
        assert_eq!(tries.send(tries.post("/upload")).await.status(), 200);
    }
    let refused = tries.send(tries.post("/upload")).await;
    assert_eq!((refused.status().as_u16(), header_of(&refused, "retry-after")), (429, "30"));
    assert_eq!(header_of(&refused, "ratelimit-policy"), "\"uploads\";q=2;w=60");
    assert_eq!(tries.client.post(gate.url("kpi.example", "/upload")).send().await.unwrap().status(), 200);
    let shown = gate.limits.limits();
    let uploads = shown.iter().find(|limit| limit.facts().name == "uploads").unwrap();
    let now = palisade_base::Clock::now(&*gate.clock);
    assert_eq!(
        (uploads.refused_within(60, now), uploads.facts().holds_for.as_str()),
        (1, "POST below /upload of other")
    );
    assert_eq!(uploads.who(now)[0].address.to_string(), "127.0.0.1");
}
