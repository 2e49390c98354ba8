//! One connection: what is known of it, and its life from the handshake to its end.

use std::{
    cmp,
    convert::Infallible,
    error::Error,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::{HttpService, service_fn},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use palisade_config::{HostName, TimeoutsConfig};
use palisade_upstream::Tunnel;
use tokio::{
    io::AsyncWriteExt as _,
    sync::watch,
    time::{Instant, sleep, timeout},
};

use crate::{
    listener::{Stream, told_to_stop},
    pipeline::{self, Next, Step},
    request::Passage,
    shared::{Current, Shared},
    standing::{Lease, OpenExchanges},
    wire::{Door, Lent, Watched, WireFault, WireLimits},
};

/// How often a connection looks whether it has rested or stalled for too long, at most.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After so long without a request, what only a busy connection needs is given back.
const QUIET: Duration = Duration::from_millis(250);
/// How long a connection that was asked to end may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// What is known of a connection.
pub(crate) struct Connection {
    /// The other end; the client, where a proxy has named one by the PROXY protocol.
    pub(crate) peer: SocketAddr,
    /// A proxy relays it, and has said so.
    pub(crate) proxied: bool,
    /// The TLS side; `None` on a plain listener.
    pub(crate) tls: Option<TlsFacts>,
    pub(crate) activity: Activity,
    pub(crate) faults: WireFaults,
    /// What is under way with guarded applications.
    pub(crate) exchanges: OpenExchanges,
    /// What the connection becomes after an answer of 101, and how long it may be.
    tunnel: Mutex<Option<(Tunnel, Lease)>>,
}

/// What the handshake showed.
#[derive(Clone, Debug)]
pub(crate) struct TlsFacts {
    /// The host that the client asked for in its first message. An address is never sent there.
    pub(crate) server_name: Option<HostName>,
    /// The client and server agreed on HTTP/2.
    pub(crate) http2: bool,
}

/// How busy a connection is.
pub(crate) struct Activity {
    born: Instant,
    /// Requests whose answers are not sent yet.
    open: AtomicUsize,
    /// Those of them whose next part has to come from an app: the client can take nothing of them yet.
    waiting: AtomicUsize,
    /// The last time that something moved, in milliseconds since `born`.
    moved: AtomicU64,
    /// Since when the client takes nothing of what is ready for it, in milliseconds since `born`, from 1; 0: it does.
    blocked: AtomicU64,
}

/// What is to be done with a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pulse {
    /// Nothing.
    Alive,
    /// It has rested for long enough: it is asked to end.
    Resting,
    /// Its client takes nothing: it is cut.
    Stalled,
}

impl Activity {
    fn new() -> Self {
        let (open, waiting) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { born: Instant::now(), open, waiting, moved: AtomicU64::new(0), blocked: AtomicU64::new(0) }
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn touch(&self) {
        self.moved.store(self.age_ms(), Ordering::Relaxed);
    }

    /// Notes whether the client took something just now.
    pub(crate) fn wrote(&self, taken: bool) {
        if taken {
            self.blocked.store(0, Ordering::Relaxed);
        } else if self.blocked.load(Ordering::Relaxed) == 0 {
            self.blocked.store(self.age_ms().max(1), Ordering::Relaxed);
        }
    }

    fn since(&self, instant: u64) -> Duration {
        Duration::from_millis(self.age_ms().saturating_sub(instant))
    }

    /// How long nothing has moved.
    fn rested(&self) -> Duration {
        self.since(self.moved.load(Ordering::Relaxed))
    }

    fn pulse(&self, timeouts: &TimeoutsConfig) -> Pulse {
        let quiet = self.rested();
        let busy = self.open.load(Ordering::Relaxed) > 0;
        let blocked = match self.blocked.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            instant => self.since(instant),
        };
        let clients_turn = busy && self.waiting.load(Ordering::Relaxed) == 0;
        // An app may be at work for the time of a request before there is anything to take.
        if blocked >= timeouts.stalled() || (clients_turn && quiet >= timeouts.stalled() + timeouts.request()) {
            Pulse::Stalled
        } else if !busy && quiet >= timeouts.idle() {
            Pulse::Resting
        } else {
            Pulse::Alive
        }
    }
}

/// Requests that the door refused, by their number on the connection. The door counts heads as it lets them in, the
/// service counts as they come out; hyper keeps their order, so the numbers agree.
#[derive(Clone, Default)]
pub(crate) struct WireFaults(Arc<FaultState>);

#[derive(Default)]
struct FaultState {
    heads: AtomicU64,
    served: AtomicU64,
    refused: Mutex<Option<(u64, WireFault)>>,
    /// How the last answer went: its number from 1, doubled, and 1 more where it opened a tunnel.
    answered: AtomicU64,
}

/// What becomes of a connection after a request that wants it to become something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    /// It is not answered yet.
    Undecided,
    /// It stays HTTP.
    Http,
    /// It is a tunnel from here on.
    Tunnel,
}

impl WireFaults {
    /// A head was let in; gives its number.
    pub(crate) fn count_head(&self) -> u64 {
        self.0.heads.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether every head that was let in has come out.
    fn are_all_served(&self) -> bool {
        self.0.heads.load(Ordering::Relaxed) == self.0.served.load(Ordering::Relaxed)
    }

    /// The request that is served now has its answer.
    fn note_answer(&self, tunnel: bool) {
        let number = self.0.served.load(Ordering::Relaxed);
        self.0.answered.store(number * 2 + u64::from(tunnel), Ordering::Relaxed);
    }

    /// What came of the request with this number.
    pub(crate) fn switch_after(&self, number: u64) -> Switch {
        let answered = self.0.answered.load(Ordering::Relaxed);
        match (answered / 2).cmp(&(number + 1)) {
            cmp::Ordering::Less => Switch::Undecided,
            cmp::Ordering::Equal if answered % 2 == 1 => Switch::Tunnel,
            cmp::Ordering::Equal | cmp::Ordering::Greater => Switch::Http,
        }
    }

    /// The next request is a stand-in for one with this fault.
    pub(crate) fn refuse_next(&self, fault: WireFault) {
        let number = self.0.heads.fetch_add(1, Ordering::Relaxed);
        *self.0.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, fault));
    }

    /// The fault of the request that is served now, if it is a stand-in.
    fn take(&self) -> Option<WireFault> {
        let number = self.0.served.fetch_add(1, Ordering::Relaxed);
        let refused = *self.0.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.filter(|(at, _)| *at == number).map(|(_, fault)| fault)
    }
}

impl Connection {
    pub(crate) fn new(peer: SocketAddr, proxied: bool, tls: Option<TlsFacts>) -> Self {
        let (activity, faults, exchanges) = (Activity::new(), WireFaults::default(), OpenExchanges::default());
        Self { peer, proxied, tls, activity, faults, exchanges, tunnel: Mutex::default() }
    }

    /// Whether there was nothing to do for a while: every request was answered, and every answer taken.
    fn is_quiet(&self) -> bool {
        let activity = &self.activity;
        activity.open.load(Ordering::Relaxed) == 0
            && activity.blocked.load(Ordering::Relaxed) == 0
            && activity.rested() >= QUIET
            && self.faults.are_all_served()
    }

    /// Makes the connection a tunnel once its present answer is sent.
    pub(crate) fn open_tunnel(&self, tunnel: Tunnel, lease: Lease) {
        *self.tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some((tunnel, lease));
    }

    fn take_tunnel(&self) -> Option<(Tunnel, Lease)> {
        self.tunnel.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Serves the requests of a connection until it ends, or is asked to stop and has finished. Sizes and times of the
/// connection itself are those of its beginning; each request has the configuration of its own beginning.
pub(crate) async fn serve(
    current: Current,
    steps: &'static [Step],
    connection: Connection,
    stream: Box<dyn Stream>,
    mut stop: watch::Receiver<bool>,
) {
    let connection = Arc::new(connection);
    let shared = current.load_full();
    let http2 = connection.tls.as_ref().is_some_and(|tls| tls.http2);
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request| answer(current.load_full(), steps, Arc::clone(&connection), request))
    };
    let stream = Watched::new(stream, Arc::clone(&connection));
    if http2 {
        let served = Box::pin(http2_builder(&shared).serve_connection(TokioIo::new(stream), service));
        run(&shared, &connection, served, &mut stop, || false).await;
        return;
    }
    let door = Lent::new(Door::new(stream, shared.wire, connection.faults.clone()));
    loop {
        let io = TokioIo::new(door.lend());
        let served = Box::pin(http1_builder(&shared.wire).serve_connection(io, service.clone()).with_upgrades());
        let may_rest = || connection.is_quiet() && door.get().is_between_requests();
        if run(&shared, &connection, served, &mut stop, may_rest).await == End::Over {
            break;
        }
        if !rest(&shared, &connection, &door, &mut stop).await {
            return;
        }
    }
    if let Some((tunnel, lease)) = connection.take_tunnel() {
        Box::pin(tunnel.run(stopped_or_over(stop, lease))).await;
    }
}

/// Waits for the next request of a connection that rests, as long as it may. `false`: there will be none.
async fn rest(
    shared: &Shared,
    connection: &Connection,
    door: &Lent<Door<Watched<Box<dyn Stream>>>>,
    stop: &mut watch::Receiver<bool>,
) -> bool {
    let _resting = shared.metrics.rests();
    let left = shared.config.timeouts.idle().saturating_sub(connection.activity.rested());
    let more = tokio::select! {
        more = poll_fn(|cx| door.get().poll_next(cx)) => more,
        () = told_to_stop(stop) => false,
        () = sleep(left) => false,
    };
    if !more {
        drop(timeout(GOODBYE, door.lend().shutdown()).await);
    }
    more
}

async fn stopped_or_over(mut stop: watch::Receiver<bool>, lease: Lease) {
    tokio::select! {
        () = told_to_stop(&mut stop) => {}
        () = lease.over() => {}
    }
}

async fn answer(
    shared: Arc<Shared>,
    steps: &'static [Step],
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<TrackedBody>, Infallible> {
    let mut open = OpenRequest::new(Arc::clone(&connection));
    let fault = connection.faults.take();
    let passage = Passage::new(request.map(Body::new), Arc::clone(&connection), fault, shared.env.now());
    let mut response = pipeline::run(Next::new(shared, steps), passage).await;
    connection.faults.note_answer(response.status() == StatusCode::SWITCHING_PROTOCOLS);
    open.wait(false);
    let lease = response.extensions_mut().remove();
    Ok(response.map(|body| TrackedBody { body, open, lease }))
}

fn http1_builder(wire: &WireLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    // The door has a clock of its own, and lets in no head that is larger than this.
    builder
        .header_read_timeout(None)
        .max_headers(wire.head.headers)
        .max_buf_size((wire.head.bytes + 8_192).max(65_536));
    builder
}

fn http2_builder(shared: &Shared) -> http2::Builder<TokioExecutor> {
    let sizes = &shared.config.sizes;
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(sizes.http2_streams)
        .max_pending_accept_reset_streams(sizes.http2_pending_resets)
        .max_local_error_reset_streams(64)
        // Twice what is allowed: up to there the pipeline refuses with an answer of ours, beyond it h2 does with a bare one.
        .max_header_list_size(u32::try_from(sizes.headers_kib * 2 * 1_024).unwrap_or(u32::MAX))
        .initial_stream_window_size(256 * 1_024)
        .initial_connection_window_size(1_024 * 1_024)
        .max_send_buf_size(64 * 1_024)
        .keep_alive_interval(shared.config.timeouts.idle() / 3)
        .keep_alive_timeout(shared.config.timeouts.headers());
    builder
}

/// A connection that hyper serves, of whatever version.
trait Served: Future<Output = hyper::Result<()>> {
    /// Takes no more requests, and ends after those under way.
    fn finish(self: Pin<&mut Self>);
}

impl<I, S> Served for http1::UpgradeableConnection<I, S>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    S: HttpService<Incoming, ResBody = TrackedBody>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S> Served for http2::Connection<I, S, TokioExecutor>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: HttpService<Incoming, ResBody = TrackedBody>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::Future: Send + 'static,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// How hyper's part of a connection ended.
#[derive(PartialEq, Eq)]
enum End {
    /// With the connection.
    Over,
    /// The client has nothing to ask for the moment.
    Rests,
}

/// Drives the connection, and ends it when it rests, stalls, or has to stop.
/// One that `may_rest` is given up as it is, with nothing under way.
async fn run<C: Served>(
    shared: &Shared,
    connection: &Connection,
    mut served: Pin<Box<C>>,
    stop: &mut watch::Receiver<bool>,
    may_rest: impl Fn() -> bool,
) -> End {
    let mut ending: Option<Instant> = None;
    let timeouts = &shared.config.timeouts;
    let look = LOOK_EVERY.min(timeouts.idle() / 2).min(timeouts.stalled() / 2).max(Duration::from_millis(10));
    loop {
        tokio::select! {
            result = served.as_mut() => {
                if result.is_err() {
                    shared.metrics.connection_failed();
                }
                return End::Over;
            }
            () = told_to_stop(stop), if ending.is_none() => {
                end(served.as_mut(), &mut ending, timeouts.stop());
            }
            () = sleep(look) => {
                let pulse = connection.activity.pulse(timeouts);
                if pulse == Pulse::Stalled || ending.is_some_and(|deadline| Instant::now() >= deadline) {
                    return End::Over;
                }
                if pulse == Pulse::Resting && ending.is_none() {
                    end(served.as_mut(), &mut ending, GOODBYE);
                }
                if ending.is_none() && may_rest() {
                    return End::Rests;
                }
            }
        }
    }
}

fn end<C: Served>(served: Pin<&mut C>, ending: &mut Option<Instant>, within: Duration) {
    served.finish();
    *ending = Some(Instant::now() + within);
}

/// Counts a request as open until its answer is sent or given up.
struct OpenRequest {
    connection: Arc<Connection>,
    /// Its next part has to come from an app.
    waits: bool,
}

impl OpenRequest {
    fn new(connection: Arc<Connection>) -> Self {
        connection.activity.open.fetch_add(1, Ordering::Relaxed);
        connection.activity.touch();
        let mut open = Self { connection, waits: false };
        open.wait(true);
        open
    }

    fn wait(&mut self, waits: bool) {
        let waiting = &self.connection.activity.waiting;
        match (self.waits, waits) {
            (false, true) => drop(waiting.fetch_add(1, Ordering::Relaxed)),
            (true, false) => drop(waiting.fetch_sub(1, Ordering::Relaxed)),
            _ => {}
        }
        self.waits = waits;
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.wait(false);
        self.connection.activity.open.fetch_sub(1, Ordering::Relaxed);
        self.connection.activity.touch();
    }
}

/// A body that shows when the client takes something of it.
struct TrackedBody {
    body: Body,
    open: OpenRequest,
    /// How long a guarded application's answer may go on.
    lease: Option<Lease>,
}

impl http_body::Body for TrackedBody {
    type Data = bytes::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.open.connection.activity.touch();
        if self.lease.as_ref().is_some_and(|lease| lease.poll_over(cx).is_ready()) {
            return Poll::Ready(Some(Err(axum::Error::new(io::Error::from(io::ErrorKind::PermissionDenied)))));
        }
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.open.wait(polled.is_pending());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
