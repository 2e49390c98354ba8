//! Jails that read log files: fail2ban's own, each fed by a follower of its files.

mod jail;
mod source;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::tz::TimeZone;
use palisade_config::Config;
use palisade_helper::follow::LogPattern;
use palisade_jail::{BanTime, Folder, Jail, JailConfig, JailFiles, JailPolicy};
use tokio::task::AbortHandle;

use crate::model::{JailFigures, JailStatus};
use jail::LogJail;

pub(crate) use source::{Home, follow};

/// A jail, its task and its state. The task ends with it.
pub(crate) struct Running {
    pub(crate) watched: Arc<Watched>,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    pub(crate) fn new(watched: Arc<Watched>, task: AbortHandle) -> Self {
        Self { watched, task }
    }
}

/// What a jail's task and whoever asks about the jail share.
pub(crate) struct Watched {
    config: JailConfig,
    policy: JailPolicy,
    patterns: Vec<LogPattern>,
    state: Mutex<LogJail>,
    /// Paths that can't be followed, whatever comes.
    bad_paths: Vec<String>,
    /// What stands in the way at the moment.
    problems: Mutex<Vec<String>>,
}

impl Watched {
    /// `earlier` is what an older form of this jail has counted.
    pub(crate) fn new(config: JailConfig, policy: JailPolicy, zone: TimeZone, earlier: Option<Jail>) -> Self {
        let mut patterns = Vec::new();
        let mut bad_paths = Vec::new();
        for log in &config.log_paths {
            match LogPattern::parse(&log.path) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => bad_paths.push(error.to_string()),
            }
        }
        let zone = config.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(zone);
        let mut state = LogJail::new(Arc::clone(&config.filter), zone, policy.clone());
        if let Some(mut counted) = earlier {
            counted.set_policy(policy.clone());
            *state.counting() = counted;
        }
        Self { config, policy, patterns, state: Mutex::new(state), bad_paths, problems: Mutex::default() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    /// Works with what it has counted.
    pub(crate) fn with_counting<T>(&self, work: impl FnOnce(&mut Jail) -> T) -> T {
        work(self.state().counting())
    }

    pub(crate) fn lift(&self, client: palisade_base::AddressKey, now: palisade_base::Instant) {
        self.state().lift(client, now);
    }

    pub(crate) fn tidy(&self, now: palisade_base::Instant) {
        self.state().tidy(now);
    }

    pub(crate) fn status(&self, banned: u64, now: palisade_base::Instant) -> JailStatus {
        let (figures, doubts) = {
            let state = self.state();
            (state.figures(now), state.doubts())
        };
        let mut status = status_of(self.name(), &self.policy, banned, figures);
        status.log_paths = self.config.log_paths.iter().map(|log| log.path.clone()).collect();
        status.doubts = doubts;
        status.problems = self.bad_paths.iter().chain(self.problems().iter()).cloned().collect();
        status
    }

    fn state(&self) -> MutexGuard<'_, LogJail> {
        // A panic while counting leaves the counts usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn problems(&self) -> MutexGuard<'_, Vec<String>> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What every jail's status has.
pub(crate) fn status_of(name: &str, policy: &JailPolicy, banned: u64, figures: JailFigures) -> JailStatus {
    JailStatus {
        name: name.to_owned(),
        log_paths: Vec::new(),
        max_retry: policy.max_retry,
        find_time: policy.find_time,
        ban_time: match policy.ban_time {
            BanTime::For(time) => Some(time),
            BanTime::Permanent => None,
        },
        is_growing: policy.increment.is_some(),
        is_shadow: policy.is_shadow,
        banned,
        figures,
        doubts: Vec::new(),
        problems: Vec::new(),
    }
}

/// The jails of the configured folder; none where no folder is named. A folder that can't be read is one broken jail.
pub(crate) fn read_jails(config: &Config) -> JailFiles {
    config.jails.fail2ban.as_deref().map(read_folder).unwrap_or_default()
}

fn read_folder(folder: &Path) -> JailFiles {
    JailFiles::read(&Folder::new(folder))
        .unwrap_or_else(|error| JailFiles { broken: vec![error], ..JailFiles::default() })
}
