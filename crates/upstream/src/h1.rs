//! One HTTP/1.1 connection to an address, driven by whoever uses it.
//!
//! hyper's connection is a future that is usually spawned. Here the task that waits for the answer polls it instead:
//! no second task has to be woken for each request and each piece of a body. While it rests nobody polls it, so whoever
//! takes it out of the pool looks first whether the other side has closed.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::{
        TrySendError,
        http1::{Connection, SendRequest},
    },
};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::{body::UploadBody, stream::Stream};

pub(crate) struct H1 {
    sender: SendRequest<UploadBody>,
    connection: Connection<TokioIo<Stream>, UploadBody>,
    /// The connection has ended, and may not be polled again.
    ended: bool,
    /// Since when it rests.
    pub(crate) resting_since: Instant,
}

/// What hyper says where nothing came back; with the request, where nothing of it was sent.
pub(crate) type SendError = TrySendError<Request<UploadBody>>;

impl H1 {
    pub(crate) fn new(sender: SendRequest<UploadBody>, connection: Connection<TokioIo<Stream>, UploadBody>) -> Self {
        Self { sender, connection, ended: false, resting_since: Instant::now() }
    }

    /// Lets the connection read and write what it can.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) {
        // How it ended is told to whoever waits for the answer, or for its body.
        if !self.ended && Pin::new(&mut self.connection).poll(cx).is_ready() {
            self.ended = true;
        }
    }

    /// Whether it can take a request now: the other side has neither closed it nor sent what nobody asked for.
    pub(crate) fn is_usable(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.ended && self.sender.is_ready()
    }

    /// Sends a request, and gives the head of the answer.
    pub(crate) async fn send(&mut self, request: Request<UploadBody>) -> Result<Response<Incoming>, SendError> {
        let mut answer = pin!(self.sender.try_send_request(request));
        poll_fn(|cx| {
            if !self.ended && Pin::new(&mut self.connection).poll(cx).is_ready() {
                self.ended = true;
            }
            answer.as_mut().poll(cx)
        })
        .await
    }

    /// The bare stream after an answer of 101, with what was read of it already.
    pub(crate) async fn into_stream(mut self) -> Option<(Stream, Bytes)> {
        if !self.ended {
            poll_fn(|cx| self.connection.poll_without_shutdown(cx)).await.ok()?;
        }
        let parts = self.connection.into_parts();
        Some((parts.io.into_inner(), parts.read_buf))
    }
}
