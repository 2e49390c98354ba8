//! The gate as the server builds it: parts in, listeners bound, served until told to stop.

use std::{io, net::SocketAddr, sync::Arc};

use arc_swap::ArcSwap;
use palisade_bans::Bans;
use palisade_base::{
    Env,
    auth::{Authenticator, SiteSessions},
};
use palisade_certificates::Certificates;
use palisade_config::{Config, Finding};
use palisade_counters::LimitBoard;
use thiserror::Error as ThisError;
use tokio::sync::Mutex;
use tokio_rustls::TlsAcceptor;

use crate::{
    denials::SecurityTrail,
    doors::{Doors, hint_for},
    metrics::Metrics,
    readiness::Readiness,
    shared::{Current, Shared},
    sites::Site,
    tls::{self, TlsError},
};

/// What a gate is made of.
pub struct GateParts {
    /// The configuration.
    pub config: Arc<Config>,
    /// Clock and randomness.
    pub env: Env,
    /// Who answers whose request it is.
    pub authenticator: Arc<dyn Authenticator>,
    /// Who answers who is signed in on guarded sites.
    pub site_sessions: Arc<dyn SiteSessions>,
    /// Where refusals are told. The store is one.
    pub trail: Arc<dyn SecurityTrail>,
    /// Whether the program can do its work.
    pub readiness: Readiness,
    /// Who is shut out, and what counts failures.
    pub bans: Bans,
    /// The certificates of the sites.
    pub certificates: Certificates,
    /// Where the limits put up what they do.
    pub limits: LimitBoard,
    /// The sites. Every host of the configuration belongs to one of them.
    pub sites: Vec<Site>,
}

/// The gate can't open.
#[derive(Debug, ThisError)]
pub enum GateError {
    /// TLS can't be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address can't be listened on.
    #[error("{address} can't be listened on: {cause}\n  {hint}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        cause: io::Error,
        /// What to do.
        hint: &'static str,
    },
}

/// The addresses that were bound, in the order of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoundAddresses {
    /// HTTPS.
    pub https: Vec<SocketAddr>,
    /// Plain HTTP.
    pub http: Vec<SocketAddr>,
    /// The operators' listener.
    pub operations: Option<SocketAddr>,
}

/// A gate that is ready to listen.
pub struct Gate {
    pub(crate) current: Current,
    pub(crate) acceptor: TlsAcceptor,
}

impl Gate {
    /// Builds the gate.
    ///
    /// # Errors
    /// TLS can't be set up.
    pub fn new(parts: GateParts) -> Result<Self, GateError> {
        let acceptor = TlsAcceptor::from(Arc::new(tls::server_config(parts.certificates.resolver())?));
        let current = Arc::new(ArcSwap::from_pointee(Shared::new(parts)));
        Ok(Self { current, acceptor })
    }

    /// The figures, to add others to.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.current.load().metrics.clone()
    }

    /// Binds all listeners of the configuration.
    ///
    /// # Errors
    /// An address is taken, or may not be used.
    pub async fn bind(self) -> Result<BoundGate, GateError> {
        let shared = self.current.load_full();
        let doors = Doors::bind(&shared.config).await?;
        let bound = doors.addresses();
        if let Some(first) = bound.https.first() {
            shared.note_https_port(first.port());
        }
        Ok(BoundGate { handle: GateHandle(Arc::new(Opened { gate: self, doors: Mutex::new(doors) })), bound })
    }
}

/// A gate whose listeners are bound. Clients can connect already; they are served once [`BoundGate::serve`] runs.
pub struct BoundGate {
    pub(crate) handle: GateHandle,
    bound: BoundAddresses,
}

impl BoundGate {
    /// The addresses, with the ports that the system chose where 0 was asked for.
    #[must_use]
    pub const fn addresses(&self) -> &BoundAddresses {
        &self.bound
    }

    /// The figures, to add others to.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.handle.0.gate.metrics()
    }

    /// What changes the gate while it serves.
    #[must_use]
    pub fn handle(&self) -> GateHandle {
        self.handle.clone()
    }
}

/// Changes a gate while it serves. Cheap to clone.
#[derive(Clone)]
pub struct GateHandle(pub(crate) Arc<Opened>);

/// A gate and its doors.
pub(crate) struct Opened {
    pub(crate) gate: Gate,
    pub(crate) doors: Mutex<Doors>,
}

impl GateHandle {
    /// Puts another configuration in force, with its sites, and loses no request: those under way end as they began,
    /// addresses that stay are never closed, new ones are bound before old ones are let go, and what was counted counts on.
    ///
    /// # Errors
    /// Certificates can't be loaded, or an address can't be bound. Then everything is as before.
    pub async fn reload(&self, config: Arc<Config>, sites: Vec<Site>) -> Result<BoundAddresses, GateError> {
        let gate = &self.0.gate;
        let mut doors = self.0.doors.lock().await;
        let before = gate.current.load_full();
        let new = doors.bind_missing(&config).await?;
        before.certificates.apply(&config).map_err(TlsError::from)?;
        let shared = Arc::new(before.renewed(Arc::clone(&config), sites));
        before.bans.reload(&config);
        gate.current.store(Arc::clone(&shared));
        doors.exchange(&config, new, gate);
        let bound = doors.addresses();
        if let Some(first) = bound.https.first() {
            shared.note_https_port(first.port());
        }
        Ok(bound)
    }
}

/// Looks whether the addresses of the configuration can be listened on, without keeping them: gives those that can't be,
/// each with its place in the configuration. `held` are those that a running server of ours has.
#[must_use]
pub fn check_addresses(config: &Config, held: &[SocketAddr]) -> Vec<Finding> {
    let listen = &config.listen;
    let https = listen.https.iter().enumerate().map(|(number, address)| (format!("listen.https.{number}"), *address));
    let http = listen.http.iter().enumerate().map(|(number, address)| (format!("listen.http.{number}"), *address));
    let operations = listen.operations.map(|address| ("listen.operations".to_owned(), address));
    let wanted = https.chain(http).chain(operations).filter(|(_, address)| !held.contains(address));
    let finding = |(at, address): (String, SocketAddr)| {
        let cause = std::net::TcpListener::bind(address).err()?;
        let what = format!("{address} can't be listened on: {cause}");
        Some(Finding::error(config.place(&at), what, hint_for(&cause)))
    };
    wanted.filter_map(finding).collect()
}
