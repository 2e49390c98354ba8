//! Sign-in before a guarded site: the way to the console and back, who gets where, and what the application is told.

use palisade_config::{Config, SiteConfig};
use reqwest::{Method, RequestBuilder, Response};

use crate::harness::{TestGate, header_of, network};

const ASKS: &str = "[[site]]\nname = \"tems\"\nhosts = [\"tems.example\"]\nupstream = \"http://127.0.0.1:9\"\n\
    [site.access]\nsign_in = \"required\"\nroles = [\"Staff\", \"Admin\"]\nidentity = [\"jwt\", \"headers\"]\n\
    api_paths = [\"/echo/api\"]\nbackground_paths = [\"/poll\"]\n\
    [[site.rule]]\npath = \"/away\"\nsign_in = \"open\"\n\
    [[site.rule]]\npath = \"/unchanged\"\nroles = [\"Admin\"]\n\
    [[site.rule]]\npath = \"/echo/api/boss\"\nroles = [\"Admin\"]\n\
    [[site.rule]]\npath = \"/all\"\nnetworks = [\"10.0.0.0/8\"]\n";

/// The harness's app as a guarded one: it shows what gets to it.
async fn gate(site: &str) -> TestGate {
    let written =
        format!("[console]\nhost = \"kpi.example\"\n[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example\"]\n{site}");
    let parsed = Config::parse("palisade.toml".as_ref(), &written).unwrap();
    let site: SiteConfig = parsed.sites.iter().find(|site| site.name == "tems").unwrap().clone();
    TestGate::with(|config| {
        config.console.host = parsed.console.host.clone();
        config.sites.push(site);
    })
    .await
}

fn ask(gate: &TestGate, method: Method, path: &str) -> RequestBuilder {
    gate.client().request(method, gate.url("tems.example", path))
}

/// As a browser asks for a page.
fn navigate(gate: &TestGate, path: &str) -> RequestBuilder {
    let request =
        ask(gate, Method::GET, path).header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
    request.header("accept", "text/html")
}

fn signed_in(request: RequestBuilder, token: &str) -> RequestBuilder {
    request.header("cookie", format!("__Host-palisade-site={token}"))
}

async fn send(request: RequestBuilder) -> (u16, Response) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response)
}

async fn status(request: RequestBuilder) -> u16 {
    send(request).await.0
}

/// The cookie and the state of a sign-in that begins at this path.
async fn begin(gate: &TestGate, path: &str) -> (String, String) {
    let (status, response) = send(navigate(gate, path)).await;
    assert_eq!(status, 303);
    let cookie = header_of(&response, "set-cookie");
    assert!(
        cookie.starts_with("__Host-palisade-visit-") && cookie.contains("; Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let to = header_of(&response, "location");
    let console = gate.url("kpi.example", "/sign-in/site?site=tems&state=");
    let state = to.strip_prefix(&console).unwrap_or_else(|| panic!("{to}")).to_owned();
    assert_eq!(
        (header_of(&response, "referrer-policy"), header_of(&response, "cache-control")),
        ("no-referrer", "no-store")
    );
    (cookie.split(';').next().unwrap().to_owned(), state)
}

#[tokio::test]
async fn who_reads_a_page_is_sent_to_the_console_and_nobody_else_is() {
    let gate = gate(ASKS).await;
    begin(&gate, "/echo?x=1").await;
    for (method, headers) in [
        (Method::GET, &[("accept", "application/json")][..]),
        (Method::GET, &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")]),
        (Method::POST, &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]),
        (Method::GET, &[("connection", "upgrade"), ("upgrade", "websocket"), ("accept", "text/html")]),
    ] {
        let mut request = gate.http1_client().request(method, gate.url("tems.example", "/echo"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (status, response) = send(request).await;
        assert_eq!(
            (status, header_of(&response, "www-authenticate")),
            (401, "Bearer realm=\"palisade\""),
            "{headers:?}"
        );
        assert!(!response.headers().contains_key("set-cookie"));
    }
    assert!(gate.asked.lock().unwrap().is_empty(), "nobody was looked up, for nobody showed anything");
}

#[tokio::test]
async fn the_browser_that_began_comes_back_to_where_it_wanted_to_go() {
    let gate = gate(ASKS).await;
    let (cookie, state) = begin(&gate, "/echo?x=1").await;
    let back = format!("/.palisade/hand-off?code=code&state={state}");
    let (status, response) = send(navigate(&gate, &back).header("cookie", &cookie)).await;
    assert_eq!((status, header_of(&response, "location")), (303, "/echo?x=1"));
    assert_eq!(
        header_of(&response, "set-cookie"),
        "__Host-palisade-site=staff; Path=/; Secure; HttpOnly; SameSite=Lax"
    );
    assert_eq!(
        (header_of(&response, "referrer-policy"), header_of(&response, "cache-control")),
        ("no-referrer", "no-store")
    );
    assert_eq!(*gate.asked.lock().unwrap(), ["take tems code own=true"]);
}

#[tokio::test]
async fn what_another_browser_began_signs_nobody_in() {
    let gate = gate(ASKS).await;
    let (_, theirs) = begin(&gate, "/").await;
    let (mine, _) = begin(&gate, "/").await;
    let back = format!("/.palisade/hand-off?code=code&state={theirs}");
    for cookies in [mine.as_str(), ""] {
        let (status, response) = send(navigate(&gate, &back).header("cookie", cookies)).await;
        assert_eq!(status, 401, "{cookies}");
        assert!(!response.headers().contains_key("set-cookie"));
    }
    assert_eq!(*gate.asked.lock().unwrap(), ["take tems code own=false"; 2]);
    // What is no part of signing in at all does not get that far.
    for odd in ["/.palisade/hand-off", "/.palisade/hand-off?code=code", "/.palisade/hand-off?code=a&code=b&state=c"] {
        assert_eq!(status(navigate(&gate, odd)).await, 400, "{odd}");
    }
}

#[tokio::test]
async fn two_tabs_that_begin_at_once_both_come_back() {
    let gate = gate(ASKS).await;
    let ((one, first), (two, second)) = (begin(&gate, "/one").await, begin(&gate, "/two").await);
    let both = format!("{one}; {two}");
    for (state, path) in [(second, "/two"), (first, "/one")] {
        let back = format!("/.palisade/hand-off?code=code&state={state}");
        let (_, response) = send(navigate(&gate, &back).header("cookie", &both)).await;
        assert_eq!(header_of(&response, "location"), path);
    }
}

/// covers T1.8 (part)
#[tokio::test]
async fn the_application_is_told_by_the_gate_and_by_nobody_else() {
    let gate = gate(ASKS).await;
    let forged = [
        "X-Palisade-User",
        "x-palisade-roles",
        "X-PALISADE-IDENTITY",
        "x_palisade_user",
        "x-palisade_roles",
        "Remote-User",
    ];
    let mut request = signed_in(ask(&gate, Method::GET, "/echo"), "staff");
    for name in forged {
        request = request.header(name, "mallory").header(name, "root");
    }
    let (status, response) = send(request).await;
    let seen = response.text().await.unwrap();
    assert_eq!(status, 200, "{seen}");
    assert!(!seen.contains("mallory") && !seen.contains("root"), "{seen}");
    let (console, site) = (gate.url("kpi.example", ""), gate.url("tems.example", ""));
    for line in [
        "x-palisade-user: anna".to_owned(),
        "x-palisade-email: anna@handy.example".to_owned(),
        "x-palisade-name: Anna %C3%96".to_owned(),
        "x-palisade-roles: Staff".to_owned(),
        format!("x-palisade-identity: {console} to {site}"),
    ] {
        assert_eq!(seen.lines().filter(|found| **found == line).count(), 1, "{line} in {seen}");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_is_nobody_on_an_open_site() {
    let gate = gate(&ASKS.replace("\"required\"", "\"open\"")).await;
    let (status, response) = send(ask(&gate, Method::GET, "/echo").header("x-palisade-user", "mallory")).await;
    assert_eq!(status, 200);
    assert!(!response.text().await.unwrap().contains("palisade"));
    let known = send(signed_in(ask(&gate, Method::GET, "/echo"), "staff")).await.1.text().await.unwrap();
    assert!(known.contains("x-palisade-user: anna"), "{known}");
    // Who wants to be known there goes to the console by a link of the application's.
    let (status, response) = send(navigate(&gate, "/.palisade/sign-in?next=%2Fecho%3Fa%3D1")).await;
    assert_eq!(status, 303);
    assert!(header_of(&response, "location").starts_with(&gate.url("kpi.example", "/sign-in/site?")));
    let elsewhere = signed_in(navigate(&gate, "/.palisade/sign-in?next=//evil.example"), "staff");
    assert_eq!(header_of(&send(elsewhere).await.1, "location"), "/");
}

/// covers K4.2 (part)
#[tokio::test]
async fn roles_and_networks_close_paths_and_what_they_refuse_is_in_the_trail() {
    let gate = gate(ASKS).await;
    assert_eq!(status(signed_in(ask(&gate, Method::GET, "/unchanged"), "admin")).await, 304);
    assert_eq!(status(signed_in(ask(&gate, Method::GET, "/"), "admin")).await, 200);
    for path in ["/unchanged", "/UNCHANGED", "/%75nchanged/x"] {
        let (status, response) = send(signed_in(ask(&gate, Method::GET, path), "staff")).await;
        assert_eq!(status, 403, "{path}");
        assert!(response.text().await.unwrap().contains("you need the role Admin"));
    }
    assert_eq!(status(signed_in(ask(&gate, Method::GET, "/all"), "admin")).await, 403);
    assert_eq!(status(ask(&gate, Method::GET, "/away")).await, 303, "open, and its own redirect");
    let denied = gate.trail.lines().iter().filter(|line| line.contains("access.deny")).count();
    assert_eq!(denied, 4, "{:?}", gate.trail.lines());
}

#[tokio::test]
async fn the_applications_own_tokens_pass_where_they_are_enough_and_speak_for_nobody() {
    let gate = gate(ASKS).await;
    let with_token = |path: &str| ask(&gate, Method::GET, path).header("authorization", "token key:secret");
    let (status_with_token, response) = send(with_token("/echo/api").header("cookie", "sid=stolen")).await;
    let seen = response.text().await.unwrap();
    assert!(status_with_token == 200 && seen.contains("authorization: token key:secret"), "{seen}");
    // Applications take the cookie where they do not know the token.
    assert!(!seen.contains("cookie:"), "a made-up token carried a cookie past the sign-in: {seen}");
    assert_eq!(status(with_token("/echo")).await, 401);
    // A rule that asks for a role, a session in the address: a made-up token opens neither.
    assert_eq!(status(with_token("/echo/api/boss")).await, 401);
    assert_eq!(status(with_token("/echo/api?%73id=stolen")).await, 401);
    assert_eq!(status(ask(&gate, Method::GET, "/echo/api")).await, 401);
    // A key of ours is none of the application's, and never gets there.
    for (name, value) in [("x-api-key", "plk_key"), ("authorization", "Bearer plk_key")] {
        let request = signed_in(ask(&gate, Method::GET, "/echo").header(name, value), "staff");
        assert_eq!(status(request).await, 401, "{name}");
    }
    let own = signed_in(ask(&gate, Method::GET, "/echo").header("x-api-key", "the-apps-own"), "staff");
    assert!(send(own).await.1.text().await.unwrap().contains("x-api-key: the-apps-own"));
}

/// A token of Frappe's is enough below `/upload`, and its application takes a session from wherever it takes fields.
const FRAPPE: &str = "[[site]]\nname = \"tems\"\nhosts = [\"tems.example\"]\nupstream = \"http://127.0.0.1:9\"\n\
    preset = \"frappe\"\n[site.access]\nsign_in = \"required\"\nroles = [\"Staff\"]\napi_paths = [\"/upload\"]\n";

/// Attack: whoever has got hold of a session of the application's names it beside a made-up token.
#[tokio::test]
async fn a_session_in_address_or_body_gets_past_the_sign_in_with_no_made_up_token() {
    let gate = gate(FRAPPE).await;
    let post = |path: &str| ask(&gate, Method::POST, path).header("authorization", "token made:up");
    let json = |text: &'static str| post("/upload").header("content-type", "application/json").body(text);
    assert_eq!(send(post("/upload").form(&[("doc", "sid")])).await.1.text().await.unwrap(), "7", "a token is enough");
    for query in ["?sid=stolen", "?a=b&%73id=stolen", "?a=b;sid=stolen", "?SID=stolen", "?sid=&sid=stolen"] {
        assert_eq!(status(post(&format!("/upload{query}"))).await, 401, "{query}");
    }
    for (what, request) in [
        ("a form", post("/upload").form(&[("doc", "x"), ("sid", "stolen")])),
        ("JSON", json(r#"{"doc":"x","sid":"stolen"}"#)),
        ("JSON with escapes", json(r#"{"doc":{"a":1},"\u0073id":"stolen"}"#)),
        ("parts", post("/upload").multipart(reqwest::multipart::Form::new().text("doc", "x").text("sid", "stolen"))),
    ] {
        assert_eq!(status(request).await, 401, "{what}");
    }
    // Behind more than the gate reads beforehand: the application does not get to the end of it.
    let long = "x".repeat(300_000);
    let late = |name: &'static str| post("/upload").form(&[("doc", long.as_str()), (name, "stolen")]);
    assert_eq!(status(late("sit")).await, 200);
    assert_eq!(status(late("sid")).await, 401);
    // A document may have such a field.
    let document = || json(r#"{"doc":{"sid":"one of its fields"},"docs":[{"sid":"another"}]}"#);
    assert_eq!(status(document()).await, 200);
    // Who is signed in, and shows no token, may do as the application likes.
    let form = ask(&gate, Method::POST, "/upload").form(&[("doc", long.as_str()), ("sid", "own")]);
    assert_eq!(status(signed_in(form, "staff")).await, 200);
}

/// Attack: ask for a closed page under a name that an application could serve it by as well.
#[tokio::test]
async fn a_closed_page_is_closed_under_every_name_that_it_may_have() {
    let gate = gate(ASKS).await;
    let staff = |path: &str| signed_in(ask(&gate, Method::GET, path), "staff");
    for path in ["/unchanged.html", "/unchanged.json", "/Unchanged.HTML", "/unchanged.", "/unchanged.html/x"] {
        assert_eq!(status(staff(path)).await, 403, "{path}");
    }
    for path in [
        "/unchanged%20",
        "/%20unchanged",
        "/unchanged%09",
        "/unchanged%20/x",
        "/unchanged%C2%A0",
        "/unchanged%E2%80%8B",
        "/unch%C2%ADanged",
        "/%EF%BB%BFunchanged",
        "/unchanged%E2%80%AE",
        "/unchanged%E3%80%80",
    ] {
        assert_eq!(status(staff(path)).await, 400, "{path}");
    }
    assert_eq!(status(staff("/unchanging.html")).await, 404, "another page is the application's business");
}

/// Attack: who is not signed in asks and guesses without end.
#[tokio::test]
async fn strangers_are_counted_where_everybody_has_to_sign_in() {
    let gate = gate(ASKS).await;
    for number in 0..100 {
        let request = match number % 3 {
            0 => ask(&gate, Method::GET, "/echo"),
            1 => navigate(&gate, "/echo"),
            _ => signed_in(ask(&gate, Method::GET, "/echo"), &format!("guess-{number}")),
        };
        assert!(matches!(status(request).await, 401 | 303), "{number}");
    }
    let (status_of_next, response) = send(signed_in(ask(&gate, Method::GET, "/echo"), "guess-101")).await;
    assert_eq!((status_of_next, header_of(&response, "ratelimit-policy")), (429, "\"user\";q=100;w=60"));
    assert_eq!(gate.asked.lock().unwrap().len(), 33 + 1, "each guess is looked up before it is counted, and no more");
    // Somebody known has requests of their own.
    assert_eq!(status(signed_in(ask(&gate, Method::GET, "/echo"), "staff")).await, 200);
}

#[tokio::test]
async fn health_checks_and_names_of_programs_open_nothing() {
    let gate = gate(ASKS).await;
    for agent in ["kube-probe/1.31", "ELB-HealthChecker/2.0", "GoogleHC/1.0", "Palisade", "Pingdom.com_bot"] {
        for path in ["/echo", "/health", "/healthz", "/api/method/ping", "/.well-known/palisade/health/x"] {
            assert_eq!(status(ask(&gate, Method::GET, path).header("user-agent", agent)).await, 401, "{agent} {path}");
        }
        let denied = gate.get("/mine", &[("user-agent", agent)]).await;
        assert_eq!(denied.status(), 303, "{agent}");
    }
}

/// Attack: name the gate's own headers in Connection, so that a proxy takes them away again.
#[tokio::test]
async fn a_client_names_no_identity_away() {
    let gate = gate(ASKS).await;
    let request = gate.http1_client().get(gate.url("tems.example", "/echo"));
    let named = "X-Palisade-Identity, x-palisade-user, x-palisade-roles, cookie, x-mine";
    let request = signed_in(request, "staff").header("x-mine", "1").header("connection", named);
    let (status, response) = send(request).await;
    // The cookie was the client's own to name away, so nobody is there.
    assert_eq!(status, 401);
    drop(response);
    let request = signed_in(gate.http1_client().get(gate.url("tems.example", "/echo")), "staff");
    let request = request.header("connection", "X-Palisade-Identity, x-palisade-user, x-palisade-roles, x-mine");
    let seen = send(request.header("x-mine", "1")).await.1.text().await.unwrap();
    for name in ["x-palisade-identity: ", "x-palisade-user: anna", "x-palisade-roles: Staff"] {
        assert!(seen.contains(name), "{name} in {seen}");
    }
    assert!(!seen.contains("x-mine"), "{seen}");
}

#[tokio::test]
async fn our_paths_never_reach_the_application() {
    let gate = gate(ASKS).await;
    for path in ["/.palisade", "/.palisade/x", "/%2epalisade/x", "/.PALISADE/hand-off", "/.palisade/assets/none.css"] {
        let (status, response) = send(signed_in(ask(&gate, Method::GET, path), "staff")).await;
        assert_eq!(status, 404, "{path}");
        assert!(response.text().await.unwrap().contains("/.palisade/assets/bare."), "a page of ours, with our files");
    }
    assert_eq!(status(ask(&gate, Method::POST, "/.palisade/hand-off")).await, 405);
    let css = palisade_web::assets::path("bare.css");
    assert_eq!(status(ask(&gate, Method::GET, &format!("/.palisade{css}"))).await, 200);
}

#[tokio::test]
async fn signing_out_takes_a_form_of_the_site_or_the_consoles_page() {
    let gate = gate(ASKS).await;
    let (status, response) = send(signed_in(navigate(&gate, "/.palisade/sign-out"), "staff")).await;
    assert_eq!((status, header_of(&response, "location").to_owned()), (303, gate.url("kpi.example", "/sign-out")));
    let post = || signed_in(ask(&gate, Method::POST, "/.palisade/sign-out"), "staff");
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("x-nothing", "said")] {
        assert_eq!(send(post().header(name, value)).await.0, 403, "{name}");
    }
    assert!(!gate.asked.lock().unwrap().iter().any(|asked| asked.starts_with("end")));
    let (status, response) = send(post().header("sec-fetch-site", "same-origin")).await;
    assert_eq!(status, 200);
    assert!(header_of(&response, "set-cookie").starts_with("__Host-palisade-site=; Path=/"));
    assert!(response.text().await.unwrap().contains("You are signed out"));
    assert_eq!(gate.asked.lock().unwrap().last().unwrap(), "end tems staff");
}

/// covers K1.4 (part)
#[tokio::test]
async fn what_pages_ask_for_on_their_own_is_no_use_of_the_session() {
    let gate = gate(ASKS).await;
    let last = || gate.asked.lock().unwrap().last().unwrap().clone();
    for (path, header, background) in
        [("/echo", None, false), ("/echo", Some("x-background"), true), ("/poll/x", None, true), ("/POLL", None, false)]
    {
        let mut request = signed_in(ask(&gate, Method::GET, path), "staff");
        if let Some(name) = header {
            request = request.header(name, "1");
        }
        request.send().await.unwrap();
        assert_eq!(last(), format!("on_site tems background={background}"), "{path} {header:?}");
    }
}

#[tokio::test]
async fn where_nobody_can_be_looked_up_nobody_gets_in() {
    let gate = gate(ASKS).await;
    assert_eq!(status(signed_in(navigate(&gate, "/echo"), "down")).await, 503);
}

/// covers K4.2
#[tokio::test]
async fn the_administration_is_open_from_its_networks_only() {
    let gate = TestGate::with(|config| {
        config.console.admin_networks = vec![network("10.0.0.0/8")];
        config.trusted_proxies = vec![palisade_config::TrustedNetwork::parse("127.0.0.1/32").unwrap()];
    })
    .await;
    for path in ["/admin", "/admin/users", "/%61dmin/users", "//admin", "/ADMIN/users"] {
        assert_eq!(gate.get(path, &[]).await.status(), 403, "{path}");
        assert_eq!(gate.get(path, &[("x-forwarded-for", "10.1.2.3")]).await.status(), 404, "{path} gets to the app");
        assert_eq!(gate.get(path, &[("x-forwarded-for", "10.1.2.3, 192.0.2.7")]).await.status(), 403, "{path}");
    }
    assert_eq!(gate.get("/whoami", &[]).await.status(), 200);
}

/// A built-in site that is not the console's knows its people by the hand-off, as a guarded one does.
#[tokio::test]
async fn a_second_built_in_site_is_handed_off_to() {
    let gate = TestGate::with(|config| {
        let host = |text: &str| palisade_config::HostName::parse(text).unwrap();
        config.console.host = Some(host("kpi.example"));
        config.sites.push(SiteConfig {
            name: "second".into(),
            hosts: vec![host("tems.example")],
            ..SiteConfig::default()
        });
    })
    .await;
    let (begun, response) = send(navigate(&gate, "/.palisade/sign-in?next=/mine")).await;
    assert_eq!(begun, 303);
    let to = gate.url("kpi.example", "/sign-in/site?site=second&state=");
    assert!(header_of(&response, "location").starts_with(&to), "{}", header_of(&response, "location"));
    assert_eq!(status(signed_in(ask(&gate, Method::GET, "/mine"), "staff")).await, 200);
    assert_eq!(status(signed_in(ask(&gate, Method::GET, "/mine"), "made-up")).await, 303, "to the sign-in");
    let of_the_console = ask(&gate, Method::GET, "/mine").header("cookie", "__Host-palisade=anna-token");
    assert_eq!(status(of_the_console).await, 303, "the console's cookie is nothing here");
    assert_eq!(status(ask(&gate, Method::GET, "/api/v1/all").header("x-api-key", "plk_key")).await, 200);
    let out =
        signed_in(ask(&gate, Method::POST, "/.palisade/sign-out"), "staff").header("sec-fetch-site", "same-origin");
    assert_eq!(status(out).await, 200);
    assert_eq!(gate.asked.lock().unwrap().last().unwrap(), "end second staff");
    // On the console's own site these paths are nobody's.
    assert_eq!(gate.get("/.palisade/sign-in", &[]).await.status(), 404);
}
