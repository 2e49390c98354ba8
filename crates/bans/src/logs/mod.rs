//! Jails that read log files, fail2ban's and those of the configuration: each fed by a follower of its files.

mod check;
mod jail;
pub(crate) mod own;
mod source;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::tz::TimeZone;
use palisade_config::Config;
use palisade_helper::follow::{LogPattern, Positions};
use palisade_jail::{BanTime, Folder, Jail, JailConfig, JailError, JailFiles, JailPolicy};
use tokio::task::AbortHandle;

use crate::model::{JailFigures, JailStatus, MANUAL, NEIGHBOURS, SIGN_IN};
use jail::LogJail;

pub use check::{broken_jails, check_jails};
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
    progress: Mutex<Progress>,
    /// Held while lines are counted; true once another took this one's place.
    is_retired: Mutex<bool>,
}

/// How far the log files have been read.
#[derive(Debug, Default)]
struct Progress {
    now: Option<Positions>,
    /// As it was last written down.
    kept: Option<Positions>,
}

/// What a jail leaves to the one that takes its place.
pub(crate) struct Legacy {
    jail: Jail,
    positions: Option<Positions>,
}

impl Watched {
    /// `earlier` is what an older form of this jail has counted.
    pub(crate) fn new(config: JailConfig, policy: JailPolicy, zone: TimeZone, earlier: Option<Legacy>) -> Self {
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
        let mut progress = Progress::default();
        if let Some(Legacy { jail: mut counted, positions }) = earlier {
            counted.set_policy(policy.clone());
            *state.counting() = counted;
            progress.now = positions;
        }
        Self {
            config,
            policy,
            patterns,
            state: Mutex::new(state),
            bad_paths,
            problems: Mutex::default(),
            progress: Mutex::new(progress),
            is_retired: Mutex::new(false),
        }
    }

    /// Counts no further line, and gives what was counted. Waits for a look at the files that is under way, so that each
    /// line is counted before this or after it, never twice.
    pub(crate) fn retire(&self) -> Legacy {
        *lock(&self.is_retired) = true;
        let jail = self.with_counting(|jail| std::mem::replace(jail, Jail::new(jail.policy().clone())));
        Legacy { jail, positions: self.positions() }
    }

    /// How far the files have been read, as far as that is known.
    pub(crate) fn positions(&self) -> Option<Positions> {
        lock(&self.progress).now.clone()
    }

    /// Takes up how far they had been read before a restart.
    pub(crate) fn remember(&self, positions: Positions) {
        let mut progress = lock(&self.progress);
        (progress.now, progress.kept) = (Some(positions.clone()), Some(positions));
    }

    fn note(&self, positions: Positions) {
        // Where no file can be read here, the helper goes on from what was known.
        if !positions.files.is_empty() {
            lock(&self.progress).now = Some(positions);
        }
    }

    /// What is to be written down, if that is new since the last time.
    pub(crate) fn unkept(&self) -> Option<Positions> {
        let progress = lock(&self.progress);
        progress.now.clone().filter(|_| progress.now != progress.kept)
    }

    /// It was written down.
    pub(crate) fn keep(&self, positions: Positions) {
        lock(&self.progress).kept = Some(positions);
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
        lock(&self.state)
    }

    fn problems(&self) -> MutexGuard<'_, Vec<String>> {
        lock(&self.problems)
    }
}

/// A panic while counting leaves the counts usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The jails of the configuration: its own, and those of fail2ban's folder where one is named.
pub(crate) fn read_jails(config: &Config) -> JailFiles {
    let mut files = own::read(config);
    if let Some(folder) = config.jails.fail2ban.as_deref() {
        let JailFiles { jails, broken, warnings } = read_folder(config, folder);
        files.jails.extend(jails);
        files.broken.extend(broken);
        files.warnings.extend(warnings);
    }
    files
}

/// A folder that can't be read is one broken jail.
fn read_folder(config: &Config, folder: &Path) -> JailFiles {
    let mut files = JailFiles::read(&Folder::new(folder))
        .unwrap_or_else(|error| JailFiles { broken: vec![error], ..JailFiles::default() });
    let is_taken =
        |name: &str| [SIGN_IN, MANUAL, NEIGHBOURS].contains(&name) || config.jail.iter().any(|own| own.name == name);
    for jail in files.jails.extract_if(.., |jail| is_taken(&jail.name)) {
        let what = format!("the name of [{}] is taken: by Palisade itself, or by a [[jail]] in its file", jail.name);
        let fix = "Give one of the two another name.".to_owned();
        files.broken.push(JailError { place: jail.place, what, fix });
    }
    files
}
