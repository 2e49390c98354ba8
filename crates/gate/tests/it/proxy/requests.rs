//! What an application behind the gate sees of requests, and clients see of its answers.

use palisade_config::{Preset, TrustedNetwork, WebOrigin};
use palisade_testkit::{
    free_port,
    upstream::{ACCOUNT, PASSWORD, RawUpstream, Step},
};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{HOST, gate_before, guarded, guarded_with, streamed, tems};
use crate::harness::{TestGate, header_of, read_all};

async fn echo(gate: &TestGate, client: &Client, headers: &[(&str, &str)]) -> Value {
    let request = client.get(gate.url(HOST, "/echo?a=%2e"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap().json().await.unwrap()
}

fn seen<'a>(echo: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = echo["headers"].as_array().unwrap();
    headers.iter().filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap()).collect()
}

/// covers T1.8 (part), T1.1 (part)
#[tokio::test]
async fn over_both_versions_the_application_learns_who_asks_from_the_gate_alone() {
    let (gate, app) = guarded().await;
    let forged = [
        ("x-forwarded-for", "198.51.100.9"),
        ("X-Forwarded-Proto", "http"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-port", "80"),
        ("x-forwarded-uri", "/public"),
        ("forwarded", "for=198.51.100.9"),
        ("x-real-ip", "198.51.100.9"),
        ("x_real_ip", "198.51.100.9"),
        ("x-original-url", "/public"),
        ("x-request-id", "mine"),
        ("x-palisade-user", "Administrator"),
        ("remote-user", "Administrator"),
        ("x-frappe-site-name", "other.site"),
    ];
    for (client, version) in [(gate.http1_client(), "HTTP/1.1"), (gate.client(), "HTTP/2.0")] {
        let answer = client.get(gate.url(HOST, "/echo")).send().await.unwrap();
        assert_eq!(format!("{:?}", answer.version()), version);
        let echo = echo(&gate, &client, &forged).await;
        let port = gate.https().port().to_string();
        let host = format!("{HOST}:{port}");
        for (name, value) in [
            ("host", host.as_str()),
            ("x-real-ip", "127.0.0.1"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", &host),
            ("x-forwarded-port", &port),
        ] {
            assert_eq!(seen(&echo, name), [value], "{name}");
        }
        assert_eq!((&echo["target"], &echo["version"]), (&"/echo?a=%2e".into(), &"HTTP/1.1".into()));
        assert_eq!(seen(&echo, "x-request-id")[0].len(), 36);
        let text = echo.to_string();
        for word in ["198.51.100.9", "evil", "/public", "Administrator", "mine", "other.site"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    assert_eq!(app.counts.connections(), 1, "connections to the application are shared");
}

/// covers T1.8 (part)
#[tokio::test]
async fn a_trusted_proxy_is_believed_about_the_address_and_about_nothing_else() {
    let (gate, _app) = guarded_with(|config| {
        config.trusted_proxies = vec![TrustedNetwork::parse("127.0.0.1").unwrap()];
    })
    .await;
    let said = [
        ("x-forwarded-for", "203.0.113.9, 192.0.2.7"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-uri", "/public"),
        ("x-forwarded-prefix", "/public"),
        ("forwarded", "for=203.0.113.9"),
        ("x-original-url", "/public"),
    ];
    let echo = echo(&gate, &gate.client(), &said).await;
    assert_eq!(seen(&echo, "x-real-ip"), ["192.0.2.7"]);
    assert_eq!(seen(&echo, "x-forwarded-for"), ["192.0.2.7, 127.0.0.1"]);
    assert_eq!(seen(&echo, "x-forwarded-proto"), ["https"]);
    let text = echo.to_string();
    assert!(!text.contains("203.0.113.9") && !text.contains("evil") && !text.contains("/public"), "{text}");
}

/// What a client names in Connection belongs to it; what the gate adds does not.
#[tokio::test]
async fn a_client_names_nothing_of_the_gates_away() {
    let (gate, _app) = guarded().await;
    let named = [("connection", "x-real-ip, x-forwarded-for, x-request-id, host, x-mine"), ("x-mine", "1")];
    let echo = echo(&gate, &gate.http1_client(), &named).await;
    for name in ["x-real-ip", "x-forwarded-for", "x-request-id", "host"] {
        assert_eq!(seen(&echo, name).len(), 1, "{name}");
    }
    assert!(seen(&echo, "x-mine").is_empty() && seen(&echo, "connection").is_empty());
}

/// A port that a client made up does not get into links that the application builds.
#[tokio::test]
async fn a_port_that_is_none_of_ours_is_not_passed_on() {
    let (gate, _app) = guarded().await;
    let text =
        gate_exchange(&gate, &format!("GET /echo HTTP/1.1\r\nHost: {HOST}:81\r\nConnection: close\r\n\r\n")).await;
    assert!(text.contains(r#"["host","tems.example"]"#) && !text.contains("81\""), "{text}");
}

async fn gate_exchange(gate: &TestGate, request: &str) -> String {
    let mut stream = gate.tls(HOST, &[]).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

/// covers T1.8 (part)
#[tokio::test]
async fn our_cookies_stay_with_us_and_crumbs_become_one_line() {
    let (gate, _app) = guarded().await;
    for client in [gate.client(), gate.http1_client()] {
        let cookies =
            [("cookie", "sid=1"), ("cookie", "__Host-palisade=anna-token"), ("cookie", "a=b; __host-Palisade-x=y")];
        assert_eq!(seen(&echo(&gate, &client, &cookies).await, "cookie"), ["sid=1; a=b"]);
    }
}

fn cookies(answer: &Response) -> Vec<&str> {
    let set = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    set.filter(|cookie| !cookie.starts_with("__Host-palisade-visit=")).collect()
}

/// covers T0.1 (part), T8.1 (part)
#[tokio::test]
async fn people_sign_in_to_frappe_through_the_gate_with_safer_cookies() {
    let (gate, _app) = guarded().await;
    let client = gate.client();
    let sign_in = async |password: &str| {
        let form = [("usr", ACCOUNT), ("pwd", password)];
        client.post(gate.url(HOST, "/api/method/login")).form(&form).send().await.unwrap()
    };
    assert_eq!(sign_in("wrong").await.status(), StatusCode::UNAUTHORIZED);
    let answer = sign_in(PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        cookies(&answer),
        [
            "sid=5e55101d; Expires=Wed, 25 Nov 2026 00:00:00 GMT; Path=/; SameSite=Lax; Secure; HttpOnly",
            "system_user=yes; Path=/; SameSite=Lax; Secure",
            "full_name=Anna%20Example; Path=/; Secure; SameSite=Lax",
            "user_id=anna%40example.com; Path=/; Secure; SameSite=Lax",
            "user_image=; Path=/; Secure; SameSite=Lax",
        ]
    );
    let desk = async |cookie: &str| {
        client.get(gate.url(HOST, "/app")).header("cookie", cookie).send().await.unwrap().status().as_u16()
    };
    assert_eq!((desk("sid=5e55101d").await, desk("sid=Guest").await), (200, 403));
}

/// covers T1.2 (part), T1.6 (part)
#[tokio::test]
async fn an_applications_weaker_headers_are_replaced() {
    let (gate, _app) = guarded().await;
    let path = "/set-headers?server=gunicorn&x-powered-by=Frappe&x-frame-options=ALLOWALL&strict-transport-security=max-age%3D0\
                &alt-svc=h3&set-cookie=__Host-palisade%3Dstolen|%20=__host-palisade%3Dx";
    let answer = gate.client().get(gate.url(HOST, path)).send().await.unwrap();
    for gone in ["server", "x-powered-by", "alt-svc"] {
        assert_eq!(header_of(&answer, gone), "", "{gone}");
    }
    assert_eq!(header_of(&answer, "x-frame-options"), "SAMEORIGIN");
    assert_eq!(header_of(&answer, "x-content-type-options"), "nosniff");
    assert!(header_of(&answer, "content-security-policy").contains("connect-src 'self' wss:"));
    assert!(header_of(&answer, "strict-transport-security").starts_with("max-age=31536000"));
    assert!(cookies(&answer).is_empty(), "{:?}", cookies(&answer));
}

/// CORS: an application that lets in whoever asks lets in nobody who is not named.
#[tokio::test]
async fn an_application_can_not_let_other_sites_read_in_their_readers_name() {
    let named = "https://shop.example.com";
    let (gate, _app) = guarded_with(|config| tems(config).cors_origins = vec![WebOrigin::parse(named).unwrap()]).await;
    let asked = async |method: Method, origin: &str| {
        let path = format!("/set-headers?access-control-allow-origin={origin}&access-control-allow-credentials=true");
        let request = gate.client().request(method, gate.url(HOST, &path)).header("origin", origin);
        let answer = request.send().await.unwrap();
        let said = |name| header_of(&answer, name).to_owned();
        (said("access-control-allow-origin"), said("access-control-allow-credentials"))
    };
    for method in [Method::GET, Method::OPTIONS] {
        assert_eq!(asked(method.clone(), "https://evil.example").await, (String::new(), String::new()));
        assert_eq!(asked(method.clone(), "null").await, (String::new(), String::new()));
        assert_eq!(asked(method.clone(), "*").await, ("*".to_owned(), String::new()));
        assert_eq!(asked(method, named).await, (named.to_owned(), "true".to_owned()));
    }
}

/// covers T1.2 (part)
#[tokio::test]
async fn a_dead_application_is_said_plainly_to_people_and_programs() {
    let address = format!("http://127.0.0.1:{}", free_port());
    let gate = gate_before(&address, |_| ()).await;
    let page = gate.client().get(gate.url(HOST, "/app")).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(header_of(&page, "x-content-type-options"), "nosniff");
    assert_eq!(header_of(&page, "cache-control"), "no-store");
    let text = page.text().await.unwrap();
    assert!(text.contains("reached at the moment") && text.contains("Not available at the moment"), "{text}");
    assert!(!text.contains(address.trim_start_matches("http://")), "nothing of the inside is shown: {text}");

    let json: Value = gate.client().get(gate.url(HOST, "/api/x")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&json["status"], &json["error"]["code"]), (&"error".into(), &"BAD_GATEWAY".into()));
}

/// The application's own time counts, and not that of a whole request.
#[tokio::test]
async fn a_slow_application_is_a_gateway_timeout() {
    let app = RawUpstream::start(vec![vec![Step::Read, Step::Wait]]).await;
    let gate = gate_before(&app.address, |config| {
        config.timeouts.request_ms = 20;
        tems(config).upstream.as_mut().unwrap().answer_ms = 200;
    })
    .await;
    let answer = gate.client().get(gate.url(HOST, "/")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    assert!(answer.text().await.unwrap().contains("too long to answer"));
}

#[tokio::test]
async fn a_body_is_limited_as_the_site_says() {
    let (gate, app) = guarded_with(|config| tems(config).body_mib = Some(1)).await;
    let client = gate.client();
    let send = async |body: reqwest::Body| client.post(gate.url(HOST, "/up")).body(body).send().await.unwrap();
    assert_eq!(send(vec![b'x'; 1_048_576].into()).await.text().await.unwrap(), "1048576 ");
    let before = app.counts.requests();
    assert_eq!(send(vec![b'x'; 1_048_577].into()).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(app.counts.requests(), before, "what says its length is refused before the application hears of it");
    let unsaid = streamed((0..40).map(|_| vec![b'x'; 65_536].into()));
    assert_eq!(send(unsaid).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

/// The client is told to go on when the application has been reached, and not before.
#[tokio::test]
async fn expecting_to_go_on_works() {
    let head = format!(
        "POST /up HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    );
    let (gate, _app) = guarded().await;
    let mut stream = gate.tls(HOST, &[]).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("5 "), "{answer}");

    let address = format!("http://127.0.0.1:{}", free_port());
    let gate = gate_before(&address, |_| ()).await;
    let answer = gate_exchange(&gate, &head).await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
}

/// A tunnel of HTTP/2 inside of HTTP/1.1 would carry requests that nobody judges.
#[tokio::test]
async fn no_other_protocol_is_switched_to() {
    let (gate, _app) = guarded_with(|config| tems(config).preset = Preset::Strict).await;
    let head = format!(
        "GET /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    );
    let answer = gate_exchange(&gate, &head).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(!answer.contains("upgrade") && !answer.contains("http2-settings"), "{answer}");
    let connect = format!("CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    assert!(gate_exchange(&gate, &connect).await.starts_with("HTTP/1.1 4"));
}
