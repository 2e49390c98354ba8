//! Answers that show what was asked, and bodies of every size and speed.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, Request, State},
    response::{IntoResponse as _, Response},
    routing,
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};

use super::{server::Counts, websocket};

const PIECE: usize = 64 * 1_024;

pub(super) fn routes() -> Router<Arc<Counts>> {
    Router::new()
        .route("/down/{bytes}", routing::get(down))
        .route("/up", routing::any(up))
        .route("/events", routing::get(events))
        .route("/never", routing::any(std::future::pending::<()>))
        .route("/status/{code}", routing::any(status))
        .route("/set-headers", routing::any(set_headers))
        .route("/trailers", routing::any(trailers))
        .route("/socket.io/", routing::any(websocket::echo))
        .fallback(echo)
}

/// The request as it was seen: method, target as it came, version, headers in their order, length of the body.
async fn echo(State(counts): State<Arc<Counts>>, request: Request) -> Json<Value> {
    counts.count_request();
    let (parts, body) = request.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<Value> = parts.headers.iter().map(|(name, value)| json!([name.as_str(), text(value)])).collect();
    let body = body.collect().await.map(|body| body.to_bytes().len()).unwrap_or(usize::MAX);
    Json(json!({
        "method": parts.method.as_str(),
        "target": parts.uri.to_string(),
        "version": format!("{:?}", parts.version),
        "headers": headers,
        "body": body,
    }))
}

/// So many bytes, made as they are taken.
async fn down(State(counts): State<Arc<Counts>>, Path(bytes): Path<u64>) -> Response {
    counts.count_request();
    let pieces = stream::unfold((bytes, Streaming::new(counts)), |(left, streaming)| async move {
        let piece = usize::try_from(left.min(PIECE as u64)).unwrap();
        streaming.0.made.fetch_add(piece as u64, Ordering::SeqCst);
        (piece > 0).then(|| (Ok::<_, Infallible>(Bytes::from(vec![b'x'; piece])), (left - piece as u64, streaming)))
    });
    ([(header::CONTENT_LENGTH, HeaderValue::from(bytes))], Body::from_stream(pieces)).into_response()
}

/// Takes a body, piece by piece; says how many bytes it had, and what its trailers were.
async fn up(State(counts): State<Arc<Counts>>, request: Request) -> Response {
    counts.count_request();
    let mut body = request.into_body();
    let (mut length, mut trailers) = (0_u64, String::new());
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return StatusCode::BAD_REQUEST.into_response() };
        if let Some(data) = frame.data_ref() {
            length += data.len() as u64;
            counts.taken.fetch_add(data.len() as u64, Ordering::SeqCst);
        } else if let Some(map) = frame.trailers_ref() {
            trailers = format!("{map:?}");
        }
    }
    format!("{length} {trailers}").into_response()
}

/// An event at once, and one more each time the test says so.
async fn events(State(counts): State<Arc<Counts>>) -> Response {
    counts.count_request();
    let events = stream::unfold((0_u32, Streaming::new(counts)), |(number, streaming)| async move {
        if number > 0 {
            streaming.0.next_event.notified().await;
        }
        let event = Bytes::from(format!("data: {number}\n\n"));
        Some((Ok::<_, Infallible>(event), (number + 1, streaming)))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}

async fn status(State(counts): State<Arc<Counts>>, Path(code): Path<u16>) -> Response {
    counts.count_request();
    StatusCode::from_u16(code).unwrap().into_response()
}

/// Sets the headers that the query names.
async fn set_headers(State(counts): State<Arc<Counts>>, Query(query): Query<HashMap<String, String>>) -> Response {
    counts.count_request();
    let mut response = "set".into_response();
    for (name, value) in query {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        for value in value.split('|') {
            response.headers_mut().append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
    }
    response
}

async fn trailers() -> Response {
    let mut map = HeaderMap::new();
    map.insert("x-sum", HeaderValue::from_static("42"));
    let frames = [Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"body"))), Ok(Frame::trailers(map))];
    ([(header::TRAILER, "x-sum")], Body::new(StreamBody::new(stream::iter(frames)))).into_response()
}

/// A stream under way, until it is dropped.
struct Streaming(Arc<Counts>);

impl Streaming {
    fn new(counts: Arc<Counts>) -> Self {
        counts.streams.fetch_add(1, Ordering::SeqCst);
        Self(counts)
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::SeqCst);
    }
}
