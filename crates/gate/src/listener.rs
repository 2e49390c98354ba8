//! Taking connections, and letting go of them when the program stops.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use palisade_base::{AddressKey, Instant};
use palisade_certificates::ACME_TLS_ALPN;
use palisade_config::HostName;
use palisade_counters::{ConnectionPermit, ConnectionRefusal};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{interval, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    connection::{self, Connection, TlsFacts},
    gate::BoundGate,
    pipeline,
    shared::Shared,
};

/// What waits behind a listener.
#[derive(Clone)]
pub(crate) enum Door {
    /// The sites, over TLS.
    Sites(TlsAcceptor),
    /// The redirect to HTTPS.
    Plain,
    /// Health and metrics.
    Operations,
}

/// A bound listener and what waits behind it.
pub(crate) struct Listening {
    pub(crate) listener: TcpListener,
    pub(crate) door: Door,
}

/// How often floods of refusals that have ended are looked for.
const LOOK_AT_DENIALS: Duration = Duration::from_secs(15);
/// The rest after an accept that failed, as when the system is out of file descriptors.
const BREATH: Duration = Duration::from_millis(100);
/// What is left for connections to be closed after their requests have had their time.
const LAST_MOMENT: Duration = Duration::from_millis(500);

impl BoundGate {
    /// Serves until `shutdown` is done: then takes no more connections, lets requests under way finish within the
    /// configured time, and closes what is left.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let shared = Arc::clone(self.gate.shared());
        let (stop, stopping) = watch::channel(false);
        let mut accepting = JoinSet::new();
        for listening in self.listening {
            accepting.spawn(accept(Arc::clone(&shared), listening, stopping.clone()));
        }
        tokio::select! {
            () = shutdown => {}
            () = tell_denials(&shared) => {}
        }
        shared.denials.tell_overdue(Instant::from_micros(i64::MAX));
        shared.readiness.set(false);
        tracing::info!("stopping: no more connections are taken");
        // All receivers are in the accept loops, which end only by this.
        let _ = stop.send(true);
        let patience = shared.config.timeouts.stop() + LAST_MOMENT * 2;
        let finished = async { while accepting.join_next().await.is_some() {} };
        if timeout(patience, finished).await.is_err() {
            tracing::warn!("some connections did not end in time and were cut");
        }
    }
}

async fn tell_denials(shared: &Shared) {
    let mut ticks = interval(LOOK_AT_DENIALS);
    loop {
        ticks.tick().await;
        shared.denials.tell_overdue(shared.env.now());
    }
}

/// Takes connections until it is time to stop, and waits for those that it took.
async fn accept(shared: Arc<Shared>, listening: Listening, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let stopping = stop.clone();
    loop {
        tokio::select! {
            () = told_to_stop(&mut stop) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listening.listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    if let Some(permit) = admit(&shared, peer.ip()) {
                        let served = serve(Arc::clone(&shared), listening.door.clone(), stream, peer, stopping.clone());
                        connections.spawn(async move {
                            served.await;
                            drop(permit);
                        });
                    }
                }
                Err(error) => rest_after(&error).await,
            },
        }
    }
    drop(listening);
    let finished = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(shared.config.timeouts.stop() + LAST_MOMENT, finished).await;
}

/// Waits until it is time to stop. It is, too, when nobody is left who could say so.
pub(crate) async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn rest_after(error: &io::Error) {
    // A client that is gone again before it was taken is no reason to rest.
    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        tracing::warn!(%error, "a connection could not be taken");
        sleep(BREATH).await;
    }
}

/// A place for the connection, if there is one. A refused one is closed without a word: it has not even said hello.
fn admit(shared: &Shared, peer: IpAddr) -> Option<ConnectionPermit<AddressKey>> {
    let exempt = shared.is_trusted_proxy(peer) || shared.is_allow_listed(peer);
    let key = (!exempt).then(|| AddressKey::from(peer));
    match shared.connections.enter(key) {
        Ok(permit) => {
            shared.metrics.connection("taken");
            Some(permit)
        }
        Err(ConnectionRefusal::Full) => {
            shared.metrics.connection("refused_full");
            None
        }
        Err(ConnectionRefusal::KeyFull) => {
            shared.metrics.connection("refused_address");
            None
        }
    }
}

async fn serve(shared: Arc<Shared>, door: Door, stream: TcpStream, peer: SocketAddr, stop: watch::Receiver<bool>) {
    // Small answers go out at once; hyper does its own gathering.
    let _ = stream.set_nodelay(true);
    match door {
        Door::Sites(acceptor) => serve_sites(shared, acceptor, stream, peer, stop).await,
        Door::Plain => {
            connection::serve(shared, pipeline::PLAIN, Connection::new(peer, None), stream, stop).await;
        }
        Door::Operations => {
            connection::serve(shared, pipeline::OPERATIONS, Connection::new(peer, None), stream, stop).await;
        }
    }
}

async fn serve_sites(
    shared: Arc<Shared>,
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    stop: watch::Receiver<bool>,
) {
    let patience = shared.config.timeouts.handshake();
    let Ok(first) = timeout(patience, first_byte(&stream)).await else {
        return shared.metrics.connection("handshake_too_slow");
    };
    // People type http:// before an address with a port; they are sent on as from the plain listener.
    if matches!(first, Some(b'A'..=b'Z')) {
        let connection = Connection::new(peer, None);
        return connection::serve(shared, pipeline::PLAIN, connection, stream, stop).await;
    }
    match timeout(patience, acceptor.accept(stream)).await {
        // A CA has seen in the handshake what it wanted to see.
        Ok(Ok(stream)) if is_proof(&stream) => shared.metrics.connection("acme"),
        Ok(Ok(stream)) => {
            let connection = Connection::new(peer, Some(facts_of(&stream)));
            connection::serve(shared, pipeline::SITES, connection, stream, stop).await;
        }
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "a TLS handshake failed");
            shared.metrics.connection("handshake_failed");
        }
        Err(_) => shared.metrics.connection("handshake_too_slow"),
    }
}

/// The first byte that the client sends, left where it is. A handshake begins with 22, a method with a capital letter.
async fn first_byte(stream: &TcpStream) -> Option<u8> {
    let mut byte = [0];
    let read = stream.peek(&mut byte).await.ok()?;
    (read == 1).then_some(byte[0])
}

fn is_proof(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(ACME_TLS_ALPN)
}

fn facts_of(stream: &TlsStream<TcpStream>) -> TlsFacts {
    let (_, session) = stream.get_ref();
    TlsFacts {
        server_name: session.server_name().and_then(|name| HostName::parse(name).ok()),
        http2: session.alpn_protocol() == Some(b"h2"),
    }
}
