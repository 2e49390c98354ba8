//! Refuses what is too large or comes too slowly.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::{Body as _, Frame, SizeHint};
use palisade_base::{Error, Kind};
use palisade_web::Failure;
use tokio::time::{Sleep, sleep};

use crate::{
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, mut passage: Passage, next: Next) -> LayerFuture {
    let http1 = passage.is_http1();
    if let Some(refusal) = refuse_at_once(&shared, &passage) {
        return Box::pin(async move { close(refusal.into_response(), http1) });
    }
    let trouble = Trouble::default();
    let most = largest_body(&shared, &passage);
    let pause = shared.config.timeouts.body_pause();
    let body = std::mem::take(passage.request.body_mut());
    if body.is_end_stream() {
        return pipeline::run(next, passage);
    }
    let read = Arc::new(AtomicBool::new(false));
    *passage.request.body_mut() = Body::new(GuardedBody {
        body,
        left: most,
        pause,
        timer: None,
        trouble: trouble.clone(),
        read: Arc::clone(&read),
    });
    Box::pin(async move {
        let response = pipeline::run(next, passage).await;
        match trouble.failure() {
            // Whatever the app made of a body that broke off, the reason is ours to tell. If it did not need it, fine.
            Some(failure) if !response.status().is_success() => close(failure.into_response(), http1),
            // The server closes where a body was left unread. Said beforehand, nobody sends another request into that.
            _ if !read.load(Ordering::Relaxed) => close(response, http1),
            _ => response,
        }
    })
}

/// What the head alone shows. The door has looked at this for HTTP/1.1; here it holds for HTTP/2 too.
fn refuse_at_once(shared: &Shared, passage: &Passage) -> Option<Failure> {
    let sizes = &shared.config.sizes;
    let (uri, headers) = (passage.request.uri(), passage.request.headers());
    if uri.path_and_query().map_or(0, |path| path.as_str().len()) > sizes.uri_bytes {
        return Some(failure(StatusCode::URI_TOO_LONG, "This address is too long."));
    }
    // The door has seen to it for HTTP/1.1. Over HTTP/2 two equal ones get through, and an upstream would get both.
    if headers.get_all(header::CONTENT_LENGTH).iter().nth(1).is_some() {
        return Some(failure(StatusCode::BAD_REQUEST, "The request says more than once how long it is."));
    }
    if headers.len() > sizes.header_count || bytes_of(headers) > sizes.headers_kib.saturating_mul(1_024) {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Some(failure(
            status,
            "The browser sent too much about itself. Clear this site's cookies and try again.",
        ));
    }
    let announced = passage.request.body().size_hint().lower();
    let most = largest_body(shared, passage);
    (announced > most).then(|| too_large(most))
}

/// The site's limit, or that of all.
fn largest_body(shared: &Shared, passage: &Passage) -> u64 {
    match passage.facts.site() {
        Some(site) => site.body_bytes.unwrap_or(u64::MAX),
        None => u64::try_from(shared.config.sizes.body_kib.saturating_mul(1_024)).unwrap_or(u64::MAX),
    }
}

fn bytes_of(headers: &HeaderMap) -> usize {
    // As HTTP/2 counts: name, value, and 32 for the bookkeeping; less what a line needs in HTTP/1.1.
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

fn failure(status: StatusCode, message: &'static str) -> Failure {
    Failure::with_status(Error::new(Kind::Invalid, message), status)
}

fn too_large(most: u64) -> Failure {
    let most_kib = most / 1_024;
    let most = if most_kib >= 1_024 { format!("{} MiB", most_kib / 1_024) } else { format!("{most_kib} KiB") };
    Failure::from(Error::new(
        Kind::TooLarge,
        format!("This is too large: {most} is the most that can be sent at once."),
    ))
}

/// The rest of the body is on its way, and nobody wants it.
fn close(mut response: Response, http1: bool) -> Response {
    if http1 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What went wrong with a body, if something did.
#[derive(Clone, Default)]
struct Trouble(Arc<AtomicU8>);

const TOO_LARGE: u8 = 1;
const TOO_SLOW: u8 = 2;
const BROKEN: u8 = 3;

impl Trouble {
    fn note(&self, what: u8) -> axum::Error {
        self.0.store(what, Ordering::Relaxed);
        axum::Error::new(std::io::Error::other(match what {
            TOO_LARGE => "the body is too large",
            TOO_SLOW => "the body came too slowly",
            _ => "the body broke off",
        }))
    }

    fn failure(&self) -> Option<Failure> {
        match self.0.load(Ordering::Relaxed) {
            TOO_LARGE => Some(Failure::from(Error::new(Kind::TooLarge, "This is too large to be sent at once."))),
            TOO_SLOW => Some(failure(StatusCode::REQUEST_TIMEOUT, "What you sent did not arrive in time. Try again.")),
            BROKEN => Some(failure(StatusCode::BAD_REQUEST, "What you sent arrived broken. Try again.")),
            _ => None,
        }
    }
}

/// A body that ends with an error where it is too large, or rests for too long.
struct GuardedBody {
    body: Body,
    left: u64,
    pause: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    trouble: Trouble,
    /// Set when it was read to its end.
    read: Arc<AtomicBool>,
}

impl http_body::Body for GuardedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            let pause = this.pause;
            ready!(this.timer.get_or_insert_with(|| Box::pin(sleep(pause))).as_mut().poll(cx));
            return Poll::Ready(Some(Err(this.trouble.note(TOO_SLOW))));
        };
        this.timer = None;
        if frame.is_none() || this.body.is_end_stream() {
            this.read.store(true, Ordering::Relaxed);
        }
        let Some(frame) = frame else { return Poll::Ready(None) };
        let checked = frame.map_err(|_| this.trouble.note(BROKEN)).and_then(|frame| {
            let size = frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX));
            this.left = this.left.checked_sub(size).ok_or_else(|| this.trouble.note(TOO_LARGE))?;
            Ok(frame)
        });
        Poll::Ready(Some(checked))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
