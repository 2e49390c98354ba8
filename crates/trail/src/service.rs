//! The trail at work: numbering, sealing, bringing seals outside.

use std::{
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use palisade_base::Instant;
use palisade_keys::Vault;
use palisade_store::{Engine, Store};
use serde::Serialize;
use tokio::{
    sync::{Mutex, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{Sink, SinkStatus, TrailError, VerifierKey, key::SigningKey, sealer, sequencer, sink::Delivery, store};

/// The vault's name for the key that signs seals.
const KEY_NAME: &str = "trail-seal";
/// How often leaves of other nodes are looked for.
const SEQUENCE_EVERY: Duration = Duration::from_millis(100);

/// How the trail works.
pub struct TrailConfig {
    /// The name of this node, where there are several; else empty. Each node brings the seals outside by itself.
    pub node: String,
    /// How long leaves wait for a seal at most.
    pub seal_every: Duration,
    /// The places outside.
    pub sinks: Vec<Arc<dyn Sink>>,
}

impl Default for TrailConfig {
    fn default() -> Self {
        Self { node: String::new(), seal_every: Duration::from_secs(1), sinks: Vec::new() }
    }
}

/// The trail. Cheap to clone.
#[derive(Clone)]
pub struct Trail(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) key: SigningKey,
    /// One sealer at a time in this process; between processes the database decides.
    sealing: Mutex<()>,
    deliveries: Vec<Arc<Delivery>>,
    problems: StdMutex<Problems>,
    /// The size of the last seal, for whom it concerns.
    sealed: watch::Sender<u64>,
    stop: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

/// What last went wrong; empty while all is well.
#[derive(Clone, Default)]
struct Problems {
    sequencer: Option<String>,
    sealer: Option<String>,
}

/// How the trail is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrailStatus {
    /// The key that checks this trail's seals: keep a copy outside.
    pub vkey: String,
    /// How many leaves have a number.
    pub leaves: u64,
    /// How many leaves wait for one (PostgreSQL).
    pub pending: u64,
    /// How many leaves are sealed.
    pub sealed: u64,
    /// When the last seal was made.
    #[serde(serialize_with = "crate::entry::as_text_if_any")]
    pub sealed_at: Option<Instant>,
    /// The last seal.
    pub last_seal: Option<String>,
    /// What is wrong, in plain words; empty while all is well. Places outside tell for themselves.
    pub problems: Vec<String>,
    /// The places outside.
    pub sinks: Vec<SinkStatus>,
}

impl Trail {
    /// Opens the trail without starting anything: for commands that read or verify it.
    ///
    /// # Errors
    /// The signing key can't be had from the vault.
    pub async fn open(store: Store, vault: &Vault, config: TrailConfig) -> Result<Self, TrailError> {
        let seed = vault.secret(KEY_NAME, 32).await?;
        let key = SigningKey::from_seed(seed.expose()).ok_or(palisade_keys::VaultError::Refused)?;
        let delivery = |sink| Arc::new(Delivery::new(store.clone(), sink, &config.node));
        let deliveries = config.sinks.into_iter().map(delivery).collect();
        Ok(Self(Arc::new(Inner {
            store,
            key,
            sealing: Mutex::default(),
            deliveries,
            problems: StdMutex::default(),
            sealed: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            tasks: Mutex::default(),
        })))
    }

    /// Opens the trail and starts numbering, sealing and delivery; they go on until [`Trail::stop`].
    ///
    /// # Errors
    /// As [`Trail::open`].
    pub async fn start(store: Store, vault: &Vault, config: TrailConfig) -> Result<Self, TrailError> {
        let seal_every = config.seal_every;
        let trail = Self::open(store, vault, config).await?;
        let mut tasks = trail.0.tasks.lock().await;
        if trail.0.store.engine() == Engine::Postgres {
            tasks.spawn(Arc::clone(&trail.0).sequence_forever());
        }
        tasks.spawn(Arc::clone(&trail.0).seal_forever(seal_every));
        for delivery in &trail.0.deliveries {
            tasks.spawn(Arc::clone(delivery).run(trail.0.sealed.subscribe(), trail.0.stop.subscribe()));
        }
        drop(tasks);
        Ok(trail)
    }

    /// Stops what was started, seals what is left, and offers every place outside what it has not got.
    ///
    /// # Errors
    /// The last leaves could not be sealed; they will be after the next start.
    pub async fn stop(&self) -> Result<(), TrailError> {
        self.0.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.0.tasks.lock().await);
        while tasks.join_next().await.is_some() {}
        let sealed = self.flush_seal().await;
        for delivery in &self.0.deliveries {
            delivery.remember().await?;
        }
        sealed.map(drop)
    }

    /// Numbers, seals and delivers now what was written so far; gives the number of sealed leaves. Places outside that
    /// fail are seen in [`Trail::status`].
    ///
    /// # Errors
    /// The database can't be used, or the last seal was tampered with.
    pub async fn flush_seal(&self) -> Result<u64, TrailError> {
        sequencer::sequence_all(&self.0.store).await?;
        let size = self.0.seal().await?;
        for delivery in &self.0.deliveries {
            delivery.deliver_new().await;
        }
        Ok(size)
    }

    /// The key that checks this trail's seals.
    #[must_use]
    pub fn vkey(&self) -> &VerifierKey {
        self.0.key.verifier()
    }

    /// How the trail is doing.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn status(&self) -> Result<TrailStatus, TrailError> {
        let mut conn = self.0.store.read().await?;
        let head = store::read_head(&mut conn).await?;
        let leaves = store::read_ends(&mut conn).await?.map_or(0, |(_, last)| store::unsigned(last) + 1);
        let sealed = head.as_ref().map_or(0, |head| head.size);
        let problems = self.0.problems.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut problems: Vec<String> = [problems.sequencer, problems.sealer].into_iter().flatten().collect();
        if leaves < sealed {
            problems.push(format!(
                "The trail has {leaves} leaves, but its last seal covers {sealed}: leaves were removed. \
                 Run `palisade trail verify`."
            ));
        }
        Ok(TrailStatus {
            vkey: self.vkey().to_string(),
            leaves,
            pending: store::count_pending(&mut conn).await?,
            sealed,
            sealed_at: head.as_ref().map(|head| head.at),
            last_seal: head.map(|head| head.note),
            problems,
            sinks: self.0.deliveries.iter().map(|delivery| delivery.status()).collect(),
        })
    }
}

impl Inner {
    async fn sequence_forever(self: Arc<Self>) {
        let written = self.store.leaves_written();
        let mut stop = self.stop.subscribe();
        loop {
            // Listening starts before looking, so that leaves written in between are not missed.
            let mut news = std::pin::pin!(written.notified());
            news.as_mut().enable();
            let done = sequencer::sequence_all(&self.store).await;
            self.note(done.err(), "leaves are not numbered", |problems| &mut problems.sequencer);
            tokio::select! {
                _ = timeout(SEQUENCE_EVERY, news) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn seal_forever(self: Arc<Self>, every: Duration) {
        let mut stop = self.stop.subscribe();
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            // What goes wrong is noted by `seal`; the next tick tries again.
            let _ = self.seal().await;
        }
    }

    async fn seal(&self) -> Result<u64, TrailError> {
        let _alone = self.sealing.lock().await;
        let done = sealer::seal_all(&self.store, &self.key).await;
        self.note(done.as_ref().err(), "leaves are not sealed", |problems| &mut problems.sealer);
        if let Ok(size) = done {
            self.sealed.send_if_modified(|sealed| std::mem::replace(sealed, size) != size);
        }
        done
    }

    /// Keeps a problem for the status, and logs it when it comes and when it goes.
    fn note(
        &self,
        problem: Option<impl std::fmt::Display>,
        what: &str,
        place: impl FnOnce(&mut Problems) -> &mut Option<String>,
    ) {
        let problem = problem.map(|problem| problem.to_string());
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = place(&mut problems);
        if *noted != problem {
            match &problem {
                Some(problem) => tracing::error!(problem, "{what}"),
                None => tracing::info!("no longer: {what}"),
            }
            *noted = problem;
        }
    }
}
