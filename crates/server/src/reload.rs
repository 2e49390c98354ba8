//! Reading the configuration again while serving: by command, or by SIGHUP.

use std::{net::SocketAddr, sync::Arc};

use palisade_base::{Authority, Caller, Category, Error, Kind, Resource, TrailEntry};
use palisade_config::{Config, ConfigError, Finding};
use palisade_gate::GateHandle;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Mutex,
};

use crate::{System, check::refuse_broken_jails, declaration::declarations, live::InForce, site};

/// Where the configuration is read from again, with what the environment says.
pub type Source = Arc<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// Puts the configuration file into force anew.
pub(crate) struct Reloader {
    system: System,
    gate: GateHandle,
    source: Option<Source>,
    links_open_at_once: bool,
    one_at_a_time: Mutex<()>,
}

/// What a reload did.
#[derive(Debug)]
pub(crate) struct Reloaded {
    /// What is different now, a line for each.
    pub(crate) changes: Vec<String>,
    /// What somebody should know about the file.
    pub(crate) warnings: Vec<Finding>,
}

/// Why everything is as it was.
#[derive(Debug)]
pub(crate) enum ReloadError {
    /// The file can't be used.
    Config(ConfigError),
    /// Something else.
    Other(Error),
}

impl From<Error> for ReloadError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<ConfigError> for ReloadError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl Reloader {
    pub(crate) fn new(system: System, gate: GateHandle, source: Option<Source>, links_open_at_once: bool) -> Self {
        Self { system, gate, source, links_open_at_once, one_at_a_time: Mutex::new(()) }
    }

    /// Reads the file, checks it with all that it names, and puts it into force; writes both outcomes into the trail.
    pub(crate) async fn reload(&self, caller: &Caller) -> Result<Reloaded, ReloadError> {
        let _turn = self.one_at_a_time.lock().await;
        let entry =
            TrailEntry::new(Category::Configuration, caller, "configuration.reload", Resource::whole("configuration"));
        match self.exchange().await {
            Ok(done) => {
                self.system.store.append(&[entry.note("changes", done.changes.clone())]).await.map_err(Error::from)?;
                tracing::info!(changes = done.changes.len(), "the configuration was read again and is in force");
                Ok(done)
            }
            Err(error) => {
                let refused = entry.failed("not_usable").note("why", first_words(&error));
                self.system.store.append(&[refused]).await.map_err(Error::from)?;
                Err(error)
            }
        }
    }

    async fn exchange(&self) -> Result<Reloaded, ReloadError> {
        let Some(source) = &self.source else {
            let why = "This server has no configuration file: it is a demo. Stop it and start it again.";
            return Err(Error::new(Kind::Conflict, why).into());
        };
        let before = self.system.live.get();
        let mut config = source()?;
        let refused = before.config.needs_restart(&config);
        if !refused.is_empty() {
            return Err(ConfigError::new(config.path().to_owned(), refused).into());
        }
        config.check()?;
        refuse_broken_jails(&config)?;
        let warnings = config.warnings();
        keep_ports(&before.config, &mut config);
        let config = Arc::new(config);
        let changes = before.config.differences(&config);
        let system = System { config: Arc::clone(&config), ..self.system.clone() };
        let built = site::build_all(&system, &before.upstreams, self.links_open_at_once).await;
        let built = built.map_err(|error| ConfigError::new(config.path().to_owned(), vec![finding(&error)]))?;
        system.identity.declare(declarations(&config)).await?;
        let bound = self.gate.reload(Arc::clone(&config), built.sites).await;
        let bound = bound.map_err(|error| ConfigError::new(config.path().to_owned(), vec![finding(&error.into())]))?;
        self.system.live.set(InForce { config, bound, upstreams: built.upstreams });
        Ok(Reloaded { changes, warnings })
    }
}

/// A port that the system chose stays chosen.
fn keep_ports(before: &Config, config: &mut Config) {
    let same = |old: &&SocketAddr, new: &SocketAddr| old.ip() == new.ip() && new.port() == 0;
    for (place, address) in config.listen.https.iter_mut().enumerate() {
        if let Some(old) = before.listen.https.get(place).filter(|old| same(old, address)) {
            *address = *old;
        }
    }
}

/// An error of opening something, as a finding: its first line says what, the rest what to do.
pub(crate) fn finding(error: &anyhow::Error) -> Finding {
    let text = format!("{error:#}");
    let (what, hint) = text.split_once('\n').unwrap_or((text.as_str(), "Everything else stays as it was."));
    Finding::error(None, what.trim(), hint.trim())
}

fn first_words(error: &ReloadError) -> String {
    match error {
        ReloadError::Config(error) => error.findings.first().map(|found| found.what.clone()).unwrap_or_default(),
        ReloadError::Other(error) => error.message().to_owned(),
    }
}

/// Reads the configuration again at each SIGHUP.
pub(crate) async fn on_hangup(reloader: Arc<Reloader>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        return tracing::error!("SIGHUP can't be received; use `palisade reload`");
    };
    while hangup.recv().await.is_some() {
        let caller = Caller::job("reload", Authority::default());
        match reloader.reload(&caller).await {
            Ok(done) => {
                for change in done.changes {
                    tracing::info!(%change, "changed");
                }
            }
            Err(ReloadError::Config(error)) => {
                tracing::error!("the old configuration stays in force, because the file can't be used\n{error}");
            }
            Err(ReloadError::Other(error)) => {
                let cause = error.cause_for_log().map(ToString::to_string).unwrap_or_default();
                tracing::error!(cause, "the old configuration stays in force: {}", error.message());
            }
        }
    }
}
