//! The gate as the server builds it: parts in, listeners bound, served until told to stop.

use std::{io, net::SocketAddr, sync::Arc};

use palisade_bans::Bans;
use palisade_base::{Env, auth::Authenticator};
use palisade_certificates::Certificates;
use palisade_config::Config;
use thiserror::Error as ThisError;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{
    denials::SecurityTrail,
    listener::{Door, Listening},
    metrics::Metrics,
    readiness::Readiness,
    shared::Shared,
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
    /// Where refusals are told. The store is one.
    pub trail: Arc<dyn SecurityTrail>,
    /// Whether the program can do its work.
    pub readiness: Readiness,
    /// Who is shut out, and what counts failures.
    pub bans: Bans,
    /// The certificates of the sites.
    pub certificates: Certificates,
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
    shared: Arc<Shared>,
    acceptor: TlsAcceptor,
}

impl Gate {
    /// Builds the gate.
    ///
    /// # Errors
    /// TLS can't be set up.
    pub fn new(parts: GateParts) -> Result<Self, GateError> {
        let acceptor = TlsAcceptor::from(Arc::new(tls::server_config(parts.certificates.resolver())?));
        Ok(Self { shared: Arc::new(Shared::new(parts)), acceptor })
    }

    /// The figures, to add others to.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.shared.metrics.clone()
    }

    /// Binds all listeners of the configuration.
    ///
    /// # Errors
    /// An address is taken, or may not be used.
    pub async fn bind(self) -> Result<BoundGate, GateError> {
        let listen = &self.shared.config.listen;
        let mut listening = Vec::new();
        let mut bound = BoundAddresses::default();
        for address in &listen.https {
            let door = Door::Sites(self.acceptor.clone());
            bound.https.push(bind(*address, door, &mut listening).await?);
        }
        if let Some(first) = bound.https.first() {
            self.shared.note_https_port(first.port());
        }
        for address in &listen.http {
            bound.http.push(bind(*address, Door::Plain, &mut listening).await?);
        }
        if let Some(address) = listen.operations {
            bound.operations = Some(bind(address, Door::Operations, &mut listening).await?);
        }
        Ok(BoundGate { gate: self, listening, bound })
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// A gate whose listeners are bound. Clients can connect already; they are served once [`BoundGate::serve`] runs.
pub struct BoundGate {
    pub(crate) gate: Gate,
    pub(crate) listening: Vec<Listening>,
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
        self.gate.metrics()
    }
}

async fn bind(address: SocketAddr, door: Door, listening: &mut Vec<Listening>) -> Result<SocketAddr, GateError> {
    let failed = |cause: io::Error| {
        let hint = match cause.kind() {
            io::ErrorKind::AddrInUse => {
                "Another program uses it: `ss -ltnp` shows which. Stop that one, or choose another port under [listen]."
            }
            io::ErrorKind::PermissionDenied => {
                "Ports below 1024 need CAP_NET_BIND_SERVICE: start by systemd with AmbientCapabilities, or choose another port under [listen]."
            }
            io::ErrorKind::AddrNotAvailable => "This host has no such address: `ip address` shows those it has.",
            _ => "Choose another address under [listen]. A host without IPv6 needs 0.0.0.0 in place of [::].",
        };
        GateError::Listen { address, cause, hint }
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    listening.push(Listening { listener, door });
    Ok(bound)
}
