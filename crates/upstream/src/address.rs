//! One address of an upstream: its connections, and whether it is well.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use palisade_base::Kind;
use palisade_config::UpstreamAddress;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use crate::{
    connect::{Connector, Fresh, H2},
    error::{SetupError, UpstreamError},
    h1::H1,
    history::History,
    settings::UpstreamSettings,
};

/// So many failures in a row, and an address is left alone for a while where there are others.
const FAILURES: u32 = 3;
/// For how long.
const REST: Duration = Duration::from_secs(10);
/// So many requests may wait for each connection that may be in use.
const WAITING: usize = 4;

/// One address of an upstream.
pub(crate) struct Address {
    connector: Connector,
    /// Connections that wait for a request: the last that came is the first to go, so that those too many grow old.
    idle: Mutex<VecDeque<Box<H1>>>,
    most: usize,
    idle_time: Duration,
    http2: Mutex<Option<H2>>,
    outstanding: AtomicUsize,
    /// One for each connection that may be in use.
    places: Arc<Semaphore>,
    /// One for each WebSocket or stream of events that may be open.
    stream_places: Arc<Semaphore>,
    waiting: AtomicUsize,
    health: Health,
    history: History,
}

/// Whether an address is well.
struct Health {
    born: Instant,
    /// It was asked something.
    asked: AtomicBool,
    /// What the checks found.
    well: AtomicBool,
    /// Failures of requests in a row.
    failures: AtomicU32,
    /// Those among them that the address itself is to blame for.
    to_blame: AtomicU32,
    /// Until when it is left alone, in milliseconds since `born`.
    rests_until: AtomicU64,
}

/// An address and how it is, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressHealth {
    /// The address as configured.
    pub address: String,
    /// It gets requests.
    pub healthy: bool,
    /// It was asked something, by a request or by a health check: before that, nobody knows.
    pub asked: bool,
    /// Failures of requests in a row, up to now.
    pub failures: u32,
    /// For how long it has answered, or not answered, as it does now.
    pub steady_for: Option<Duration>,
    /// What went wrong last, and how long ago, for whoever looks after it.
    pub last_trouble: Option<(Duration, String)>,
    /// Requests under way.
    pub outstanding: usize,
    /// Requests that wait, since all connections are in use.
    pub waiting: usize,
    /// Connections that wait for a request.
    pub idle_connections: usize,
}

impl Address {
    pub(crate) fn new(
        target: UpstreamAddress,
        settings: &UpstreamSettings,
        tls: Option<&rustls::ClientConfig>,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            connector: Connector::new(target, settings, tls)?,
            idle: Mutex::default(),
            most: settings.connections,
            idle_time: settings.timeouts.idle,
            http2: Mutex::default(),
            outstanding: AtomicUsize::new(0),
            places: Arc::new(Semaphore::new(settings.connections)),
            stream_places: Arc::new(Semaphore::new(settings.open_streams)),
            waiting: AtomicUsize::new(0),
            health: Health::new(),
            history: History::default(),
        })
    }

    pub(crate) const fn target(&self) -> &UpstreamAddress {
        self.connector.target()
    }

    pub(crate) const fn connector(&self) -> &Connector {
        &self.connector
    }

    /// A place among the connections in use. Where there is none, it waits for one: not for long, and not with too many.
    async fn place(&self, patience: Duration) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        let _waiting = Waiting::enter(&self.waiting, self.most.saturating_mul(WAITING))?;
        timeout(patience, Arc::clone(&self.places).acquire_owned()).await.ok()?.ok()
    }

    /// Whether all connections are in use.
    pub(crate) fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// A connection from before that can take a request.
    pub(crate) fn take_idle(&self) -> Option<Box<H1>> {
        loop {
            let mut connection = self.idle().pop_back()?;
            if connection.resting_since.elapsed() < self.idle_time && connection.is_usable() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for the next request, if it can take one.
    pub(crate) fn keep(&self, mut connection: Box<H1>) {
        if !connection.is_usable() {
            return;
        }
        connection.resting_since = Instant::now();
        let mut idle = self.idle();
        if idle.len() < self.most {
            idle.push_back(connection);
        }
    }

    /// Lets go of connections that have rested for too long, or were closed by the other side.
    pub(crate) fn sweep(&self) {
        let resting = std::mem::take(&mut *self.idle());
        let alive = resting.into_iter().filter_map(|mut connection| {
            let keep = connection.resting_since.elapsed() < self.idle_time && connection.is_usable();
            keep.then_some(connection)
        });
        let alive: Vec<_> = alive.collect();
        let mut idle = self.idle();
        // What came in meanwhile is younger.
        for connection in alive.into_iter().rev() {
            idle.push_front(connection);
        }
        idle.truncate(self.most);
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, VecDeque<Box<H1>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The HTTP/2 connection, where there is one that lives.
    pub(crate) fn shared_http2(&self) -> Option<H2> {
        let shared = self.http2.lock().unwrap_or_else(PoisonError::into_inner);
        shared.as_ref().filter(|handle| !handle.is_closed()).cloned()
    }

    /// A new connection. Where it is HTTP/2, those who come next use it too.
    pub(crate) async fn connect(&self) -> Result<Fresh, UpstreamError> {
        let fresh = self.connector.connect().await?;
        if let Fresh::H2(handle) = &fresh {
            *self.http2.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle.clone());
        }
        Ok(fresh)
    }

    pub(crate) fn outstanding(&self) -> usize {
        self.outstanding.load(Ordering::Relaxed)
    }

    /// What the health checks found.
    pub(crate) fn is_well(&self) -> bool {
        self.health.well.load(Ordering::Relaxed)
    }

    /// Whether its requests have failed lately, so that others come first.
    pub(crate) fn rests(&self) -> bool {
        let until = self.health.rests_until.load(Ordering::Relaxed);
        until > 0 && self.health.age_ms() < until
    }

    /// The health check's finding; told when it changes.
    pub(crate) fn set_well(&self, well: bool, cause: &str) {
        if !well {
            self.history.note_trouble(cause);
        }
        if self.health.well.swap(well, Ordering::Relaxed) == well {
            return;
        }
        self.history.turn();
        let address = self.target();
        if well {
            // What requests have met before says nothing about it any more.
            self.forget_failures();
            tracing::info!(upstream = %address, "this address is well again and gets requests");
        } else {
            tracing::warn!(upstream = %address, cause, "this address is not well and gets no requests");
        }
    }

    /// A request got its answer.
    pub(crate) fn succeeded(&self) {
        self.note_asked();
        if self.health.failures.load(Ordering::Relaxed) != 0 {
            self.forget_failures();
            self.history.turn();
        }
    }

    fn forget_failures(&self) {
        self.health.failures.store(0, Ordering::Relaxed);
        self.health.to_blame.store(0, Ordering::Relaxed);
        self.health.rests_until.store(0, Ordering::Relaxed);
    }

    /// A request got no answer that could be passed on.
    pub(crate) fn failed(&self, error: &UpstreamError) {
        if error.kind() != Kind::Unavailable {
            return;
        }
        self.note_asked();
        self.history.note_trouble(&error.to_string());
        if self.health.failures.fetch_add(1, Ordering::Relaxed) == 0 {
            self.history.turn();
        }
        // One that is slow to answer is not better off without requests: it may be this very one that takes its time.
        if error.blames_address() && self.health.to_blame.fetch_add(1, Ordering::Relaxed).saturating_add(1) >= FAILURES
        {
            let rest = u64::try_from(REST.as_millis()).unwrap_or(u64::MAX);
            self.health.rests_until.store(self.health.age_ms().saturating_add(rest), Ordering::Relaxed);
        }
    }

    /// Written once: every request reads it, and a write would be a shared one.
    pub(crate) fn note_asked(&self) {
        if !self.health.asked.load(Ordering::Relaxed) {
            self.health.asked.store(true, Ordering::Relaxed);
            self.history.turn();
        }
    }

    pub(crate) fn report(&self) -> AddressHealth {
        AddressHealth {
            address: self.target().to_string(),
            healthy: self.is_well() && !self.rests(),
            asked: self.health.asked.load(Ordering::Relaxed),
            failures: self.health.failures.load(Ordering::Relaxed),
            steady_for: self.history.steady_for(),
            last_trouble: self.history.last_trouble(),
            outstanding: self.outstanding(),
            waiting: self.waiting.load(Ordering::Relaxed),
            idle_connections: self.idle().len(),
        }
    }
}

impl Health {
    /// Well, until something else is found.
    fn new() -> Self {
        Self {
            born: Instant::now(),
            asked: AtomicBool::new(false),
            well: AtomicBool::new(true),
            failures: AtomicU32::new(0),
            to_blame: AtomicU32::new(0),
            rests_until: AtomicU64::new(0),
        }
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A request under way at an address, counted until it is dropped.
pub(crate) struct Busy {
    address: Arc<Address>,
    /// Its connection's place, among those in use for a while or among those that stay open.
    place: Option<OwnedSemaphorePermit>,
}

impl Busy {
    pub(crate) fn at(address: Arc<Address>) -> Self {
        address.outstanding.fetch_add(1, Ordering::Relaxed);
        Self { address, place: None }
    }

    pub(crate) fn address(&self) -> &Arc<Address> {
        &self.address
    }

    /// Takes a place among the connections in use.
    pub(crate) async fn take_place(&mut self, patience: Duration) -> Result<(), UpstreamError> {
        self.place = self.address.place(patience).await;
        let full = || UpstreamError::Full { address: self.address.target().to_string() };
        if self.place.is_some() { Ok(()) } else { Err(full()) }
    }

    /// Leaves it to others: one connection over HTTP/2 is everybody's.
    pub(crate) fn leave_place(&mut self) {
        self.place = None;
    }

    /// Leaves it to others, and takes one among what goes on for hours, which would keep everybody else out. Nobody waits for
    /// one: it may not become free before tomorrow.
    pub(crate) fn take_stream_place(&mut self) -> Result<(), UpstreamError> {
        self.place = None;
        let place = Arc::clone(&self.address.stream_places).try_acquire_owned();
        self.place =
            Some(place.map_err(|_| UpstreamError::StreamsFull { address: self.address.target().to_string() })?);
        Ok(())
    }
}

/// One of those that wait.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let entered = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < most).then_some(entered)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.address.outstanding.fetch_sub(1, Ordering::Relaxed);
    }
}
