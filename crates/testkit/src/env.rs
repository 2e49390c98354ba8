//! A clock set by hand and randomness from a seed.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use palisade_base::{Clock, Env, Instant, Rng, Span};

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// 2026-03-02T09:00:00Z, a Monday.
    pub const START: Instant = Instant::from_micros(1_772_442_000_000_000);

    /// Moves the clock forward.
    pub fn advance(&self, span: Span) {
        self.0.fetch_add(span.as_micros(), Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set(&self, to: Instant) {
        self.0.store(to.as_micros(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(Self::START.as_micros()))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Reproducible randomness (SplitMix64). For tests only: it is no secret to anybody.
#[derive(Debug)]
pub struct SeededRng(Mutex<u64>);

impl SeededRng {
    /// The stream of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Rng for SeededRng {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// An environment whose clock the test holds.
#[derive(Clone, Debug)]
pub struct TestEnv {
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// What the code under test is given.
    pub env: Env,
}

impl Default for TestEnv {
    fn default() -> Self {
        let clock = Arc::new(ManualClock::default());
        let env = Env::new(clock.clone(), Arc::new(SeededRng::new(7)));
        Self { clock, env }
    }
}
