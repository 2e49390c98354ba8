//! Bodies on their way: to the upstream with a record of their progress, back with a limit on pauses.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use crate::{address::Busy, h1::H1, headers};

/// What the client sends.
pub(crate) struct UploadBody {
    body: Body,
    progress: Option<Arc<Progress>>,
}

/// How far a request's body is, for whoever waits for the answer.
pub(crate) struct Progress {
    born: Instant,
    /// When the upstream last took something, in milliseconds since `born`; or one of the two words below.
    moved: AtomicU64,
    /// When all was sent, likewise.
    sent: AtomicU64,
}

/// The upstream waits for the client; that time is none of its own.
const CLIENTS_TURN: u64 = u64::MAX;
/// Not all was sent yet.
const NOT_SENT: u64 = u64::MAX;

impl Progress {
    fn new() -> Self {
        Self { born: Instant::now(), moved: AtomicU64::new(0), sent: AtomicU64::new(NOT_SENT) }
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// How long the upstream still has: `answer` after the last byte, `pause` within the body.
    pub(crate) fn left(&self, answer: Duration, pause: Duration) -> Duration {
        let since = |instant: u64| Duration::from_millis(self.age_ms().saturating_sub(instant));
        match (self.sent.load(Ordering::Relaxed), self.moved.load(Ordering::Relaxed)) {
            (NOT_SENT, CLIENTS_TURN) => pause,
            (NOT_SENT, moved) => pause.saturating_sub(since(moved)),
            (sent, _) => answer.saturating_sub(since(sent)),
        }
    }
}

impl UploadBody {
    pub(crate) fn new(body: Body) -> Self {
        let progress = (!body.is_end_stream()).then(|| Arc::new(Progress::new()));
        Self { body, progress }
    }

    pub(crate) fn empty() -> Self {
        Self { body: Body::empty(), progress: None }
    }

    /// `None`: there is no body.
    pub(crate) const fn progress(&self) -> Option<&Arc<Progress>> {
        self.progress.as_ref()
    }
}

impl HttpBody for UploadBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Some(progress) = &self.progress {
            let now = progress.age_ms();
            progress.moved.store(if polled.is_pending() { CLIENTS_TURN } else { now }, Ordering::Relaxed);
            if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
                progress.sent.store(now, Ordering::Relaxed);
            }
        }
        match polled {
            // They are last. What the gate strips and sets is headers: a trailer of the same name would get past it.
            Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => Poll::Ready(None),
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The frame as the client gets it.
fn cleaned(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            headers::clean_trailers(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}

/// What the upstream sends. Its connection goes back to the others when the last byte is read.
pub(crate) struct DownloadBody {
    body: Incoming,
    /// `None` over HTTP/2, whose connection is not one request's.
    connection: Option<Box<H1>>,
    busy: Busy,
    pause: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl DownloadBody {
    pub(crate) fn new(body: Incoming, connection: Option<Box<H1>>, busy: Busy, pause: Duration) -> Self {
        let mut download = Self { body, connection, busy, pause, timer: None, waiting: false };
        if download.body.is_end_stream() {
            download.finish();
        }
        download
    }

    fn finish(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.busy.address().keep(connection);
        }
    }

    fn poll_upstream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match (&polled, &mut self.connection) {
            (Poll::Pending, Some(connection)) => {
                connection.drive(cx);
                Pin::new(&mut self.body).poll_frame(cx)
            }
            _ => polled,
        }
    }

    /// Whether the upstream has been silent for too long.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let pause = self.pause;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(pause)));
        if !self.waiting {
            timer.as_mut().reset(Instant::now() + pause);
            self.waiting = true;
        }
        timer.as_mut().poll(cx)
    }
}

impl HttpBody for DownloadBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = this.poll_upstream(cx) else {
            return this.poll_pause(cx).map(|()| {
                tracing::warn!(upstream = %this.busy.address().target(), "an answer was cut: its next part did not come in time");
                this.connection = None;
                Some(Err(axum::Error::new(std::io::Error::from(std::io::ErrorKind::TimedOut))))
            });
        };
        this.waiting = false;
        match frame {
            Some(Err(error)) => {
                tracing::warn!(upstream = %this.busy.address().target(), %error, "an answer broke off");
                this.connection = None;
                Poll::Ready(Some(Err(axum::Error::new(error))))
            }
            frame => {
                if frame.is_none() || this.body.is_end_stream() {
                    this.finish();
                }
                Poll::Ready(frame.map(|frame| frame.map(cleaned).map_err(axum::Error::new)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
