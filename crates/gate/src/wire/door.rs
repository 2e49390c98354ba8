//! The door before hyper: it lets whole, unambiguous HTTP/1.1 requests through, and nothing else.
//!
//! A request that is refused here never reaches hyper. In its place hyper is handed a stand-in, and the service is told
//! ([`WireFaults`]) that the request of this number is to be answered with a refusal. So even the answer to bytes that
//! are no HTTP goes through the pipeline: it has an id, a log line and all headers, and the connection closes after it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::{
    chunks::Chunks,
    head::{Framing, HeadLimits, WireFault, end_of_head, inspect, inspect_partial},
};
use crate::connection::WireFaults;

/// What is read at once.
const READ_BYTES: usize = 16 * 1024;
/// What hyper is handed in place of a refused request.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: refused.invalid\r\nconnection: close\r\n\r\n";
/// How much of a body that nobody wants is taken before the connection closes, so that the client gets to read why.
const LINGER_BYTES: usize = 4 * 1024 * 1024;
const LINGER: Duration = Duration::from_secs(2);

/// What a client may send, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WireLimits {
    pub(crate) head: HeadLimits,
    pub(crate) head_time: Duration,
}

/// A stream whose HTTP/1.1 requests have been looked at.
pub(crate) struct Door<S> {
    stream: S,
    limits: WireLimits,
    faults: WireFaults,
    phase: Phase,
    /// What was read from the client.
    buffer: Vec<u8>,
    /// How much of the buffer's front may go to hyper.
    released: usize,
    /// How much of the unreleased rest was searched for the end of a head.
    searched: usize,
    head_timer: Option<Pin<Box<Sleep>>>,
    linger: Option<(Pin<Box<Sleep>>, usize)>,
}

#[derive(Clone, Copy)]
enum Phase {
    Head,
    Length(u64),
    Chunked(Chunks),
    Refused,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Door<S> {
    /// Puts the door before a stream.
    pub(crate) fn new(stream: S, limits: WireLimits, faults: WireFaults) -> Self {
        Self {
            stream,
            limits,
            faults,
            phase: Phase::Head,
            buffer: Vec::new(),
            released: 0,
            searched: 0,
            head_timer: None,
            linger: None,
        }
    }

    /// Looks at what was read and not yet released. `true`: something was released.
    fn judge(&mut self) -> io::Result<bool> {
        match self.phase {
            Phase::Refused => Ok(false),
            Phase::Head => Ok(self.judge_head()),
            Phase::Length(left) => {
                let there = u64::try_from(self.buffer.len() - self.released).unwrap_or(u64::MAX);
                let step = there.min(left);
                self.released += usize::try_from(step).unwrap_or(usize::MAX);
                self.phase = if step == left { Phase::Head } else { Phase::Length(left - step) };
                Ok(step > 0)
            }
            Phase::Chunked(mut chunks) => {
                let fresh = self.buffer.get(self.released..).unwrap_or_default();
                let taken =
                    chunks.advance(fresh).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a bad chunk"))?;
                self.released += taken;
                self.phase = if chunks.is_done() { Phase::Head } else { Phase::Chunked(chunks) };
                Ok(taken > 0)
            }
        }
    }

    fn judge_head(&mut self) -> bool {
        self.skip_empty_lines();
        let fresh = self.buffer.get(self.released..).unwrap_or_default();
        let Some(length) = end_of_head(fresh, self.searched) else {
            self.searched = fresh.len();
            let fault = inspect_partial(fresh, &self.limits.head);
            return fault.is_some_and(|fault| self.refuse(fault));
        };
        match inspect(fresh.get(..length).unwrap_or_default(), &self.limits.head) {
            Err(fault) => self.refuse(fault),
            Ok(framing) => {
                self.faults.count_head();
                self.released += length;
                self.searched = 0;
                self.head_timer = None;
                self.phase = match framing {
                    Framing::Length(0) => Phase::Head,
                    Framing::Length(length) => Phase::Length(length),
                    Framing::Chunked => Phase::Chunked(Chunks::new()),
                };
                true
            }
        }
    }

    /// RFC 9112, section 2.2: empty lines before a request are old clients' habit and are ignored.
    fn skip_empty_lines(&mut self) {
        while self.searched == 0 && self.buffer.get(self.released..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
            self.buffer.drain(self.released..self.released + 2);
        }
    }

    /// Puts the stand-in in the place of what the client sent, which is not read any further.
    fn refuse(&mut self, fault: WireFault) -> bool {
        self.faults.refuse_next(fault);
        self.buffer.truncate(self.released);
        self.buffer.extend_from_slice(STAND_IN);
        self.released = self.buffer.len();
        self.head_timer = None;
        self.phase = Phase::Refused;
        true
    }

    /// The client's time for the rest of a head that has begun.
    fn poll_head_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let begun = matches!(self.phase, Phase::Head) && self.buffer.len() > self.released;
        if !begun {
            self.head_timer = None;
            return Poll::Pending;
        }
        let time = self.limits.head_time;
        self.head_timer.get_or_insert_with(|| Box::pin(sleep(time))).as_mut().poll(cx)
    }

    /// Reads more from the client into the buffer. `Ok(0)`: it has closed its side.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let before = self.buffer.len();
        self.buffer.resize(before + READ_BYTES, 0);
        let mut space = ReadBuf::new(self.buffer.get_mut(before..).unwrap_or_default());
        let polled = Pin::new(&mut self.stream).poll_read(cx, &mut space);
        let read = space.filled().len();
        self.buffer.truncate(before + read);
        // An idle connection keeps no buffer: there may be thousands of them.
        if self.buffer.is_empty() && polled.is_pending() {
            self.buffer = Vec::new();
        }
        polled.map_ok(|()| read)
    }

    fn hand_over(&mut self, out: &mut ReadBuf<'_>) {
        let step = self.released.min(out.remaining());
        out.put_slice(self.buffer.get(..step).unwrap_or_default());
        self.buffer.drain(..step);
        self.released -= step;
    }

    /// Takes and drops what the client still sends, so that its system does not throw our answer away with a reset.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let unread = matches!(self.phase, Phase::Refused | Phase::Length(_) | Phase::Chunked(_));
        if !unread {
            return Poll::Ready(Ok(()));
        }
        let mut scratch = [0; 4_096];
        loop {
            let (timer, left) = self.linger.get_or_insert_with(|| (Box::pin(sleep(LINGER)), LINGER_BYTES));
            if timer.as_mut().poll(cx).is_ready() || *left == 0 {
                return Poll::Ready(Ok(()));
            }
            let mut space = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space)).map(|()| space.filled().len());
            match read {
                Ok(0) | Err(_) => return Poll::Ready(Ok(())),
                Ok(read) => *left = left.saturating_sub(read),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Door<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.released > 0 {
                self.hand_over(out);
                return Poll::Ready(Ok(()));
            }
            if !self.buffer.is_empty() && self.judge()? {
                continue;
            }
            if matches!(self.phase, Phase::Refused) {
                // hyper answers the stand-in and closes; there is nothing more to read.
                return Poll::Pending;
            }
            match self.poll_fill(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    ready!(self.poll_head_timer(cx));
                    self.refuse(WireFault::HeadersTooSlow);
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Door<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        self.poll_linger(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
