//! The jails that read log files: started, told of, asked about.

use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard, PoisonError, Weak},
};

use palisade_base::{Error, Instant, Permit};
use palisade_config::Config;
use palisade_helper::client::HelperClient;
use palisade_jail::JailPolicy;

use super::{Bans, Inner, MEMORY, Rules, TAKEN_UP, jails::words};
use crate::{
    logs::{self, Home, Legacy, Running, Watched},
    model::{JailFigures, JailReport, SIGN_IN},
    policy::ReadBans,
    store,
};

/// The jails that read log files, and what could not be read.
#[derive(Default)]
pub(super) struct LogJails {
    running: Vec<Running>,
    broken: Vec<String>,
    warnings: Vec<String>,
}

/// The bans, as a jail's task holds them: without keeping them alive.
struct Told(Weak<Inner>);

impl Home for Told {
    fn present(&self) -> Option<(Instant, Option<HelperClient>)> {
        let inner = self.0.upgrade()?;
        Some((inner.env.now(), inner.helper.get().cloned()))
    }

    fn ban_due(&self, jail: &Watched, ban: palisade_jail::Ban) {
        let Some(inner) = self.0.upgrade() else { return };
        let within = words(jail.with_counting(|jail| jail.policy().find_time));
        let reason = format!("{} failures within {within} in the log files of {}", ban.failures, jail.name());
        Bans(inner).ban_due(jail.name(), reason, ban);
    }
}

impl Bans {
    /// Starts the jails of the configuration, in the place of those that run.
    pub(super) fn start_jails(&self, config: &Config) {
        let files = logs::read_jails(config);
        let rules = self.0.rules.load_full();
        let mut counted = self.stop_jails();
        let mut started = LogJails {
            running: Vec::new(),
            broken: files.broken.iter().map(ToString::to_string).collect(),
            warnings: files.warnings.iter().map(ToString::to_string).collect(),
        };
        for jail in files.jails {
            let policy = policy_of(&rules, &jail.name, jail.policy.clone());
            let earlier = counted.remove(&jail.name);
            let is_new = earlier.is_none();
            let watched = Arc::new(Watched::new(jail, policy, config.company.time_zone.zone().clone(), earlier));
            let told = Told(Arc::downgrade(&self.0));
            let task = tokio::spawn(run(Arc::clone(&watched), told, is_new));
            started.running.push(Running::new(watched, task.abort_handle()));
        }
        *self.logs() = started;
    }

    /// Stops them; gives what each has counted, and how far it has read.
    fn stop_jails(&self) -> HashMap<String, Legacy> {
        let stopped = std::mem::take(&mut *self.logs());
        stopped.running.iter().map(|running| (running.watched.name().to_owned(), running.watched.retire())).collect()
    }

    /// What a jail did, and how far it had read, before a restart.
    async fn restore_jail(&self, watched: &Watched) -> Result<(), Error> {
        let mut conn = self.0.store.read().await?;
        let recent = store::recent(&mut conn, watched.name(), self.now() - MEMORY, TAKEN_UP).await?;
        watched.with_counting(|jail| self.restore(watched.name(), jail, recent));
        if let Some(text) = store::position(&mut conn, &self.0.host, watched.name()).await? {
            match serde_json::from_str(&text) {
                Ok(positions) => watched.remember(positions),
                Err(error) => {
                    tracing::warn!(jail = watched.name(), %error, "a jail begins at the end of its log files")
                }
            }
        }
        Ok(())
    }

    /// Writes down how far the jails have read their log files, where that is new. To be called every few seconds: lines
    /// since then are read again if the program is killed.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn keep_positions(&self) -> Result<(), Error> {
        self.keep_positions_of(&self.log_jails()).await
    }

    /// Stops the jails for good, and writes down how far they have read.
    pub(super) async fn close_jails(&self) {
        let jails = self.log_jails();
        drop(self.stop_jails());
        if let Err(error) = self.keep_positions_of(&jails).await {
            let cause = error.cause_for_log();
            tracing::warn!(cause, "how far log files have been read could not be written down");
        }
    }

    pub(super) fn log_jails(&self) -> Vec<Arc<Watched>> {
        self.logs().running.iter().map(|running| Arc::clone(&running.watched)).collect()
    }

    fn logs(&self) -> MutexGuard<'_, LogJails> {
        self.0.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A try to sign in has failed.
    pub(super) fn note_try(&self, at: Instant) {
        let mut tries = self.0.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.failures += 1;
        tries.last_failure_at = tries.last_failure_at.max(Some(at));
    }

    /// How all jails are.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn report(&self, _permit: &Permit<ReadBans>) -> Result<JailReport, Error> {
        self.flush().await;
        let now = self.now();
        let counts = store::count_by_jail(&mut *self.0.store.read().await?, now).await?;
        let banned = |name: &str| counts.iter().find(|(jail, _)| jail == name).map_or(0, |(_, count)| *count);
        let mut jails = vec![{
            let sign_in = self.sign_in();
            let seen = *self.0.tries.lock().unwrap_or_else(PoisonError::into_inner);
            let figures = JailFigures { failing: sign_in.failing(now), ..seen };
            logs::status_of(SIGN_IN, sign_in.policy(), banned(SIGN_IN), figures)
        }];
        jails.extend(self.log_jails().iter().map(|jail| jail.status(banned(jail.name()), now)));
        let logs = self.logs();
        let problems = self.enforcer().map(crate::Enforcer::problems).unwrap_or_default();
        Ok(JailReport { jails, broken: logs.broken.clone(), warnings: logs.warnings.clone(), problems })
    }
}

/// The life of a jail: what it did before, then what comes.
async fn run(watched: Arc<Watched>, told: Told, is_new: bool) {
    if is_new
        && let Some(inner) = told.0.upgrade()
        && let Err(error) = Bans(inner).restore_jail(&watched).await
    {
        let cause = error.cause_for_log();
        tracing::warn!(
            jail = watched.name(),
            cause,
            "a jail does not know whom it has banned, and how far it has read, before"
        );
    }
    logs::follow(watched, told).await;
}

/// As the file says, but for whom nobody bans and what is only tried out.
fn policy_of(rules: &Rules, name: &str, mut policy: JailPolicy) -> JailPolicy {
    policy.allowed.extend(rules.exemptions.uncounted());
    policy.is_shadow |= rules.is_shadow(name);
    policy
}
