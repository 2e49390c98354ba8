//! What has to be done from time to time.

use std::time::Duration;

use palisade_bans::Bans;
use palisade_base::{Authority, Caller};
use palisade_gate::Readiness;
use palisade_kpi::standing::Standings;
use palisade_posture::{Posture, may_read_posture};
use palisade_records::Records;
use palisade_store::Engine;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::System;

/// How often the database is asked whether it still answers.
const LOOK_AT_DATABASE: Duration = Duration::from_secs(5);
/// How often the vault counts its keys' uses and learns of other nodes' keys.
const VAULT_UPKEEP: Duration = Duration::from_secs(60);
/// How often failures that were only counted are written down.
const COUNTED_FAILURES: Duration = Duration::from_secs(60);
/// How often standings are looked for that were made with another catalogue.
const STANDINGS: Duration = Duration::from_secs(60);
/// How often bans that have run out are let go of in memory.
const TIDY_BANS: Duration = Duration::from_secs(60);
/// How often a node looks for bans that others have made or lifted.
const LOOK_FOR_BANS: Duration = Duration::from_millis(500);
/// How often it is written down how far log files have been read.
const LOG_POSITIONS: Duration = Duration::from_secs(5);
/// How often it is looked what is in force; the first time when the server starts.
const POSTURE: Duration = Duration::from_secs(60 * 60);
/// How often what has run out is deleted.
const CLEAN_UP: Duration = Duration::from_secs(60 * 60);

/// The jobs of a running system.
pub(crate) struct Jobs {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// Starts them all.
pub(crate) fn start(system: System, readiness: Readiness) -> Jobs {
    let (stop, _) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let store = system.store.clone();
    tasks.spawn(repeat(LOOK_AT_DATABASE, stop.subscribe(), move || {
        let (store, readiness) = (store.clone(), readiness.clone());
        async move { readiness.set(store.read().await.is_ok()) }
    }));
    let vault = system.vault.clone();
    tasks.spawn(repeat(VAULT_UPKEEP, stop.subscribe(), move || {
        let vault = vault.clone();
        async move {
            match vault.upkeep().await {
                Ok(true) => tracing::warn!("the vault's data key has encrypted many values: run `palisade key rotate`"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the vault's counts could not be kept; they will be next time"),
            }
        }
    }));
    let identity = system.identity.clone();
    tasks.spawn(repeat(COUNTED_FAILURES, stop.subscribe(), move || {
        let identity = identity.clone();
        async move {
            if let Err(error) = identity.trace_counted_failures().await {
                let cause = error.cause_for_log();
                tracing::warn!(cause, "how many sign-ins failed could not be written into the trail");
            }
        }
    }));
    let records = system.records.clone();
    let standings = Standings::new(records.clone());
    tasks.spawn(repeat(STANDINGS, stop.subscribe(), move || {
        let (records, standings) = (records.clone(), standings.clone());
        async move { rebuild_standings(&records, &standings).await }
    }));
    let bans = system.bans.clone();
    tasks.spawn(repeat(TIDY_BANS, stop.subscribe(), move || {
        let bans = bans.clone();
        async move { bans.tidy() }
    }));
    if system.store.engine() == Engine::Postgres {
        let bans = system.bans.clone();
        tasks.spawn(repeat(LOOK_FOR_BANS, stop.subscribe(), move || {
            let bans = bans.clone();
            async move { bans.catch_up().await }
        }));
    }
    let bans = system.bans.clone();
    tasks.spawn(repeat(LOG_POSITIONS, stop.subscribe(), move || {
        let bans = bans.clone();
        async move { keep_positions(&bans).await }
    }));
    let posture = system.posture.clone();
    tasks.spawn(repeat(POSTURE, stop.subscribe(), move || {
        let posture = posture.clone();
        async move { look(&posture).await }
    }));
    let (identity, bans) = (system.identity, system.bans);
    tasks.spawn(repeat(CLEAN_UP, stop.subscribe(), move || {
        let (identity, bans) = (identity.clone(), bans.clone());
        async move {
            for done in [identity.clean_up().await, bans.clean_up().await] {
                if let Err(error) = done {
                    let cause = error.cause_for_log();
                    tracing::warn!(cause, "what has run out could not be deleted; it will be next time");
                }
            }
        }
    }));
    Jobs { tasks, stop }
}

/// What is in force is looked at in nobody's name, so that it is known when it last was.
async fn look(posture: &Posture) {
    let caller = crate::posture::scheduled();
    let looked = async { posture.look(&caller, &may_read_posture(&caller)?).await };
    if let Err(error) = looked.await {
        let cause = error.cause_for_log();
        tracing::warn!(cause, "what is in force could not be looked at; it will be next time");
    }
}

/// Where people stand is made from evaluations; what is missing or was made with another catalogue is made anew.
async fn rebuild_standings(records: &Records, standings: &Standings) {
    let caller = Caller::job("standing", Authority::default());
    if let Err(error) = standings.rebuild_stale(&caller, records.today()).await {
        let cause = error.cause_for_log();
        tracing::warn!(cause, "some standings are out of date and could not be made anew; they will be next time");
    }
}

async fn keep_positions(bans: &Bans) {
    if let Err(error) = bans.keep_positions().await {
        let cause = error.cause_for_log();
        tracing::warn!(cause, "how far log files have been read could not be written down; it will be next time");
    }
}

impl Jobs {
    /// Lets each finish what it is at.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn repeat<F: Future<Output = ()> + Send>(
    every: Duration,
    mut stopped: watch::Receiver<bool>,
    job: impl Fn() -> F,
) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => job().await,
            () = told(&mut stopped) => return,
        }
    }
}

async fn told(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}
