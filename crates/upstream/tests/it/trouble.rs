//! Upstreams that are dead, slow, broken or hostile.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use palisade_testkit::upstream::{RawUpstream, Step, TestUpstream};
use palisade_upstream::{SetupError, Upstream, UpstreamError, UpstreamSettings, UpstreamTimeouts};

use crate::harness::{ask, get, post, read, send, settings, until, upstream};

const SHORT: Duration = Duration::from_millis(80);

/// Waits for an answer for a short time only: for what never comes.
fn quick_to_give_up(address: &str) -> Upstream {
    let timeouts = UpstreamTimeouts { answer: SHORT, ..quick_in_pauses() };
    Upstream::new(UpstreamSettings { timeouts, ..settings(&[address]) }).unwrap()
}

/// Bears short pauses only.
fn quick_in_pauses() -> UpstreamTimeouts {
    UpstreamTimeouts { pause: SHORT, ..UpstreamTimeouts::default() }
}

fn quick_in_pauses_to(address: &str) -> Upstream {
    Upstream::new(UpstreamSettings { timeouts: quick_in_pauses(), ..settings(&[address]) }).unwrap()
}

#[tokio::test]
async fn a_slow_upstream_is_given_up_in_each_phase() {
    let app = TestUpstream::start().await;
    let error = send(&quick_to_give_up(&app.address), get("/never")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::AnswerTooSlow { .. }), "{error}");
    assert_eq!(error.status(), StatusCode::GATEWAY_TIMEOUT);

    let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
    let app = RawUpstream::start(vec![vec![Step::Read, Step::write(half), Step::Wait]]).await;
    let answer = send(&quick_in_pauses_to(&app.address), get("/")).await.unwrap();
    assert!(read(answer).await.is_err());

    // It takes the head of an upload and no more.
    let app = RawUpstream::start(vec![vec![Step::Read, Step::Wait]]).await;
    let error = send(&quick_to_give_up(&app.address), post("/", vec![b'x'; 32 * 1_024 * 1_024])).await.unwrap_err();
    assert!(matches!(error, UpstreamError::AnswerTooSlow { .. }), "{error}");
}

/// A stream of events rests for longer than any other answer may.
#[tokio::test]
async fn a_silent_stream_of_events_is_not_cut() {
    let app = TestUpstream::start().await;
    let answer = send(&quick_in_pauses_to(&app.address), get("/events")).await.unwrap();
    let mut body = answer.into_body();
    http_body_util::BodyExt::frame(&mut body).await.unwrap().unwrap();
    let next = tokio::time::timeout(SHORT * 3, http_body_util::BodyExt::frame(&mut body)).await;
    assert!(next.is_err(), "it neither ends nor breaks");
    app.counts.send_event();
    assert!(http_body_util::BodyExt::frame(&mut body).await.unwrap().is_ok());
}

/// A slow client is not a slow upstream: the time for the answer begins when everything was sent.
#[tokio::test]
async fn a_slow_upload_does_not_use_up_the_time_of_the_answer() {
    let app = TestUpstream::start().await;
    let wait = Duration::from_secs(2);
    let timeouts = UpstreamTimeouts { answer: wait, ..UpstreamTimeouts::default() };
    let upstream = Upstream::new(UpstreamSettings { timeouts, ..settings(&[&app.address]) }).unwrap();
    let pieces = futures_util::stream::unfold(0, move |number| async move {
        tokio::time::sleep(wait / 4).await;
        (number < 8).then(|| (Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(b"slow")), number + 1))
    });
    let (status, answer) = ask(&upstream, post("/up", Body::from_stream(pieces))).await;
    assert_eq!((status, answer), (200, "32 ".into()));
}

#[tokio::test]
async fn an_upstream_that_breaks_off_is_no_answer() {
    for script in
        [vec![Step::Read], vec![Step::Read, Step::Reset], vec![Step::Read, Step::write("HTTP/1.1 200 OK\r\nx: y")]]
    {
        let app = RawUpstream::start(vec![script.clone()]).await;
        let error = send(&upstream(&app.address), get("/")).await.unwrap_err();
        assert!(matches!(error, UpstreamError::Broken { .. }), "{script:?}: {error}");
        assert_eq!(error.status(), StatusCode::BAD_GATEWAY);
    }
}

/// What another program could read otherwise is not passed on.
#[tokio::test]
async fn an_answer_that_can_be_read_in_two_ways_is_refused() {
    for answer in [
        "no HTTP at all\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: y\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx : y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    ] {
        let app = RawUpstream::answering(answer).await;
        let error = send(&upstream(&app.address), get("/")).await.expect_err(answer);
        assert!(matches!(error, UpstreamError::BadAnswer { .. }), "{answer:?}: {error}");
        assert_eq!(error.status(), StatusCode::BAD_GATEWAY);
    }
    let huge = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(200_000));
    let app = RawUpstream::answering(&huge).await;
    assert!(matches!(send(&upstream(&app.address), get("/")).await, Err(UpstreamError::BadAnswer { .. })));
}

#[tokio::test]
async fn interim_answers_are_no_answers() {
    let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let app = RawUpstream::answering(answer).await;
    assert_eq!(ask(&upstream(&app.address), get("/")).await, (200, "ok".into()));
}

/// An old application closes the connection where its answer ends.
#[tokio::test]
async fn an_answer_may_end_with_its_connection() {
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let app = RawUpstream::answering(&format!("{version} 200 OK\r\nserver: old\r\n\r\nall of it")).await;
        assert_eq!(ask(&upstream(&app.address), get("/")).await, (200, "all of it".into()));
    }
}

/// When the client goes away, so does its request to the upstream.
#[tokio::test]
async fn a_client_that_leaves_takes_its_request_along() {
    let app = TestUpstream::start().await;
    let upstream = upstream(&app.address);
    let answer = send(&upstream, get("/events")).await.unwrap();
    until(|| app.counts.streams() == 1).await;
    drop(answer);
    until(|| app.counts.streams() == 0).await;
    assert_eq!(upstream.health()[0].outstanding, 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_clients_fault() {
    let app = TestUpstream::start().await;
    let pieces = [Ok(bytes::Bytes::from_static(b"half")), Err(std::io::Error::other("gone"))];
    let request = Request::post("/up").body(Body::from_stream(futures_util::stream::iter(pieces))).unwrap();
    let upstream = upstream(&app.address);
    let error = send(&upstream, request).await.unwrap_err();
    assert!(matches!(error, UpstreamError::RequestBody), "{error}");
    assert_eq!(upstream.health()[0].failures, 0);
}

#[tokio::test]
async fn what_can_not_work_is_said_before_there_is_a_request() {
    let dir = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, text).unwrap();
        Some(path)
    };
    let base = settings(&["https://127.0.0.1:1"]);
    for ca in [file(""), file("no certificate"), Some(dir.path().join("missing.pem"))] {
        let error = Upstream::new(UpstreamSettings { ca, ..base.clone() }).err().unwrap();
        assert!(matches!(&error, SetupError::Ca { .. }), "{error}");
        assert!(error.to_string().contains(".pem"), "{error}");
    }
    assert!(matches!(Upstream::new(settings(&[])), Err(SetupError::NoAddress)));
    assert!(matches!(Upstream::new(settings(&["http://a"; 65])), Err(SetupError::TooManyAddresses)));
}

/// People read what happened and what to do, and nothing about what is inside.
#[tokio::test]
async fn messages_show_nothing_of_the_inside() {
    let address = || "http://10.0.0.7:8000".to_owned();
    let errors = [
        UpstreamError::NoneHealthy,
        UpstreamError::Unreachable { address: address(), cause: "refused".into() },
        UpstreamError::ConnectTooSlow { address: address() },
        UpstreamError::Broken { address: address(), cause: "reset".into() },
        UpstreamError::BadAnswer { address: address(), what: "folded" },
        UpstreamError::AnswerTooSlow { address: address() },
    ];
    assert_eq!(errors.each_ref().map(|error| error.status().as_u16()), [503, 502, 504, 502, 502, 504]);
    for error in errors {
        assert!(!error.message().contains("10.0.0.7") && error.message().ends_with('.'), "{error}");
    }
}
