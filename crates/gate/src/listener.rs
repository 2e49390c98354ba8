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
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{interval, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    connection::{self, Connection, TlsFacts},
    gate::BoundGate,
    pipeline::{self, Step},
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

/// What carries a connection: the network, or TLS over it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that is ready for its first request.
struct Ready {
    stream: Box<dyn Stream>,
    connection: Connection,
    steps: &'static [Step],
    permit: Permit,
}

async fn serve(door: Door, stream: TcpStream, peer: SocketAddr, permit: Permit, stop: watch::Receiver<bool>) {
    let current = Arc::clone(&door.current);
    // In a box: what only the beginning needs is given back after it, and there may be thousands that rest.
    let Some(ready) = Box::pin(begin(door, stream, peer, permit)).await else { return };
    let Ready { stream, connection, steps, permit } = ready;
    connection::serve(current, steps, connection, stream, stop).await;
    drop(permit);
}

async fn begin(door: Door, mut stream: TcpStream, peer: SocketAddr, permit: Permit) -> Option<Ready> {
    // Small answers go out at once; hyper does its own gathering.
    let _ = stream.set_nodelay(true);
    let shared = door.current.load_full();
    let client = client_of(&shared, door.kind, &mut stream, peer, permit).await?;
    match door.kind {
        DoorKind::Sites => shake_hands(&door, &shared, stream, client).await,
        DoorKind::Plain => Some(client.ready(None, Box::new(stream), pipeline::PLAIN)),
        DoorKind::Operations => Some(client.ready(None, Box::new(stream), pipeline::OPERATIONS)),
    }
}

/// Who is at the other end, and their place among the connections.
struct Client {
    address: SocketAddr,
    proxied: bool,
    permit: Permit,
}

impl Client {
    fn ready(self, tls: Option<TlsFacts>, stream: Box<dyn Stream>, steps: &'static [Step]) -> Ready {
        Ready { stream, connection: Connection::new(self.address, self.proxied, tls), steps, permit: self.permit }
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
        return Some(Client { address: peer, proxied: false, permit });
    }
    match timeout(shared.config.timeouts.headers(), proxy_protocol::read(stream)).await {
        Ok(Ok(ProxyHeader::Client(address))) => {
            let permit = admit(shared, address.ip())?;
            Some(Client { address, proxied: true, permit })
        }
        Ok(Ok(ProxyHeader::Proxy)) => Some(Client { address: peer, proxied: true, permit }),
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

/// The TLS handshake, within its time.
async fn shake_hands(door: &Door, shared: &Shared, stream: TcpStream, client: Client) -> Option<Ready> {
    let patience = shared.config.timeouts.handshake();
    let Ok(first) = timeout(patience, first_byte(&stream)).await else {
        shared.metrics.connection("handshake_too_slow");
        return None;
    };
    // People type http:// before an address with a port; they are sent on as from the plain listener.
    if matches!(first, Some(b'A'..=b'Z')) {
        return Some(client.ready(None, Box::new(stream), pipeline::PLAIN));
    }
    let outcome = match timeout(patience, door.acceptor.accept(stream)).await {
        // A CA has seen in the handshake what it wanted to see.
        Ok(Ok(stream)) if is_proof(&stream) => "acme",
        Ok(Ok(stream)) => {
            let facts = facts_of(&stream);
            return Some(client.ready(Some(facts), Box::new(stream), pipeline::SITES));
        }
        Ok(Err(error)) => {
            tracing::debug!(peer = %client.address, %error, "a TLS handshake failed");
            "handshake_failed"
        }
        Err(_) => "handshake_too_slow",
    };
    shared.metrics.connection(outcome);
    None
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
