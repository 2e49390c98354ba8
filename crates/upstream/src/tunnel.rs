//! A WebSocket that is open: bytes go both ways until one side closes, both are silent for too long, or the gate stops.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split},
    time::{Instant, sleep, timeout},
};

use crate::{address::Busy, stream::Stream};

/// What is carried at once, in each direction.
const PIECE_BYTES: usize = 8 * 1_024;
/// How long the other side may go on after one has closed.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// An open WebSocket. Nothing is carried until it runs.
pub struct Tunnel {
    client: OnUpgrade,
    upstream: Stream,
    /// What the upstream sent together with its answer.
    read: Bytes,
    quiet: Duration,
    _busy: Busy,
}

/// A tunnel in the extensions of an answer of 101, for whoever holds the client's connection.
#[derive(Clone)]
pub struct TunnelSlot(Arc<Mutex<Option<Tunnel>>>);

impl TunnelSlot {
    pub(crate) fn new(tunnel: Tunnel) -> Self {
        Self(Arc::new(Mutex::new(Some(tunnel))))
    }

    /// The tunnel; once.
    #[must_use]
    pub fn take(&self) -> Option<Tunnel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Tunnel {
    pub(crate) fn new(client: OnUpgrade, upstream: (Stream, Bytes), quiet: Duration, busy: Busy) -> Self {
        let (upstream, read) = upstream;
        Self { client, upstream, read, quiet, _busy: busy }
    }

    /// Carries bytes both ways until it ends, or `stop` is done.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Ok(client) = self.client.await else { return };
        let (mut from_client, mut to_client) = split(TokioIo::new(client));
        let (mut from_upstream, mut to_upstream) = split(self.upstream);
        let pulse = Pulse::new();
        let carried = async {
            let mut up = pin!(carry(&mut from_client, &mut to_upstream, Bytes::new(), &pulse));
            let mut down = pin!(carry(&mut from_upstream, &mut to_client, self.read, &pulse));
            let rest = tokio::select! {
                () = &mut up => timeout(LAST_WORDS, down).await,
                () = &mut down => timeout(LAST_WORDS, up).await,
            };
            drop(rest);
        };
        tokio::select! {
            () = carried => {}
            () = pulse.silence(self.quiet) => {}
            () = stop => {}
        }
        let goodbye = async { tokio::join!(to_client.shutdown(), to_upstream.shutdown()) };
        drop(timeout(LAST_WORDS, goodbye).await);
    }
}

/// When something was last carried.
struct Pulse {
    born: Instant,
    moved: AtomicU64,
}

impl Pulse {
    fn new() -> Self {
        Self { born: Instant::now(), moved: AtomicU64::new(0) }
    }

    fn beat(&self) {
        self.moved.store(u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Ends when nothing was carried for this long.
    async fn silence(&self, quiet: Duration) {
        loop {
            let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
            let left = (moved + quiet).saturating_sub(self.born.elapsed());
            if left.is_zero() {
                return;
            }
            sleep(left).await;
        }
    }
}

/// Carries all that one side sends, and closes the other when it ends.
async fn carry(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), first: Bytes, pulse: &Pulse) {
    let mut piece = vec![0; PIECE_BYTES];
    let mut sent = to.write_all(&first).await;
    while sent.is_ok() {
        let Ok(read @ 1..) = from.read(&mut piece).await else { break };
        pulse.beat();
        sent = to.write_all(piece.get(..read).unwrap_or_default()).await;
        if sent.is_ok() {
            sent = to.flush().await;
        }
        pulse.beat();
    }
    drop(to.shutdown().await);
}
