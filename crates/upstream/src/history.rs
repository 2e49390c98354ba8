//! What people ask when something is wrong: since when, and what was the last error.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The longest text of an error that is kept.
const SHOWN: usize = 300;

/// Written when an address begins or ends to answer, and when a request fails: never on the way of one that goes well.
#[derive(Default)]
pub(crate) struct History(Mutex<Known>);

#[derive(Default)]
struct Known {
    turned: Option<Instant>,
    trouble: Option<(Instant, String)>,
}

impl History {
    /// It answers from now on, or does not any more.
    pub(crate) fn turn(&self) {
        self.known().turned = Some(Instant::now());
    }

    /// Something went wrong.
    pub(crate) fn note_trouble(&self, what: &str) {
        let what = what.chars().take(SHOWN).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
        self.known().trouble = Some((Instant::now(), what));
    }

    /// For how long it has been as it is now.
    pub(crate) fn steady_for(&self) -> Option<Duration> {
        self.known().turned.map(|at| at.elapsed())
    }

    /// How long ago something went wrong last, and what it was.
    pub(crate) fn last_trouble(&self) -> Option<(Duration, String)> {
        self.known().trouble.as_ref().map(|(at, what)| (at.elapsed(), what.clone()))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
