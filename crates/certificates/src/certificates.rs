//! The certificates of all sites, as the rest of the program has them.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use palisade_base::{Env, TrailEntry};
use palisade_config::Config;
use rustls::server::ResolvesServerCert;

use crate::{
    CertificateError, CertificateStatus, CertificateTrail, DnsChallenge,
    challenge::Challenges,
    plan::Plan,
    serving::Serving,
    state::{Changes, State},
};

/// The certificates of all sites. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Certificates(Arc<Inner>);

struct Inner {
    env: Env,
    serving: Arc<Serving>,
    state: Mutex<State>,
    trail: OnceLock<Arc<dyn CertificateTrail>>,
    /// What happened before there was a trail to write it to.
    untold: Mutex<Vec<TrailEntry>>,
    dns: OnceLock<Arc<dyn DnsChallenge>>,
    /// One order at a time: the CA counts them, and two for the same site would be one too many.
    ordering: tokio::sync::Mutex<()>,
}

impl Certificates {
    /// Loads what the configuration names; makes what is made here and is missing.
    ///
    /// # Errors
    /// What is wrong with which file, and what to do.
    pub fn load(config: &Config, env: &Env) -> Result<Self, CertificateError> {
        let (state, changes) = State::build(Arc::new(Plan::of(config)), env)?;
        let table = ArcSwap::from_pointee(state.table());
        Ok(Self(Arc::new(Inner {
            env: env.clone(),
            serving: Arc::new(Serving { table, challenges: Arc::new(Challenges::default()) }),
            state: Mutex::new(state),
            trail: OnceLock::new(),
            untold: Mutex::new(changes.entries),
            dns: OnceLock::new(),
            ordering: tokio::sync::Mutex::new(()),
        })))
    }

    /// What handshakes ask.
    #[must_use]
    pub fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::clone(&self.0.serving) as Arc<dyn ResolvesServerCert>
    }

    /// Takes another configuration into use. Connections that are open keep their certificates.
    ///
    /// # Errors
    /// As [`Self::load`]; then the old certificates stay in use.
    pub fn apply(&self, config: &Config) -> Result<(), CertificateError> {
        let (state, changes) = State::build(Arc::new(Plan::of(config)), &self.0.env)?;
        let mut current = self.state();
        *current = state;
        self.serve(&current);
        drop(current);
        self.note(changes.entries);
        Ok(())
    }

    /// How the certificate of each host stands.
    #[must_use]
    pub fn status(&self) -> Vec<CertificateStatus> {
        self.state().status()
    }

    /// What somebody has to look at.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let now = self.0.env.now();
        self.status().iter().filter_map(|status| status.problem(now)).collect()
    }

    /// The answer to a CA's token, while an order waits for it.
    #[must_use]
    pub fn challenge(&self, token: &str) -> Option<String> {
        self.0.serving.challenges.answer(token)
    }

    /// The root of our own CA as PEM, to be installed on devices; `None` where no site has its certificate from it.
    #[must_use]
    pub fn local_root(&self) -> Option<String> {
        self.state().root_pem().map(str::to_owned)
    }

    /// Looks once after what can be done at once: the operator's files, and what is made here.
    pub async fn look(&self) {
        let this = self.clone();
        // Files may lie on a disk that answers late.
        if let Err(error) = tokio::task::spawn_blocking(move || this.look_at_disk()).await {
            tracing::error!(%error, "the certificates could not be looked after");
        }
        self.tell().await;
    }

    fn look_at_disk(&self) {
        let (mut state, mut changes) = (self.state(), Changes::default());
        state.look_at_files(&self.0.env, &mut changes);
        state.renew_own(&self.0.env, &mut changes);
        if changes.serve {
            self.serve(&state);
        }
        drop(state);
        self.note(changes.entries);
    }

    /// From now on there is a trail to write to.
    pub(crate) fn set_trail(&self, trail: Arc<dyn CertificateTrail>) {
        let _ = self.0.trail.set(trail);
    }

    /// Who sets records in the DNS. Said once, before the background work starts.
    pub fn set_dns(&self, dns: Arc<dyn DnsChallenge>) {
        let _ = self.0.dns.set(dns);
    }

    pub(crate) fn dns(&self) -> Option<Arc<dyn DnsChallenge>> {
        self.0.dns.get().cloned()
    }

    pub(crate) fn env(&self) -> &Env {
        &self.0.env
    }

    pub(crate) fn challenges(&self) -> Arc<Challenges> {
        Arc::clone(&self.0.serving.challenges)
    }

    pub(crate) async fn one_order_at_a_time(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.ordering.lock().await
    }

    /// Serves what the state has now.
    pub(crate) fn serve(&self, state: &State) {
        self.0.serving.table.store(Arc::new(state.table()));
    }

    pub(crate) fn note(&self, entries: Vec<TrailEntry>) {
        self.0.untold.lock().unwrap_or_else(PoisonError::into_inner).extend(entries);
    }

    /// Writes down what happened.
    pub(crate) async fn tell(&self) {
        let Some(trail) = self.0.trail.get() else { return };
        let entries = std::mem::take(&mut *self.0.untold.lock().unwrap_or_else(PoisonError::into_inner));
        for entry in entries {
            trail.record(entry).await;
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
