//! Taking connections, and letting go of them when the program stops.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
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
    proxy_protocol::{self, ProxyHeader},
    shared::{Current, Shared},
    standing,
};

/// What waits behind a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoorKind {
    /// The sites, over TLS.
    Sites,
    /// The redirect to HTTPS.
    Plain,
    /// Health and metrics.
    Operations,
}

/// What a listener needs for its connections.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) kind: DoorKind,
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) current: Current,
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
        let opened = self.handle.0;
        opened.doors.lock().await.serve(&opened.gate);
        tokio::select! {
            () = shutdown => {}
            () = tell_denials(&opened.gate.current) => {}
            () = standing::go_round(&opened.gate.current) => {}
        }
        let shared = opened.gate.current.load_full();
        shared.denials.tell_overdue(Instant::from_micros(i64::MAX));
        shared.readiness.set(false);
        tracing::info!("stopping: no more connections are taken");
        let patience = shared.config.timeouts.stop() + LAST_MOMENT * 2;
        opened.doors.lock().await.close_all(patience).await;
    }
}

async fn tell_denials(current: &Current) {
    let mut ticks = interval(LOOK_AT_DENIALS);
    loop {
        ticks.tick().await;
        let shared = current.load_full();
        shared.denials.tell_overdue(shared.env.now());
    }
}

/// Takes connections until it is time to stop, and waits for those that it took.
pub(crate) async fn accept(door: Door, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let stopping = stop.clone();
    loop {
        tokio::select! {
            () = told_to_stop(&mut stop) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    if let Some(permit) = admit(&door.current.load(), peer.ip()) {
                        connections.spawn(serve(door.clone(), stream, peer, permit, stopping.clone()));
                    }
                }
                Err(error) => rest_after(&error).await,
            },
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    let patience = door.current.load().config.timeouts.stop() + LAST_MOMENT;
    let _ = timeout(patience, finished).await;
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

type Permit = ConnectionPermit<AddressKey>;

async fn serve(door: Door, mut stream: TcpStream, peer: SocketAddr, permit: Permit, stop: watch::Receiver<bool>) {
    // Small answers go out at once; hyper does its own gathering.
    let _ = stream.set_nodelay(true);
    let shared = door.current.load_full();
    let Some(client) = client_of(&shared, door.kind, &mut stream, peer, permit).await else { return };
    match door.kind {
        DoorKind::Sites => serve_sites(door, &shared, stream, &client, stop).await,
        DoorKind::Plain => {
            connection::serve(door.current, pipeline::PLAIN, client.connection(None), stream, stop).await
        }
        DoorKind::Operations => {
            connection::serve(door.current, pipeline::OPERATIONS, client.connection(None), stream, stop).await;
        }
    }
}

/// Who is at the other end, and their place among the connections.
struct Client {
    address: SocketAddr,
    proxied: bool,
    _permit: Permit,
}

impl Client {
    fn connection(&self, tls: Option<TlsFacts>) -> Connection {
        Connection::new(self.address, self.proxied, tls)
    }
}

/// The client of a connection: the peer, or whom a trusted proxy names before anything else. That one is counted, then.
async fn client_of(
    shared: &Shared,
    kind: DoorKind,
    stream: &mut TcpStream,
    peer: SocketAddr,
    permit: Permit,
) -> Option<Client> {
    let speaks = shared.config.listen.proxy_protocol && kind != DoorKind::Operations;
    if !speaks || !shared.is_trusted_proxy(peer.ip()) {
        return Some(Client { address: peer, proxied: false, _permit: permit });
    }
    match timeout(shared.config.timeouts.headers(), proxy_protocol::read(stream)).await {
        Ok(Ok(ProxyHeader::Client(address))) => {
            let _permit = admit(shared, address.ip())?;
            Some(Client { address, proxied: true, _permit })
        }
        Ok(Ok(ProxyHeader::Proxy)) => Some(Client { address: peer, proxied: true, _permit: permit }),
        Ok(Err(error)) => {
            tracing::warn!(%peer, %error, "a proxy's connection was refused");
            shared.metrics.connection("proxy_header_bad");
            None
        }
        Err(_) => {
            shared.metrics.connection("proxy_header_too_slow");
            None
        }
    }
}

async fn serve_sites(door: Door, shared: &Shared, stream: TcpStream, client: &Client, stop: watch::Receiver<bool>) {
    let patience = shared.config.timeouts.handshake();
    let Ok(first) = timeout(patience, first_byte(&stream)).await else {
        return shared.metrics.connection("handshake_too_slow");
    };
    // People type http:// before an address with a port; they are sent on as from the plain listener.
    if matches!(first, Some(b'A'..=b'Z')) {
        return connection::serve(door.current, pipeline::PLAIN, client.connection(None), stream, stop).await;
    }
    match timeout(patience, door.acceptor.accept(stream)).await {
        // A CA has seen in the handshake what it wanted to see.
        Ok(Ok(stream)) if is_proof(&stream) => shared.metrics.connection("acme"),
        Ok(Ok(stream)) => {
            let connection = client.connection(Some(facts_of(&stream)));
            connection::serve(door.current, pipeline::SITES, connection, stream, stop).await;
        }
        Ok(Err(error)) => {
            tracing::debug!(peer = %client.address, %error, "a TLS handshake failed");
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
