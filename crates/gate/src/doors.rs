//! The addresses that the gate listens on: opened and closed one by one, while others go on.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use palisade_config::Config;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use crate::{
    gate::{BoundAddresses, Gate, GateError},
    listener::{self, DoorKind},
};

/// A bound listener that nobody takes connections from yet.
struct Listening {
    kind: DoorKind,
    /// As configured: port 0 is a wish, not an address.
    wanted: SocketAddr,
    bound: SocketAddr,
    listener: TcpListener,
}

/// A listener whose connections are taken.
struct Open {
    kind: DoorKind,
    wanted: SocketAddr,
    bound: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Listeners that are bound and not open yet.
pub(crate) struct NewDoors(Vec<Listening>);

/// Every address that the gate listens on.
pub(crate) struct Doors {
    /// Bound, and opened when the gate begins to serve.
    waiting: Vec<Listening>,
    open: Vec<Open>,
    /// Closed: their last requests are being answered.
    closing: JoinSet<()>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Bound,
    Serving,
    Ended,
}

impl Doors {
    /// Binds every address of the configuration.
    pub(crate) async fn bind(config: &Config) -> Result<Self, GateError> {
        let mut doors = Self { waiting: Vec::new(), open: Vec::new(), closing: JoinSet::new(), stage: Stage::Bound };
        doors.waiting = doors.bind_missing(config).await?.0;
        Ok(doors)
    }

    /// Binds those addresses of the configuration that are not bound yet.
    pub(crate) async fn bind_missing(&self, config: &Config) -> Result<NewDoors, GateError> {
        let mut new = Vec::new();
        for (kind, wanted) in wanted(config) {
            if !self.all().any(|(kind_there, there, _)| (kind_there, there) == (kind, wanted)) {
                new.push(bind(kind, wanted).await?);
            }
        }
        Ok(NewDoors(new))
    }

    /// Begins to take connections.
    pub(crate) fn serve(&mut self, gate: &Gate) {
        self.stage = Stage::Serving;
        for listening in std::mem::take(&mut self.waiting) {
            self.open.push(open(listening, gate));
        }
    }

    /// Opens the new ones, and closes those that the configuration does not name: they take nobody any more, and let
    /// their connections finish.
    pub(crate) fn exchange(&mut self, config: &Config, new: NewDoors, gate: &Gate) {
        if self.stage == Stage::Ended {
            return;
        }
        self.waiting.extend(new.0);
        if self.stage == Stage::Serving {
            self.serve(gate);
        }
        let wanted = wanted(config);
        let stays = |kind: DoorKind, address: SocketAddr| wanted.contains(&(kind, address));
        self.waiting.retain(|door| stays(door.kind, door.wanted));
        let (stay, go): (Vec<Open>, Vec<Open>) =
            std::mem::take(&mut self.open).into_iter().partition(|door| stays(door.kind, door.wanted));
        self.open = stay;
        self.close(go);
    }

    /// Closes all of them, and waits until their connections have finished, or the time is over.
    pub(crate) async fn close_all(&mut self, patience: Duration) {
        self.stage = Stage::Ended;
        self.waiting.clear();
        let open = std::mem::take(&mut self.open);
        self.close(open);
        let finished = async { while self.closing.join_next().await.is_some() {} };
        if timeout(patience, finished).await.is_err() {
            tracing::warn!("some connections did not end in time and were cut");
        }
    }

    fn close(&mut self, doors: Vec<Open>) {
        while self.closing.try_join_next().is_some() {}
        for door in doors {
            tracing::info!(address = %door.bound, "no more connections are taken");
            door.stop.send_replace(true);
            self.closing.spawn(async move { drop(door.task.await) });
        }
    }

    /// The addresses, in the order of the configuration that they were bound for.
    pub(crate) fn addresses(&self) -> BoundAddresses {
        let of = |wanted: DoorKind| self.all().filter(move |(kind, ..)| *kind == wanted).map(|(.., bound)| bound);
        BoundAddresses {
            https: of(DoorKind::Sites).collect(),
            http: of(DoorKind::Plain).collect(),
            operations: of(DoorKind::Operations).next(),
        }
    }

    fn all(&self) -> impl Iterator<Item = (DoorKind, SocketAddr, SocketAddr)> {
        let open = self.open.iter().map(|door| (door.kind, door.wanted, door.bound));
        open.chain(self.waiting.iter().map(|door| (door.kind, door.wanted, door.bound)))
    }
}

fn wanted(config: &Config) -> Vec<(DoorKind, SocketAddr)> {
    let listen = &config.listen;
    let https = listen.https.iter().map(|address| (DoorKind::Sites, *address));
    let http = listen.http.iter().map(|address| (DoorKind::Plain, *address));
    https.chain(http).chain(listen.operations.map(|address| (DoorKind::Operations, address))).collect()
}

fn open(listening: Listening, gate: &Gate) -> Open {
    let Listening { kind, wanted, bound, listener } = listening;
    let (stop, stopping) = watch::channel(false);
    let door = listener::Door { kind, acceptor: gate.acceptor.clone(), current: Arc::clone(&gate.current) };
    let task = tokio::spawn(listener::accept(door, listener, stopping));
    Open { kind, wanted, bound, stop, task }
}

async fn bind(kind: DoorKind, wanted: SocketAddr) -> Result<Listening, GateError> {
    let failed = |cause: io::Error| GateError::Listen { address: wanted, hint: hint_for(&cause), cause };
    let listener = TcpListener::bind(wanted).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok(Listening { kind, wanted, bound, listener })
}

/// What to do where an address can't be listened on.
pub(crate) fn hint_for(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => {
            "Another program uses it: `ss -ltnp` shows which. Stop that one, or choose another port under [listen]."
        }
        io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need CAP_NET_BIND_SERVICE: start by systemd with AmbientCapabilities, or choose another port under [listen]."
        }
        io::ErrorKind::AddrNotAvailable => "This host has no such address: `ip address` shows those it has.",
        _ => "Choose another address under [listen]. A host without IPv6 needs 0.0.0.0 in place of [::].",
    }
}
