//! One request to one address, and its answer.

use std::{error::Error as _, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, Uri, header,
    uri::{Authority, Scheme},
};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::{
    address::{Address, Busy},
    body::{DownloadBody, Progress, UploadBody},
    connect::{Fresh, H2},
    error::UpstreamError,
    h1::{H1, SendError},
    headers,
    settings::UpstreamTimeouts,
    stream::Stream,
};

/// A request got no answer.
pub(crate) enum Failed {
    /// Nothing of it counts as sent: here it is, to be tried elsewhere.
    Whole(Box<Request<UploadBody>>, UpstreamError),
    /// It may have been carried out.
    Lost(UpstreamError),
}

/// Sends a request to an address: on a connection that rests there, or on a new one.
pub(crate) async fn exchange(
    mut busy: Busy,
    mut request: Box<Request<UploadBody>>,
    times: &UpstreamTimeouts,
) -> Result<Response<DownloadBody>, Failed> {
    let address = Arc::clone(busy.address());
    if let Some(handle) = address.shared_http2() {
        return over_http2(handle, busy, request, times).await;
    }
    busy.take_place(times.connect).await.map_err(Failed::Lost)?;
    while let Some(connection) = address.take_idle() {
        // The other side may close a resting connection in the very moment in which it is used again. A request that
        // may be sent twice is then sent on a new one; any other only if nothing of it went out.
        let copy = may_be_sent_twice(&request).then(|| copy_of(&request));
        match over_http1(connection, &address, *request, times).await {
            Ok((answer, connection)) => return accept(answer, Some(connection), busy, times).map_err(Failed::Lost),
            Err(Failed::Whole(whole, _)) => request = whole,
            Err(Failed::Lost(error)) => match (copy, &error) {
                (Some(copy), UpstreamError::Broken { .. }) => {
                    request = copy;
                    break;
                }
                _ => return Err(Failed::Lost(error)),
            },
        }
    }
    match address.connect().await {
        Err(error) => Err(Failed::Whole(request, error)),
        Ok(Fresh::H2(handle)) => {
            // All requests share it.
            busy.leave_place();
            over_http2(handle, busy, request, times).await
        }
        Ok(Fresh::H1(connection)) => {
            let (answer, connection) = over_http1(connection, &address, *request, times).await?;
            accept(answer, Some(connection), busy, times).map_err(Failed::Lost)
        }
    }
}

/// Sends a request that asks for a WebSocket, on a connection of its own. Its place is one of those that stay open, whatever
/// the application answers: to ask is no way around their number.
pub(crate) async fn open(
    mut busy: Busy,
    request: Box<Request<UploadBody>>,
    times: &UpstreamTimeouts,
) -> Result<(Response<DownloadBody>, Option<(Stream, Bytes, Busy)>), Failed> {
    if let Err(error) = busy.take_stream_place() {
        return Err(Failed::Whole(request, error));
    }
    let address = Arc::clone(busy.address());
    let connection = match address.connector().connect_http1().await {
        Ok(connection) => connection,
        Err(error) => return Err(Failed::Whole(request, error)),
    };
    let (answer, connection) = over_http1(connection, &address, *request, times).await?;
    if !crate::websocket::is_open(answer.status(), answer.headers()) {
        let answer = accept(answer, Some(connection), busy, times).map_err(Failed::Lost)?;
        return Ok((answer, None));
    }
    let bad = || Failed::Lost(bad_answer(&address, "its WebSocket broke off"));
    let (stream, read) = connection.into_stream().await.ok_or_else(bad)?;
    let answer = answer.map(|body| DownloadBody::new(body, None, Busy::at(Arc::clone(&address)), times.pause));
    Ok((answer, Some((stream, read, busy))))
}

fn may_be_sent_twice(request: &Request<UploadBody>) -> bool {
    request.method().is_idempotent() && request.body().is_end_stream()
}

/// For a request without a body.
fn copy_of(request: &Request<UploadBody>) -> Box<Request<UploadBody>> {
    let mut copy = Request::new(UploadBody::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Box::new(copy)
}

async fn over_http1(
    mut connection: Box<H1>,
    address: &Address,
    request: Request<UploadBody>,
    times: &UpstreamTimeouts,
) -> Result<(Response<Incoming>, Box<H1>), Failed> {
    let progress = request.body().progress().cloned();
    match in_time(connection.send(request), progress.as_deref(), times).await {
        None => Err(Failed::Lost(UpstreamError::AnswerTooSlow { address: address.target().to_string() })),
        Some(Err(error)) => Err(failed(address, error)),
        Some(Ok(answer)) => Ok((answer, connection)),
    }
}

async fn over_http2(
    mut handle: H2,
    busy: Busy,
    mut request: Box<Request<UploadBody>>,
    times: &UpstreamTimeouts,
) -> Result<Response<DownloadBody>, Failed> {
    let address = Arc::clone(busy.address());
    let too_slow = || UpstreamError::AnswerTooSlow { address: address.target().to_string() };
    match timeout(times.answer, handle.ready()).await {
        Err(_) => return Err(Failed::Whole(request, too_slow())),
        Ok(Err(error)) => return Err(Failed::Whole(request, explain(&address, &error))),
        Ok(Ok(())) => {}
    }
    make_absolute(&mut request);
    let progress = request.body().progress().cloned();
    match in_time(handle.try_send_request(*request), progress.as_deref(), times).await {
        None => Err(Failed::Lost(too_slow())),
        Some(Err(error)) => Err(failed(&address, error)),
        Some(Ok(answer)) => accept(answer, None, busy, times).map_err(Failed::Lost),
    }
}

/// HTTP/2 has the host in the address of the request, and no Host header.
pub(crate) fn make_absolute(request: &mut Request<UploadBody>) {
    let Some(host) = request.headers_mut().remove(header::HOST) else { return };
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = Some(Scheme::HTTPS);
    parts.authority = Authority::try_from(host.as_bytes()).ok();
    if let (true, Ok(uri)) = (parts.path_and_query.is_some(), Uri::from_parts(parts)) {
        *request.uri_mut() = uri;
    }
}

/// Waits for the head of an answer: `None` if it takes too long, counted from the last byte of the request.
async fn in_time<T>(
    sending: impl Future<Output = T>,
    progress: Option<&Progress>,
    times: &UpstreamTimeouts,
) -> Option<T> {
    let mut sending = pin!(sending);
    let left = |progress: &Progress| progress.left(times.answer, times.pause);
    loop {
        let wait = progress.map_or(times.answer, left);
        match (timeout(wait, sending.as_mut()).await, progress) {
            (Ok(answer), _) => return Some(answer),
            (Err(_), Some(progress)) if left(progress) > Duration::ZERO => {}
            (Err(_), _) => return None,
        }
    }
}

fn failed(address: &Address, mut error: SendError) -> Failed {
    match error.take_message() {
        Some(request) => Failed::Whole(Box::new(request), explain(address, error.error())),
        None => Failed::Lost(explain(address, error.error())),
    }
}

fn explain(address: &Address, error: &hyper::Error) -> UpstreamError {
    if error.is_user() {
        return UpstreamError::RequestBody;
    }
    if error.is_parse() {
        return bad_answer(address, "it is no HTTP, or its head is too large");
    }
    let cause = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    UpstreamError::Broken { address: address.target().to_string(), cause }
}

pub(crate) fn bad_answer(address: &Address, what: &'static str) -> UpstreamError {
    UpstreamError::BadAnswer { address: address.target().to_string(), what }
}

/// Looks whether the answer can be passed on.
fn accept(
    answer: Response<Incoming>,
    connection: Option<Box<H1>>,
    mut busy: Busy,
    times: &UpstreamTimeouts,
) -> Result<Response<DownloadBody>, UpstreamError> {
    if answer.status().is_informational() {
        return Err(bad_answer(busy.address(), "it switches to a protocol that nobody asked for"));
    }
    if let (true, Some(what)) = (connection.is_some(), headers::bad_framing(answer.headers())) {
        return Err(bad_answer(busy.address(), what));
    }
    let events = answer.headers().get(header::CONTENT_TYPE).is_some_and(is_event_stream);
    if events {
        busy.take_stream_place()?;
    }
    let pause = if events { times.quiet.max(times.pause) } else { times.pause };
    Ok(answer.map(|body| DownloadBody::new(body, connection, busy, pause)))
}

fn is_event_stream(value: &HeaderValue) -> bool {
    let kind = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}
