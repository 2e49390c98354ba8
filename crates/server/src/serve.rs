//! Starting and stopping.

use std::{net::TcpListener, sync::Arc};

use palisade_base::{Env, SystemClock};
use palisade_config::Config;
use palisade_gate::{BoundAddresses, BoundGate, Gate, GateParts, Readiness};
use palisade_keys::SystemRng;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

use crate::{
    System, certificates,
    control::{self, Control, ControlSocket},
    jobs,
    live::{InForce, Upstreams},
    reload::{self, Reloader, Source},
    site::{self, Built},
    system::key_dir,
};

/// A system whose listeners are bound, ready to serve.
pub struct Running {
    /// The parts.
    pub system: System,
    gate: BoundGate,
    readiness: Readiness,
    control: (ControlSocket, Arc<Control>),
    reloader: Arc<Reloader>,
}

/// The real clock and the real randomness.
#[must_use]
pub fn real_env() -> Env {
    Env::new(Arc::new(SystemClock), Arc::new(SystemRng))
}

/// Opens everything and binds the listeners; nothing is served yet. `source` is where a reload reads from.
///
/// # Errors
/// What is wrong, where, and what to do.
pub async fn start(
    mut config: Config,
    env: Env,
    source: Option<Source>,
    links_open_at_once: bool,
) -> anyhow::Result<Running> {
    let held = settle_ports(&mut config)?;
    let system = System::open(config, env).await?;
    let readiness = Readiness::new(true);
    let Built { sites, upstreams } = site::build_all(&system, &Upstreams::default(), links_open_at_once).await?;
    let gate = Gate::new(GateParts {
        config: Arc::clone(&system.config),
        env: system.env.clone(),
        authenticator: Arc::new(system.identity.clone()),
        site_sessions: Arc::new(system.identity.clone()),
        trail: Arc::new(system.store.clone()),
        readiness: readiness.clone(),
        bans: system.bans.clone(),
        certificates: system.certificates.clone(),
        limits: system.limits.clone(),
        sites,
    })?;
    gate.metrics().add_source(certificates::figures(system.certificates.clone(), system.env.clone()));
    drop(held);
    let gate = gate.bind().await?;
    let (config, bound) = (Arc::clone(&system.config), gate.addresses().clone());
    system.live.set(InForce { config, bound, upstreams });
    let reloader = Arc::new(Reloader::new(system.clone(), gate.handle(), source, links_open_at_once));
    let control = open_control(&system, Arc::clone(&reloader))?;
    Ok(Running { system, gate, readiness, control, reloader })
}

/// Links name the port, so a port that the system is to choose is chosen before anything is built. Until the gate binds it,
/// it is held, or somebody else might be given it meanwhile.
fn settle_ports(config: &mut Config) -> anyhow::Result<Vec<TcpListener>> {
    let mut held = Vec::new();
    for address in config.listen.https.iter_mut().filter(|address| address.port() == 0) {
        let listener = TcpListener::bind(*address)?;
        *address = listener.local_addr()?;
        held.push(listener);
    }
    Ok(held)
}

/// The socket that commands come through, and what answers them.
fn open_control(system: &System, reloader: Arc<Reloader>) -> anyhow::Result<(ControlSocket, Arc<Control>)> {
    let socket = ControlSocket::bind(&control::socket_path(&system.config.data_dir))?;
    let control = Control {
        store: system.store.clone(),
        identity: system.identity.clone(),
        vault: system.vault.clone(),
        bans: system.bans.clone(),
        key_dir: key_dir(&system.config),
        trail: system.trail.clone(),
        helper: system.helper.clone(),
        live: Arc::clone(&system.live),
        reloader,
        certificates: system.certificates.clone(),
        posture: system.posture.clone(),
        started_at: system.env.now(),
    };
    Ok((socket, Arc::new(control)))
}

impl Running {
    /// The addresses that were bound.
    #[must_use]
    pub const fn addresses(&self) -> &BoundAddresses {
        self.gate.addresses()
    }

    /// Serves until `shutdown` is done, then finishes what is under way and closes.
    ///
    /// # Errors
    /// The last leaves of the trail could not be sealed.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
        let jobs = jobs::start(self.system.clone(), self.readiness.clone());
        let upkeep = self.system.certificates.start(Arc::new(self.system.store.clone()));
        let (stop, stopped) = oneshot::channel::<()>();
        let (socket, control) = self.control;
        let commands = tokio::spawn(socket.serve(control, async { drop(stopped.await) }));
        let reloading = tokio::spawn(reload::on_hangup(self.reloader));
        self.gate.serve(shutdown).await;
        reloading.abort();
        self.readiness.set(false);
        drop(stop);
        let _ = commands.await;
        upkeep.stop().await;
        jobs.stop().await;
        self.system.close().await
    }
}

/// Serves the configuration until the process is told to stop.
///
/// # Errors
/// As [`start`].
pub async fn serve(config: Config, source: Source) -> anyhow::Result<()> {
    let running = start(config, real_env(), Some(source), false).await?;
    for address in &running.addresses().https {
        tracing::info!(%address, "serving HTTPS");
    }
    running.serve(stop_signal()).await
}

/// Done when the process is asked to stop: SIGTERM from a service manager, SIGINT from a keyboard.
pub async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals can't be received; stop the process with SIGKILL");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
