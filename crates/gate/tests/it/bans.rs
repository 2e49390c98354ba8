//! Who is banned meets the ban page, at once and until the end.

use palisade_bans::{FailedTry, MANAGE_BANS, NewBan, Target, may_manage_bans};
use palisade_base::{Authority, Caller, Scope, Span};
use palisade_config::Config;
use palisade_web::assets;

use crate::harness::{TestGate, network};

/// Behind a proxy on loopback, so that clients can have any address.
async fn gate() -> TestGate {
    TestGate::with(|config| config.trusted_proxies = vec!["127.0.0.1".to_owned().try_into().unwrap()]).await
}

fn fail(gate: &TestGate, address: &str, times: usize) {
    for _ in 0..times {
        gate.bans.failed(FailedTry {
            address: address.parse().unwrap(),
            at: palisade_base::Clock::now(&*gate.clock),
            site: "kpi",
            way: "/sign-in",
            account: Some("bob"),
            status: 401,
            forwarded: true,
        });
    }
}

async fn status(gate: &TestGate, address: &str, path: &str) -> u16 {
    gate.get(path, &[("x-forwarded-for", address)]).await.status().as_u16()
}

fn operator() -> Caller {
    Caller::operator("root", Authority::from_iter([(MANAGE_BANS, Scope::All)]))
}

/// covers T5.2 (part)
#[tokio::test]
async fn the_fifth_failure_shuts_the_address_out_everywhere_at_once_and_for_an_hour() {
    let gate = gate().await;
    fail(&gate, "192.0.2.7", 4);
    assert_eq!(status(&gate, "192.0.2.7", "/").await, 200);
    fail(&gate, "192.0.2.7", 1);
    for path in ["/", "/api/v1/people", "/nothing"] {
        assert_eq!(status(&gate, "192.0.2.7", path).await, 403, "{path}");
    }
    assert_eq!(status(&gate, "192.0.2.8", "/").await, 200);
    gate.clock.advance(Span::seconds(3_599));
    assert_eq!(status(&gate, "192.0.2.7", "/").await, 403);
    gate.clock.advance(Span::seconds(1));
    assert_eq!(status(&gate, "192.0.2.7", "/").await, 200);
}

/// covers T13.2 (part)
#[tokio::test]
async fn a_ban_by_hand_meets_the_next_request_on_an_open_connection() {
    let gate = gate().await;
    let client = gate.http1_client();
    let ask = || client.get(gate.url("kpi.example", "/")).header("x-forwarded-for", "198.51.100.9").send();
    assert_eq!(ask().await.unwrap().status(), 200);
    let caller = operator();
    let new = NewBan { target: Target::parse("198.51.100.0/24").unwrap(), length: None, reason: "scans".into() };
    gate.bans.add(&caller, &may_manage_bans(&caller).unwrap(), new).await.unwrap();
    let answer = ask().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let page = answer.text().await.unwrap();
    assert!(page.contains("<h1>Shut out for now</h1>") && page.contains("198.51.100.9"), "{page}");
    assert!(!page.contains("scans"), "the reason is for those who may see it");
}

#[tokio::test]
async fn a_program_is_told_in_json_and_when_to_come_back() {
    let gate = gate().await;
    fail(&gate, "2001:db8::1", 5);
    // Another address of the same /64.
    let answer = gate.get("/api/v1/people", &[("x-forwarded-for", "2001:db8::ffff")]).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (403, "3600"));
    let told: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(told["error"]["code"], "PERMISSION_DENIED");
    assert!(told["error"]["message"].as_str().unwrap().contains("it is shut out for a while"), "{told}");
}

/// Attack: have the operators' own addresses shut out, by whatever failures.
#[tokio::test]
async fn who_is_exempt_is_never_shut_out() {
    let gate = TestGate::with(|config| {
        config.trusted_proxies = ["127.0.0.1", "10.0.3.0/28"].map(|text| text.to_owned().try_into().unwrap()).into();
        config.limits.allow_list = vec![network("198.51.100.0/28")];
        config.jails.never = vec![network("2001:db8:9::/48")];
        config.jails.company_networks = vec![network("203.0.113.0/24")];
    })
    .await;
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.3.7", "198.51.100.3", "2001:db8:9::7", "203.0.113.7"]
    {
        fail(&gate, address, 20);
        assert_eq!(status(&gate, address, "/").await, 200, "{address}");
    }
    fail(&gate, "198.51.100.16", 5);
    assert_eq!(status(&gate, "198.51.100.16", "/").await, 403);
}

/// covers T5.2 (part)
#[tokio::test]
async fn the_ban_page_is_an_answer_like_any_other_and_health_still_answers() {
    let gate = gate().await;
    fail(&gate, "192.0.2.7", 5);
    let answer = gate.get("/", &[("x-forwarded-for", "192.0.2.7")]).await;
    assert!(answer.headers().contains_key("content-security-policy"));
    assert!(answer.headers().contains_key("x-request-id"));
    assert_eq!(status(&gate, "192.0.2.7", "/.well-known/palisade/health").await, 200);
}

/// Without its style sheet the page would look as if the site were broken.
#[tokio::test]
async fn the_ban_page_has_its_look_and_nothing_else_of_the_site_is_shown() {
    let gate = TestGate::with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".to_owned().try_into().unwrap()];
        let text = "[[site]]\nname = \"tems\"\nhosts = [\"tems.example\"]\nupstream = \"http://127.0.0.1:9\"\n";
        config.sites.extend(Config::parse("palisade.toml".as_ref(), text).unwrap().sites);
    })
    .await;
    fail(&gate, "192.0.2.7", 5);
    let client = gate.client();
    for (host, files_under) in [("kpi.example", ""), ("tems.example", "/.palisade")] {
        let ask = |path: &str| client.get(gate.url(host, path)).header("x-forwarded-for", "192.0.2.7").send();
        let page = ask("/").await.unwrap();
        assert_eq!(page.status(), 403, "{host}");
        assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("style-src 'self'"));
        let page = page.text().await.unwrap();
        for (name, kind) in [("bare.css", "text/css"), ("favicon.svg", "image/svg+xml")] {
            let address = format!("{files_under}{}", assets::path(name));
            assert!(page.contains(&format!("href=\"{address}\"")), "{host} names {address}: {page}");
            let file = ask(&address).await.unwrap();
            assert_eq!(
                (file.status().as_u16(), file.headers()["content-type"].to_str().unwrap().starts_with(kind)),
                (200, true)
            );
        }
        for path in ["palisade.css", "rows.js", "icons.svg"].map(|name| format!("{files_under}{}", assets::path(name)))
        {
            assert_eq!(ask(&path).await.unwrap().status(), 403, "{host}{path}");
        }
        let post = client.post(gate.url(host, &format!("{files_under}{}", assets::path("bare.css"))));
        assert_eq!(post.header("x-forwarded-for", "192.0.2.7").send().await.unwrap().status(), 403);
    }
}

/// A missing icon is no try to sign in.
#[tokio::test]
async fn a_missing_favicon_bans_nobody() {
    let gate = gate().await;
    for _ in 0..20 {
        assert_eq!(status(&gate, "192.0.2.7", "/favicon.ico").await, 404);
    }
    assert_eq!(status(&gate, "192.0.2.7", "/").await, 200);
}
