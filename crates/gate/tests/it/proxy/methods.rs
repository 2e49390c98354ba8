//! Rules and limits for a method of Frappe's, before an application that runs what Frappe would run.

use bytes::Bytes;
use palisade_config::{Config, LimitConfig, Network, PathPrefix, RuleConfig, SignIn};
use palisade_testkit::upstream::TestUpstream;
use reqwest::{Client, RequestBuilder, multipart};

use super::{HOST, gate_before, streamed, tems};
use crate::harness::{TestGate, header_of};

const SECRET: &str = "tems.secret";
const OPEN: &str = "tems.open";

/// Closed from everywhere that tests come from.
fn closed(path: &str) -> RuleConfig {
    let networks = vec![Network::parse("10.0.0.0/8").unwrap()];
    RuleConfig { path: PathPrefix::parse(path).unwrap(), networks, ..RuleConfig::default() }
}

fn for_role(path: &str, role: &str) -> RuleConfig {
    RuleConfig { path: PathPrefix::parse(path).unwrap(), roles: vec![role.to_owned()], ..RuleConfig::default() }
}

async fn start(change: impl FnOnce(&mut Config)) -> (TestGate, TestUpstream) {
    let app = TestUpstream::start_methods().await;
    // Nobody is to be stopped by a limit that the test is not about.
    let gate = gate_before(&app.address, |config| {
        config.limits.user.requests = 10_000;
        config.limits.api.burst = 10_000;
        change(config);
    })
    .await;
    (gate, app)
}

struct Asking<'a> {
    gate: &'a TestGate,
    client: Client,
}

impl Asking<'_> {
    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.gate.url(HOST, path))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.gate.url(HOST, path))
    }

    fn json(&self, path: &str, body: String) -> RequestBuilder {
        self.post(path).header("content-type", "application/json").body(body)
    }

    /// A command by every door that a field is, at the beginning of a body or far behind it.
    fn commands(&self, method: &str, before: &str) -> Vec<(&'static str, RequestBuilder)> {
        let parts = multipart::Form::new().text("doc", before.to_owned()).text("cmd", method.to_owned());
        let pieces = [format!("doc={before}&cm"), "d=".to_owned(), method[..4].to_owned(), method[4..].to_owned()];
        let pieces = streamed(pieces.into_iter().map(Bytes::from));
        let typed = |request: RequestBuilder| request.header("content-type", "application/x-www-form-urlencoded");
        vec![
            ("form", self.post("/").form(&[("doc", before), ("cmd", method)])),
            ("form on a page", self.post("/app/user").form(&[("doc", before), ("cmd", method), ("x", "y")])),
            ("form on another method", self.post("/api/method/tems.open").form(&[("doc", before), ("cmd", method)])),
            ("twice", self.post("/").form(&[("cmd", OPEN), ("doc", before), ("cmd", method)])),
            ("json", self.json("/", format!("{{\"doc\":\"{before}\",\"cmd\":\"{method}\"}}"))),
            ("escaped", self.json("/x", format!("{{\"doc\":\"{before}\",\"\\u0063md\":\"{method}\"}}"))),
            ("parts", self.post("/").multipart(parts)),
            ("pieces", typed(self.post("/")).body(pieces)),
        ]
    }
}

fn asking(gate: &TestGate) -> Asking<'_> {
    Asking { gate, client: gate.client() }
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

/// covers K4.2 (part)
#[tokio::test]
async fn a_method_that_a_rule_closes_is_closed_by_every_path() {
    let (gate, app) = start(|config| tems(config).rule = vec![closed("/api/method/tems.secret")]).await;
    let asking = asking(&gate);
    for path in [
        "/api/method/tems.secret",
        "/api/v1/method/tems.secret",
        "/api/v2/method/tems.secret",
        "/api/v2/method/tems.secret/",
        "/api/v1/method/tems.secret/anything",
        "/api/v2/method/tems%2esecret",
        "/api/v2%2Fmethod%2Ftems.secret",
        "/api//v2/method/tems.secret",
        "/api/v2;x/method/tems.secret;y",
        "/API/v2/Method/Tems.Secret",
        "/api/v2/method/frappe.handler.tems.secret",
        "/?cmd=tems.secret",
        "/app?x=1&%63md=tems%2Esecret",
        "/api/method/tems.open?cmd=tems.secret",
        "/api/v2/method/tems.open?cmd=tems.open&cmd=tems.secret",
        "/files/logo.png?cmd=tems.secret",
        "/login?cmd=tems.secret&cmd=tems.open",
    ] {
        for request in [asking.get(path), asking.post(path)] {
            assert_eq!(status(request).await, 403, "{path}");
        }
    }
    assert_eq!(app.counts.requests(), 0, "{:?}", app.counts.take_called());
    for path in
        ["/api/method/tems.open", "/api/v2/method/tems.open", "/app?cmd=tems.open", "/api/v2/method/tems.secretly"]
    {
        assert_eq!(status(asking.get(path)).await, 200, "{path}");
    }
    assert_eq!(app.counts.take_called(), [OPEN, OPEN, OPEN, "tems.secretly"]);
}

/// covers K4.2 (part)
#[tokio::test]
async fn a_method_that_a_rule_closes_is_closed_wherever_a_body_commands_it() {
    let (gate, app) = start(|config| tems(config).rule = vec![closed("/api/v2/method/tems.secret")]).await;
    let asking = asking(&gate);
    for before in ["x".to_owned(), "x".repeat(300_000)] {
        for (how, request) in asking.commands(SECRET, &before) {
            assert_eq!(status(request).await, 403, "{how} behind {} bytes", before.len());
        }
        assert!(app.counts.take_called().is_empty());
        for (how, request) in asking.commands("tems.secretly", &before) {
            assert_eq!(status(request).await, 200, "{how} behind {} bytes", before.len());
        }
        assert_eq!(app.counts.take_called(), ["tems.secretly"; 8]);
    }
    let unreadable = asking.post("/").header("content-encoding", "gzip").form(&[("cmd", OPEN)]);
    assert_eq!(status(unreadable).await, 403, "it may be anything");
    assert!(app.counts.take_called().is_empty());
}

/// covers K4.2 (part)
#[tokio::test]
async fn a_method_of_a_document_type_is_known_by_both_of_its_names() {
    let long = "frappe.core.doctype.sales_order.sales_order.make";
    for rule in [&format!("/api/method/{long}"), "/api/v2/method/Sales Order/make"] {
        let (gate, app) = start(|config| tems(config).rule = vec![closed(rule)]).await;
        let asking = asking(&gate);
        for path in [
            &format!("/api/v2/method/{long}"),
            &format!("/?cmd={long}"),
            "/api/v2/method/Sales%20Order/make",
            "/api/v2/method/sales-order/make",
        ] {
            assert_eq!(status(asking.post(path)).await, 403, "{rule} {path}");
        }
        assert_eq!(status(asking.post("/api/v2/method/Sales%20Order/break")).await, 200);
        assert_eq!(app.counts.take_called(), ["frappe.core.doctype.sales%20order.sales%20order.break"]);
    }
}

/// covers K4.2 (part)
#[tokio::test]
async fn a_role_opens_a_method_by_every_door_and_refusals_are_in_the_trail() {
    let (gate, app) = start(|config| tems(config).rule = vec![for_role("/api/method/tems.secret", "Admin")]).await;
    let asking = asking(&gate);
    let with = |request: RequestBuilder, token: &str| request.header("cookie", format!("__Host-palisade-site={token}"));
    for before in ["x".to_owned(), "x".repeat(300_000)] {
        for (how, request) in asking.commands(SECRET, &before) {
            assert_eq!(status(request).await, 401, "{how}: nobody is there");
        }
        for (how, request) in asking.commands(SECRET, &before) {
            assert_eq!(status(with(request, "staff")).await, 403, "{how}");
        }
        assert!(app.counts.take_called().is_empty());
        for (how, request) in asking.commands(SECRET, &before) {
            assert_eq!(status(with(request, "admin")).await, 200, "{how}");
        }
        assert_eq!(app.counts.take_called().len(), 8);
    }
    let lines = gate.trail.lines();
    let denied = lines.iter().filter(|line| line.starts_with("user:") && line.contains("access.deny")).count();
    assert_eq!(denied, 16, "each of them: {lines:?}");
}

/// covers K4.2 (part)
#[tokio::test]
async fn what_opens_a_path_opens_no_command_on_it() {
    let (gate, app) = start(|config| {
        let site = tems(config);
        site.access.sign_in = SignIn::Required;
        site.access.roles = vec!["Staff".to_owned()];
        site.access.api_paths = vec![PathPrefix::parse("/api/method").unwrap()];
        let path = PathPrefix::parse("/hook").unwrap();
        site.rule = vec![RuleConfig { path, sign_in: Some(SignIn::Open), ..RuleConfig::default() }];
    })
    .await;
    let asking = asking(&gate);
    let token = |request: RequestBuilder| request.header("authorization", "token made:up");
    assert_eq!(status(asking.get("/hook")).await, 404, "it is open, and calls nothing");
    assert_eq!(status(token(asking.get("/api/method/tems.open"))).await, 200);
    assert_eq!(app.counts.take_called(), [OPEN]);
    assert_eq!(status(asking.get("/hook?cmd=tems.open")).await, 401);
    assert_eq!(status(token(asking.get("/api/method/tems.open?cmd=tems.open"))).await, 401);
    for before in ["x".to_owned(), "x".repeat(300_000)] {
        for path in ["/hook", "/api/method/tems.open"] {
            let form = [("doc", before.as_str()), ("cmd", OPEN)];
            assert_eq!(status(token(asking.post(path).form(&form))).await, 401, "{path}");
        }
    }
    assert!(app.counts.take_called().is_empty());
}

/// covers T4.2 (part)
#[tokio::test]
async fn a_limit_for_a_method_counts_it_by_every_door_once() {
    let limit = |path: &str| LimitConfig {
        name: "reports".into(),
        site: Some("frappe".into()),
        path: Some(PathPrefix::parse(path).unwrap()),
        requests: 4,
        burst: 3,
        ..LimitConfig::default()
    };
    let long = "x".repeat(300_000);
    for (path, number) in [("/api/method/tems.secret", 0), ("/api/method", 1)] {
        let (gate, app) = start(|config| config.limit = vec![limit(path)]).await;
        let asking = asking(&gate);
        let form = |before: &str| asking.post("/").form(&[("doc", before), ("cmd", SECRET), ("cmd", SECRET)]);
        let both = asking.post("/api/v2/method/tems.secret?cmd=tems.secret").form(&[("doc", &*long), ("cmd", SECRET)]);
        for request in [asking.get("/api/v2/method/tems.secret"), form("x"), form(&long), both] {
            assert_eq!(status(request).await, 200);
        }
        assert_eq!(app.counts.take_called(), [SECRET; 4]);
        for request in
            [asking.get("/api/v1/method/tems.secret"), form("x"), form(&long), asking.get("/?cmd=tems.secret")]
        {
            let refused = request.send().await.unwrap();
            assert_eq!(refused.status(), 429);
            assert_eq!(header_of(&refused, "ratelimit-policy"), "\"reports\";q=4;w=60");
        }
        assert!(app.counts.take_called().is_empty());
        let other = [200, 429][number];
        assert_eq!(status(asking.get("/?cmd=tems.open")).await, other, "{path}");
        assert_eq!(status(asking.post("/").form(&[("doc", &*long), ("cmd", OPEN)])).await, other, "{path}");
    }
}

/// covers T4.3 (part)
#[tokio::test]
async fn a_method_that_the_site_calls_a_way_in_is_tried_six_times_by_whatever_door() {
    for before in ["x".to_owned(), "x".repeat(300_000)] {
        let way = PathPrefix::parse("/api/method/tems.secret").unwrap();
        let (gate, app) = start(|config| tems(config).ways_in = vec![way]).await;
        let mut statuses = Vec::new();
        for (_, request) in asking(&gate).commands(SECRET, &before) {
            statuses.push(status(request).await);
        }
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 429, 429], "behind {} bytes", before.len());
        assert_eq!(status(asking(&gate).post("/api/v2/method/tems.secret")).await, 429);
        assert_eq!(status(asking(&gate).post("/api/v2/method/tems.open")).await, 200);
        assert_eq!(app.counts.take_called().len(), 7);
    }
}
