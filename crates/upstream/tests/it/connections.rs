//! Connections are kept, shared, given up, and replaced where that is safe.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use futures_util::future::join_all;
use http::Request;
use palisade_testkit::upstream::{RawUpstream, Step, TestUpstream};
use palisade_upstream::{Upstream, UpstreamError, UpstreamSettings, UpstreamTimeouts};
use tokio::task::JoinHandle;

use crate::harness::{PATIENCE, ask, echo, get, post, read, send, settings, until, upstream};

const ONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\none";
const TWO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntwo";

#[tokio::test]
async fn one_connection_serves_one_request_after_the_other() {
    let app = TestUpstream::start().await;
    let upstream = upstream(&app.address);
    for _ in 0..10 {
        assert_eq!(ask(&upstream, get("/down/1000")).await.0, 200);
        assert_eq!(ask(&upstream, get("/api/method/ping")).await.0, 200);
        assert_eq!(ask(&upstream, post("/up", "body")).await.1, "4 ");
    }
    assert_eq!(app.counts.connections(), 1);
    assert_eq!((upstream.health()[0].idle_connections, upstream.health()[0].outstanding), (1, 0));
}

/// An upstream with this many connections, for which requests wait this long.
fn capped(app: &TestUpstream, connections: usize, wait: Duration) -> Arc<Upstream> {
    let timeouts = UpstreamTimeouts { connect: wait, ..UpstreamTimeouts::default() };
    Arc::new(Upstream::new(UpstreamSettings { connections, timeouts, ..settings(&[&app.address]) }).unwrap())
}

/// A request that asks on its own, for its status or the error.
fn ask_aside(upstream: &Arc<Upstream>, path: &'static str) -> JoinHandle<Result<u16, UpstreamError>> {
    let upstream = Arc::clone(upstream);
    tokio::spawn(async move {
        let answer = send(&upstream, get(path)).await?;
        let status = answer.status().as_u16();
        read(answer).await.unwrap();
        Ok(status)
    })
}

#[tokio::test]
async fn no_more_connections_are_in_use_or_kept_than_configured() {
    let app = TestUpstream::start().await;
    let upstream = capped(&app, 2, PATIENCE);
    let held = join_all((0..2).map(|_| send(&upstream, get("/down/100000")))).await;
    let waiting: Vec<_> = (0..3).map(|_| ask_aside(&upstream, "/api/method/ping")).collect();
    until(|| upstream.health()[0].waiting == 3).await;
    for answer in held {
        read(answer.unwrap()).await.unwrap();
    }
    for answer in join_all(waiting).await {
        assert_eq!(answer.unwrap().unwrap(), 200);
    }
    assert_eq!(app.counts.connections(), 2);
    let health = &upstream.health()[0];
    assert_eq!((health.idle_connections, health.outstanding, health.waiting), (2, 0, 0));
}

#[tokio::test]
async fn who_waits_for_too_long_or_as_one_too_many_is_told() {
    let app = TestUpstream::start().await;
    let patient = capped(&app, 1, PATIENCE);
    let held = send(&patient, get("/down/100000")).await.unwrap();
    let waiting: Vec<_> = (0..4).map(|_| ask_aside(&patient, "/api/method/ping")).collect();
    until(|| patient.health()[0].waiting == 4).await;
    let error = send(&patient, get("/api/method/ping")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Full { .. }) && error.status() == 503, "{error}");
    // Whoever gives up makes room.
    waiting[0].abort();
    until(|| patient.health()[0].waiting == 3).await;
    drop(held);
    for answer in join_all(waiting.into_iter().skip(1)).await {
        assert_eq!(answer.unwrap().unwrap(), 200);
    }

    let hasty = capped(&app, 1, Duration::from_secs(1));
    let _held = send(&hasty, get("/down/100000")).await.unwrap();
    let error = send(&hasty, get("/api/method/ping")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Full { .. }), "{error}");
    assert_eq!(hasty.health()[0].waiting, 0);
}

#[tokio::test]
async fn streams_of_events_keep_nobody_else_out() {
    let app = TestUpstream::start().await;
    let upstream = capped(&app, 1, PATIENCE);
    let events = join_all((0..3).map(|_| send(&upstream, get("/events")))).await;
    assert!(events.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.status() == 200)));
    assert_eq!(ask(&upstream, get("/api/method/ping")).await.0, 200);
    assert_eq!(upstream.health()[0].outstanding, 3);
}

/// An upstream with this many WebSockets and streams of events.
fn with_open_streams(app: &TestUpstream, open_streams: usize) -> Arc<Upstream> {
    Arc::new(Upstream::new(UpstreamSettings { open_streams, ..settings(&[&app.address]) }).unwrap())
}

#[tokio::test]
async fn no_more_streams_are_open_than_configured_and_none_waits() {
    let app = TestUpstream::start().await;
    let upstream = with_open_streams(&app, 2);
    let mut events = join_all((0..2).map(|_| send(&upstream, get("/events")))).await;
    let error = send(&upstream, get("/events")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::StreamsFull { .. }) && error.status() == 503, "{error}");
    assert_eq!(ask(&upstream, get("/api/method/ping")).await.0, 200, "whoever else asks is answered");
    // The application is rid of the one that was refused, too.
    until(|| app.counts.streams() == 2).await;
    drop(events.pop());
    assert!(send(&upstream, get("/events")).await.is_ok());
}

/// Attack: ask for a WebSocket where there is none, and leave the application with as many requests as one likes.
#[tokio::test]
async fn to_ask_for_a_websocket_is_no_way_around_the_number_of_connections() {
    let app = TestUpstream::start().await;
    let upstream = with_open_streams(&app, 1);
    let asked = || {
        let request = Request::get("/never").header("connection", "upgrade").header("upgrade", "websocket");
        let request =
            request.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        request.body(Body::empty()).unwrap()
    };
    let first = tokio::spawn({
        let (upstream, request) = (Arc::clone(&upstream), asked());
        async move { drop(send(&upstream, request).await) }
    });
    until(|| app.counts.connections() == 1).await;
    let error = send(&upstream, asked()).await.unwrap_err();
    assert!(matches!(error, UpstreamError::StreamsFull { .. }), "{error}");
    assert_eq!(app.counts.connections(), 1);
    // Whoever gives up makes room.
    first.abort();
    until(|| upstream.health()[0].outstanding == 0).await;
    let again = tokio::spawn(async move { drop(send(&upstream, asked()).await) });
    until(|| app.counts.connections() == 2).await;
    again.abort();
}

#[tokio::test]
async fn a_connection_that_rests_for_too_long_is_let_go() {
    let app = TestUpstream::start().await;
    let timeouts = UpstreamTimeouts { idle: Duration::from_millis(30), ..UpstreamTimeouts::default() };
    let upstream = Upstream::new(UpstreamSettings { timeouts, ..settings(&[&app.address]) }).unwrap();
    ask(&upstream, get("/api/method/ping")).await;
    until(|| upstream.health()[0].idle_connections == 0).await;
    ask(&upstream, get("/api/method/ping")).await;
    assert_eq!(app.counts.connections(), 2);
}

/// The other side closes the connection just when it is used again: a request that changes nothing is sent once more.
#[tokio::test]
async fn a_safe_request_survives_a_connection_that_closes_under_it() {
    let script = vec![Step::Read, Step::write(ONE), Step::Read];
    let app = RawUpstream::start(vec![script, vec![Step::Read, Step::write(TWO)]]).await;
    let upstream = upstream(&app.address);
    assert_eq!(ask(&upstream, get("/")).await.1, "one");
    assert_eq!(ask(&upstream, get("/")).await.1, "two");
    assert_eq!(app.connections(), 2);
}

/// The same with a request that may have done something: it is not sent twice, and the client is told.
#[tokio::test]
async fn a_request_that_changes_something_is_never_sent_twice() {
    for request in
        [|| post("/", "order"), || post("/", Body::empty()), || Request::put("/").body(Body::from("x")).unwrap()]
    {
        let script = vec![Step::Read, Step::write(ONE), Step::Read];
        let app = RawUpstream::start(vec![script, vec![Step::Read, Step::write(TWO)]]).await;
        let upstream = upstream(&app.address);
        assert_eq!(ask(&upstream, get("/")).await.1, "one");
        let error = send(&upstream, request()).await.unwrap_err();
        assert!(matches!(error, UpstreamError::Broken { .. }), "{error}");
        assert_eq!(app.connections(), 1);
    }
}

/// A connection that was closed while it rested is not used, so even an order gets through.
#[tokio::test]
async fn a_connection_that_was_closed_while_it_rested_costs_nothing() {
    let app = RawUpstream::start(vec![vec![Step::Read, Step::write(ONE)], vec![Step::Read, Step::write(TWO)]]).await;
    let upstream = upstream(&app.address);
    assert_eq!(ask(&upstream, get("/")).await.1, "one");
    // The other side's end has to be there first; a request before that would be the case above.
    until(|| app.ended() == 1).await;
    assert_eq!(ask(&upstream, post("/", Body::empty())).await.1, "two");
}

/// What an upstream sends beyond its answer is no answer to the next request.
#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_nobodys() {
    let twice = format!("{ONE}{TWO}");
    let app =
        RawUpstream::start(vec![vec![Step::Read, Step::write(&twice), Step::Wait], vec![Step::Read, Step::write(ONE)]])
            .await;
    let upstream = upstream(&app.address);
    assert_eq!(ask(&upstream, get("/")).await.1, "one");
    assert_eq!(ask(&upstream, get("/")).await.1, "one");
    assert_eq!(app.connections(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_each_get_their_own_answer() {
    let app = TestUpstream::start().await;
    let upstream = Arc::new(upstream(&app.address));
    let all = (0..32).map(|client| {
        let upstream = Arc::clone(&upstream);
        tokio::spawn(async move {
            for number in 0..20 {
                let path = format!("/{client}/{number}");
                assert_eq!(echo(&upstream, get(&path)).await["target"], path);
            }
        })
    });
    for done in join_all(all).await {
        done.unwrap();
    }
    assert_eq!((app.counts.requests(), upstream.health()[0].outstanding), (640, 0));
    assert!(app.counts.connections() <= 64, "{}", app.counts.connections());
}

/// covers T1.8 (part)
#[tokio::test]
async fn tls_is_verified_by_the_ca_that_was_named() {
    let app = TestUpstream::start_tls("app.internal", &[]).await;
    let named = UpstreamSettings {
        ca: app.ca.clone(),
        server_name: Some(palisade_config::HostName::parse("app.internal").unwrap()),
        ..settings(&[&app.address])
    };
    let good = Upstream::new(named.clone()).unwrap();
    assert_eq!(echo(&good, get("/secret")).await["target"], "/secret");

    let wrong_name = Upstream::new(UpstreamSettings { server_name: None, ..named.clone() }).unwrap();
    let other = TestUpstream::start_tls("app.internal", &[]).await;
    let wrong_ca = Upstream::new(UpstreamSettings { ca: other.ca.clone(), ..named }).unwrap();
    for upstream in [wrong_name, wrong_ca] {
        let error = send(&upstream, get("/")).await.unwrap_err();
        assert!(matches!(&error, UpstreamError::Unreachable { cause, .. } if cause.contains("TLS")), "{error}");
    }
    assert_eq!(app.counts.requests(), 1);
}

#[tokio::test]
async fn http2_is_spoken_where_it_was_asked_for() {
    let plain = TestUpstream::start().await;
    let upstream = Upstream::new(UpstreamSettings { http2: true, ..settings(&[&plain.address]) }).unwrap();
    let seen = join_all((0..10).map(|_| echo(&upstream, get("/a?b")))).await;
    assert!(seen.iter().all(|seen| seen["version"] == "HTTP/2.0"), "{seen:?}");
    assert!(seen[0]["target"].as_str().unwrap().ends_with("tems.example/a?b"), "{}", seen[0]);
    let before = plain.counts.connections();
    assert_eq!(ask(&upstream, post("/up", "body")).await.1, "4 ");
    assert_eq!(plain.counts.connections(), before, "one connection is enough for all that follow");

    for (alpn, version) in [(&[&b"h2"[..]][..], "HTTP/2.0"), (&[&b"http/1.1"[..]], "HTTP/1.1"), (&[], "HTTP/1.1")] {
        let app = TestUpstream::start_tls("app.internal", alpn).await;
        let settings = UpstreamSettings {
            http2: true,
            ca: app.ca.clone(),
            server_name: Some(palisade_config::HostName::parse("app.internal").unwrap()),
            ..settings(&[&app.address])
        };
        assert_eq!(echo(&Upstream::new(settings).unwrap(), get("/a")).await["version"], version);
    }
}

#[tokio::test]
async fn a_unix_socket_is_an_address() {
    let app = TestUpstream::start_unix().await;
    let upstream = upstream(&app.address);
    assert_eq!(echo(&upstream, get("/a")).await["target"], "/a");
    assert_eq!(echo(&upstream, get("/b")).await["target"], "/b");
    assert_eq!(app.counts.connections(), 1);
}
