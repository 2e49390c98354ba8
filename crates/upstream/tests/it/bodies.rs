//! Bodies stream both ways, and nobody holds more of them than a little.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, StreamBody};
use palisade_testkit::upstream::{RawUpstream, Step, TestUpstream};

use crate::harness::{ask, get, post, read, send, until, upstream};

const PIECE: usize = 64 * 1_024;

/// So many pieces, each made when it is asked for, and counted.
fn pieces(count: u64, made: &Arc<AtomicU64>) -> Body {
    let made = Arc::clone(made);
    let pieces = stream::unfold(0, move |number| {
        let made = Arc::clone(&made);
        async move {
            made.fetch_add(PIECE as u64, Ordering::SeqCst);
            (number < count).then(|| (Ok::<_, Infallible>(Bytes::from(vec![b'x'; PIECE])), number + 1))
        }
    });
    Body::from_stream(pieces)
}

#[tokio::test]
async fn an_upload_goes_through_whole() {
    let app = TestUpstream::start().await;
    let made = Arc::default();
    let (status, answer) = ask(&upstream(&app.address), post("/up", pieces(4_096, &made))).await;
    assert_eq!((status, answer), (200, format!("{} ", 4_096 * PIECE).into()));
}

#[tokio::test]
async fn a_download_goes_through_whole_and_keeps_its_length() {
    let app = TestUpstream::start().await;
    let answer = send(&upstream(&app.address), get("/down/50000000")).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "50000000");
    assert_eq!(read(answer).await.unwrap().len(), 50_000_000);
}

/// The upstream takes nothing: the client is not read on, whatever it has to send.
#[tokio::test]
async fn an_upload_that_is_not_taken_is_not_read() {
    let app = RawUpstream::start(vec![vec![Step::Read, Step::Wait]]).await;
    let upstream = upstream(&app.address);
    let made = Arc::new(AtomicU64::new(0));
    let upload = tokio::spawn({
        let body = pieces(u64::MAX, &made);
        async move { drop(send(&upstream, post("/up", body)).await) }
    });
    until(|| made.load(Ordering::SeqCst) > PIECE as u64).await;
    settled(&made).await;
    // What lies between are the two systems' socket buffers, and one of ours.
    assert!(made.load(Ordering::SeqCst) < 16 * 1_024 * 1_024, "{} bytes were read", made.load(Ordering::SeqCst));
    upload.abort();
}

/// Waits until a count does not grow any more.
async fn settled(count: &AtomicU64) {
    loop {
        let before = count.load(Ordering::SeqCst);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if count.load(Ordering::SeqCst) == before {
            return;
        }
    }
}

/// The client takes nothing: the upstream is not read on.
#[tokio::test]
async fn a_download_that_is_not_taken_is_not_read() {
    let app = TestUpstream::start().await;
    let answer = send(&upstream(&app.address), get("/down/1000000000000")).await.unwrap();
    let mut body = answer.into_body();
    body.frame().await.unwrap().unwrap();
    loop {
        let before = app.counts.made();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if app.counts.made() == before {
            break;
        }
    }
    assert!(app.counts.made() < 16 * 1_024 * 1_024, "{} bytes were made", app.counts.made());
    drop(body);
    until(|| app.counts.streams() == 0).await;
}

#[tokio::test]
async fn events_come_through_one_by_one() {
    let app = TestUpstream::start().await;
    let mut body = send(&upstream(&app.address), get("/events")).await.unwrap().into_body();
    for number in 0..3 {
        let event = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(event, format!("data: {number}\n\n"));
        app.counts.send_event();
    }
    drop(body);
    until(|| app.counts.streams() == 0).await;
}

/// What looks at headers would not see them on the way up.
#[tokio::test]
async fn trailers_come_down_and_do_not_go_up() {
    let app = TestUpstream::start().await;
    let upstream = upstream(&app.address);
    let mut sum = HeaderMap::new();
    sum.insert("x-sum", HeaderValue::from_static("7"));
    let frames =
        [Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(b"abc"))), Ok(http_body::Frame::trailers(sum))];
    let body = Body::new(StreamBody::new(stream::iter(frames)));
    let up = Request::post("/up").header(header::TRAILER, "x-sum").body(body).unwrap();
    assert_eq!(ask(&upstream, up).await.1, "3 ");

    let down = Request::get("/trailers").header(header::TE, "trailers").body(Body::empty()).unwrap();
    let answer = send(&upstream, down).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(answer.trailers().unwrap()["x-sum"], "42");
}

/// An answer that is shorter than it said never looks whole.
#[tokio::test]
async fn a_short_answer_ends_with_an_error() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ] {
        let app = RawUpstream::answering(answer).await;
        let body = read(send(&upstream(&app.address), get("/")).await.unwrap()).await;
        assert!(body.is_err(), "{answer:?}");
    }
}

/// An upstream may answer before it has read everything.
#[tokio::test]
async fn an_early_answer_is_passed_on_while_the_upload_goes_on() {
    let refusal = "HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nno!";
    let app = RawUpstream::start(vec![vec![Step::Read, Step::write(refusal), Step::Wait]]).await;
    let (status, answer) = ask(&upstream(&app.address), post("/up", pieces(u64::MAX, &Arc::default()))).await;
    assert_eq!((status, answer), (413, "no!".into()));
}
