//! The door before hyper: it lets whole, unambiguous HTTP/1.1 requests through, and nothing else.
//!
//! A request that is refused here never reaches hyper. In its place hyper is handed a stand-in, and the service is told
//! ([`WireFaults`]) that the request of this number is to be answered with a refusal. So even the answer to bytes that
//! are no HTTP goes through the pipeline: it has an id, a log line and all headers, and the connection closes after it.

use std::{
    io,
    mem::MaybeUninit,
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
use crate::connection::{Switch, WireFaults};

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
    /// After a request that wants an upgrade, by its number: whether what follows is HTTP, its answer decides.
    Undecided(u64),
    /// What follows is no HTTP, and nobody's business here.
    Tunnel,
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

    /// Whether nothing of a request was read that hyper does not have.
    pub(crate) fn is_between_requests(&self) -> bool {
        matches!(self.phase, Phase::Head) && self.buffer.is_empty()
    }

    /// Waits for the first bytes of the next request. `false`: the client sends no more.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.poll_fill(cx).map(|read| read.is_ok_and(|read| read > 0))
    }

    /// Looks at what was read and not yet released. `true`: something was released.
    fn judge(&mut self) -> io::Result<bool> {
        match self.phase {
            Phase::Refused => Ok(false),
            Phase::Head => Ok(self.judge_head()),
            Phase::Undecided(number) => Ok(self.decide(number)),
            Phase::Tunnel => {
                self.released = self.buffer.len();
                Ok(true)
            }
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
                let number = self.faults.count_head();
                self.released += length;
                self.searched = 0;
                self.head_timer = None;
                self.phase = match framing {
                    Framing::Length(0) => Phase::Head,
                    Framing::Length(length) => Phase::Length(length),
                    Framing::Chunked => Phase::Chunked(Chunks::new()),
                    Framing::Upgrade => Phase::Undecided(number),
                };
                true
            }
        }
    }

    /// Looks how a request that wants an upgrade was answered. `true`: it was.
    fn decide(&mut self, number: u64) -> bool {
        self.phase = match self.faults.switch_after(number) {
            Switch::Undecided => return false,
            Switch::Http => Phase::Head,
            Switch::Tunnel => Phase::Tunnel,
        };
        true
    }

    /// RFC 9112, section 2.2: empty lines before a request are old clients' habit and are ignored.
    fn skip_empty_lines(&mut self) {
        while self.buffer.get(self.released..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
            self.buffer.drain(self.released..self.released + 2);
            self.searched = 0;
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
        // Most of what comes is far smaller than what could come: space for that is on the stack, and never cleared.
        let mut space = [MaybeUninit::uninit(); READ_BYTES];
        let mut space = ReadBuf::uninit(&mut space);
        let polled = Pin::new(&mut self.stream).poll_read(cx, &mut space);
        let read = space.filled().len();
        self.buffer.extend_from_slice(space.filled());
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
            if let Phase::Undecided(number) = self.phase
                && !self.decide(number)
            {
                // Nothing is read before the answer. hyper asks again when that is sent, so nobody has to be woken.
                return Poll::Pending;
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use futures_util::FutureExt as _;
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// A client that sends its pieces and closes.
    struct Client(VecDeque<Vec<u8>>);

    impl AsyncRead for Client {
        fn poll_read(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if let Some(mut piece) = self.0.pop_front() {
                let rest = piece.split_off(piece.len().min(out.remaining()));
                out.put_slice(&piece);
                if !rest.is_empty() {
                    self.0.push_front(rest);
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Client {
        fn poll_write(self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// What comes through the door of these bytes, sent in pieces of that size, and whether a body broke off in it.
    fn through(bytes: &[u8], piece: usize) -> (Vec<u8>, bool) {
        let head = HeadLimits { bytes: 512, headers: 8, uri: 64 };
        let limits = WireLimits { head, head_time: Duration::from_secs(9) };
        let client = Client(bytes.chunks(piece).map(<[u8]>::to_vec).collect());
        let mut door = Door::new(client, limits, WireFaults::default());
        let mut out = Vec::new();
        // It waits for ever once it has refused: hyper closes the connection after the stand-in.
        let broken = door.read_to_end(&mut out).now_or_never().is_some_and(|read| read.is_err());
        (out, broken)
    }

    /// Equal; but of a body that breaks off, more or less may have come through before that was seen.
    fn mean_the_same(one: &(Vec<u8>, bool), other: &(Vec<u8>, bool)) -> bool {
        let prefix = one.0.starts_with(&other.0) || other.0.starts_with(&one.0);
        one == other || (one.1 && other.1 && prefix)
    }

    fn message() -> impl Strategy<Value = String> {
        let part = |choices: &[&'static str]| proptest::sample::select(choices.to_vec());
        let head = part(&["GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "\r\nGET / HTTP/1.1\r\n", "GET / HTTP/1.1\n"]);
        let host = part(&["Host: a\r\n", "Host: a\r\nHost: b\r\n", ""]);
        let length = part(&[
            "",
            "Content-Length: 3\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        ]);
        let body =
            part(&["", "abc", "3\r\nabc\r\n0\r\n\r\n", "3\r\nabcX", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"]);
        (head, host, length, body).prop_map(|(head, host, length, body)| format!("{head}{host}{length}\r\n{body}"))
    }

    proptest! {
        /// What reaches hyper is what the client sent (less empty lines in front), up to what is refused; and how the
        /// network cut it into pieces decides nothing.
        #[test]
        fn nothing_comes_through_that_was_not_sent(messages in proptest::collection::vec(message(), 1..4), piece in 1_usize..40) {
            let sent = messages.concat();
            let whole = through(sent.as_bytes(), sent.len().max(1));
            let passed = whole.0.strip_suffix(STAND_IN).unwrap_or(&whole.0);
            let plain = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "");
            prop_assert!(plain(sent.as_bytes()).starts_with(&plain(passed)));
            prop_assert!(mean_the_same(&through(sent.as_bytes(), piece), &whole));
        }

        #[test]
        fn any_bytes_in_any_pieces_mean_the_same(bytes in proptest::collection::vec(any::<u8>(), 1..300), piece in 1_usize..40) {
            prop_assert!(mean_the_same(&through(&bytes, piece), &through(&bytes, bytes.len())));
        }
    }

    #[test]
    fn a_smuggled_request_does_not_come_through() {
        let sent = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(through(sent, 7), (STAND_IN.to_vec(), false));
    }
}
