//! Whether the program can do its work at the moment.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag that whoever looks after the database and the keys sets, and health checks read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Ready or not, to begin with.
    #[must_use]
    pub fn new(ready: bool) -> Self {
        Self(Arc::new(AtomicBool::new(ready)))
    }

    /// Says whether it is ready from now on.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }

    /// Whether it is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
