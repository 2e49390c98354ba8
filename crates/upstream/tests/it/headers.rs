//! What the upstream sees of a request, and the client of an answer.

use axum::body::Body;
use http::Request;
use palisade_config::UpstreamHost;
use palisade_testkit::upstream::TestUpstream;
use palisade_upstream::{Upstream, UpstreamSettings};

use crate::harness::{ask, echo, get, seen, send, settings, upstream};

/// covers T1.8 (part)
#[tokio::test]
async fn the_upstream_learns_about_the_client_from_the_gate() {
    let app = TestUpstream::start().await;
    let request = Request::put("/a%20b/c?d=%2e&e")
        .header("x-forwarded-for", "198.51.100.9")
        .header("x-real-ip", "198.51.100.9")
        .header("x-forwarded-proto", "http")
        .header("connection", "x-secret, close")
        .header("x-secret", "1")
        .header("accept-encoding", "gzip, br")
        .header("cookie", "sid=1; __Host-palisade=token")
        .body(Body::from("12345"))
        .unwrap();
    let echo = echo(&upstream(&app.address), request).await;
    assert_eq!(
        (&echo["method"], &echo["target"], &echo["body"]),
        (&"PUT".into(), &"/a%20b/c?d=%2e&e".into(), &5.into())
    );
    for (name, value) in [
        ("host", "tems.example"),
        ("x-real-ip", "192.0.2.7"),
        ("x-forwarded-for", "192.0.2.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "tems.example"),
        ("x-forwarded-port", "443"),
        ("accept-encoding", "gzip, br"),
        ("cookie", "sid=1"),
        ("content-length", "5"),
    ] {
        assert_eq!(seen(&echo, name), [value], "{name}");
    }
    for gone in ["x-secret", "connection", "via"] {
        assert!(seen(&echo, gone).is_empty(), "{gone}");
    }
}

#[tokio::test]
async fn the_host_can_be_the_addresss_own() {
    let app = TestUpstream::start().await;
    let own = UpstreamSettings { host: UpstreamHost::Own, ..settings(&[&app.address]) };
    let echo = echo(&Upstream::new(own).unwrap(), get("/echo")).await;
    assert_eq!(seen(&echo, "host"), [app.socket().to_string()]);
    assert_eq!(seen(&echo, "x-forwarded-host"), ["tems.example"]);
}

#[tokio::test]
async fn an_answers_headers_are_the_sites_and_not_the_connections() {
    let app = TestUpstream::start().await;
    let upstream = upstream(&app.address);
    let path = "/set-headers?connection=x-inner&x-inner=1&keep-alive=timeout%3D5&alt-svc=h3&x-accel-redirect=/secret\
                &x-kept=kept&set-cookie=sid%3D1|__Host-palisade%3Dx";
    let answer = send(&upstream, get(path)).await.unwrap();
    let headers = answer.headers();
    for gone in ["connection", "x-inner", "keep-alive", "alt-svc", "x-accel-redirect"] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
    assert_eq!(headers["x-kept"], "kept");
    let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["sid=1; Secure; HttpOnly; SameSite=Lax"]);
}

#[tokio::test]
async fn a_redirect_to_the_upstreams_own_address_stays_on_the_site() {
    let app = TestUpstream::start().await;
    let path = format!("/set-headers?location=http://{}/desk%3Fa", app.socket());
    let answer = send(&upstream(&app.address), get(&path)).await.unwrap();
    assert_eq!(answer.headers()["location"], "/desk?a");
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    let app = TestUpstream::start().await;
    let upstream = upstream(&app.address);
    for status in [204, 304] {
        assert_eq!(ask(&upstream, get(&format!("/status/{status}"))).await, (status, "".into()));
    }
    let head = Request::head("/down/5").body(Body::empty()).unwrap();
    let answer = send(&upstream, head).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "5");
    assert_eq!(ask(&upstream, get("/api/method/ping")).await.0, 200);
    assert_eq!(app.counts.connections(), 1, "all of it went over one connection");
}
