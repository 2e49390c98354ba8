//! Argon2id, a few runs at a time: memory stays under a limit, and who comes later waits in turn.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use palisade_base::{Env, Error, Kind, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

use super::phc::{Cost, Phc};
use crate::settings::PasswordPolicy;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// glibc's largest threshold (DEFAULT_MMAP_THRESHOLD_MAX), and a little more.
const ALWAYS_RETURNED_BYTES: usize = 33 * 1024 * 1024;

/// What one run costs, and how many there are at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingConfig {
    /// Memory of one run, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// The most runs at once; times `memory_kib`, this is the most memory that sign-ins ever take.
    pub at_once: usize,
    /// The most that wait for their turn; whoever comes then is told to try again.
    pub queue: usize,
}

impl HashingConfig {
    /// OWASP's recommendation for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. Four runs at
    /// once are 76 MiB.
    pub const PRODUCTION: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1, at_once: 4, queue: 400 };

    const fn cost(&self) -> Cost {
        Cost { memory_kib: self.memory_kib, passes: self.passes, lanes: self.lanes }
    }
}

impl Default for HashingConfig {
    fn default() -> Self {
        Self::PRODUCTION
    }
}

/// Computes and checks hashes.
pub(crate) struct Hasher {
    config: HashingConfig,
    env: Env,
    turns: Arc<Semaphore>,
    queue: Arc<Queue>,
    runs: AtomicU64,
    /// The hash of nothing that anybody can type: what a try against an unknown name is checked against.
    dummy: String,
}

/// What checking a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// It is the password.
    pub(crate) matches: bool,
    /// Its hash was made at another cost than today's and should be made anew.
    pub(crate) outdated: bool,
}

impl Hasher {
    pub(crate) fn new(config: HashingConfig, env: Env) -> Self {
        let (salt, hash) = (env.bytes::<SALT_BYTES>().to_vec(), env.bytes::<HASH_BYTES>().to_vec());
        let dummy = Phc { cost: config.cost(), salt, hash }.write();
        let turns = Arc::new(Semaphore::new(config.at_once.max(1)));
        Self { config, env, turns, queue: Arc::default(), runs: AtomicU64::new(0), dummy }
    }

    /// How many runs there were since the start.
    pub(crate) fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// Hashes a new password at today's cost.
    ///
    /// # Errors
    /// Too many wait already, or the cost is not one that Argon2 can do.
    pub(crate) async fn hash(&self, password: &SecretString) -> Result<String, Error> {
        refuse_oversize(password)?;
        let (cost, salt) = (self.config.cost(), self.env.bytes::<SALT_BYTES>().to_vec());
        let hash = self.run(password.clone(), cost, salt.clone()).await?;
        Ok(Phc { cost, salt, hash }.write())
    }

    /// Checks a password with exactly one run, also where there is no hash to check against.
    ///
    /// # Errors
    /// As [`Hasher::hash`]; or the stored hash is damaged.
    pub(crate) async fn verify(&self, password: &SecretString, stored: Option<&str>) -> Result<Verdict, Error> {
        if password.expose().len() > PasswordPolicy::MAX_BYTES {
            return Ok(Verdict { matches: false, outdated: false });
        }
        let phc = Phc::read(stored.unwrap_or(&self.dummy))
            .ok_or_else(|| Error::internal("a stored password hash can't be read"))?;
        let computed = self.run(password.clone(), phc.cost, phc.salt).await?;
        let matches = bool::from(computed.ct_eq(&phc.hash)) && stored.is_some();
        Ok(Verdict { matches, outdated: phc.cost != self.config.cost() })
    }

    async fn run(&self, password: SecretString, cost: Cost, salt: Vec<u8>) -> Result<Vec<u8>, Error> {
        let turn = self.wait_for_turn().await?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        let params =
            Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(HASH_BYTES)).map_err(Error::internal)?;
        let queue = Arc::clone(&self.queue);
        let computed = tokio::task::spawn_blocking(move || {
            let mut memory = queue.take_memory(params.block_count());
            let mut hash = vec![0; HASH_BYTES];
            let computed = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into_with_memory(password.expose().as_bytes(), &salt, &mut hash, &mut memory)
                .map(|()| hash);
            queue.give_back(memory);
            // Held until here, also where whoever asked has gone away meanwhile.
            drop(turn);
            computed
        });
        computed.await.map_err(Error::internal)?.map_err(Error::internal)
    }

    async fn wait_for_turn(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Error> {
        let _place = Place::take(&self.queue.waiting, self.config.queue + self.config.at_once)?;
        Arc::clone(&self.turns).acquire_owned().await.map_err(Error::internal)
    }
}

/// Who waits, and memory that the next one can use again.
#[derive(Default)]
struct Queue {
    waiting: AtomicUsize,
    spare: Mutex<Vec<Vec<Block>>>,
}

impl Queue {
    /// Memory for a run: what the run before gave back, or new.
    fn take_memory(&self, blocks: usize) -> Vec<Block> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match spare.filter(|memory| memory.len() == blocks) {
            Some(memory) => memory,
            None => new_memory(blocks),
        }
    }

    /// Keeps memory for whoever waits; where nobody does, all of it goes back to the system.
    fn give_back(&self, memory: Vec<Block>) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            spare.push(memory);
        } else {
            spare.clear();
        }
    }
}

/// Room for this many blocks, of which only so many are touched.
///
/// glibc keeps what it has once handed out for as long as it can, in an arena per thread: 19 MiB at a time that was
/// 1.8 GiB after two hundred sign-ins. What is larger than 32 MiB it asks the system for and gives back at once; pages
/// that nobody touches are never there.
fn new_memory(blocks: usize) -> Vec<Block> {
    let mut memory = Vec::with_capacity(blocks.max(ALWAYS_RETURNED_BYTES / Block::SIZE));
    memory.resize(blocks, Block::default());
    memory
}

/// A place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Result<Self, Error> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= most {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::new(
                Kind::TooMany,
                "Very many people are signing in at the moment. Please try again in a minute.",
            ));
        }
        Ok(Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn refuse_oversize(password: &SecretString) -> Result<(), Error> {
    if password.expose().len() > PasswordPolicy::MAX_BYTES {
        let message = format!("Use at most {} characters.", PasswordPolicy::MAX_LENGTH);
        return Err(Error::field("new_password", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use palisade_base::Secret;
    use palisade_testkit::TestEnv;

    use super::*;

    const QUICK: HashingConfig = HashingConfig { memory_kib: 64, passes: 1, lanes: 1, at_once: 2, queue: 400 };

    fn hasher(config: HashingConfig) -> Hasher {
        Hasher::new(config, TestEnv::default().env)
    }

    fn secret(text: &str) -> SecretString {
        Secret::new(text.to_owned())
    }

    /// covers K3.2 (part)
    #[test]
    fn production_uses_owasps_parameters() {
        let HashingConfig { memory_kib, passes, lanes, at_once, .. } = HashingConfig::default();
        assert_eq!((memory_kib, passes, lanes), (19_456, 2, 1));
        assert!(u64::from(memory_kib) * 1024 * at_once as u64 <= 80 * 1024 * 1024);
    }

    /// From the reference implementation's own tests (phc-winner-argon2, test.c).
    ///
    /// covers K3.2 (part)
    #[tokio::test]
    async fn a_hash_of_the_reference_implementation_is_verified() {
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hasher = hasher(QUICK);
        let verdict = hasher.verify(&secret("password"), Some(stored)).await.unwrap();
        assert_eq!(verdict, Verdict { matches: true, outdated: true });
        assert!(!hasher.verify(&secret("passwore"), Some(stored)).await.unwrap().matches);
    }

    #[tokio::test]
    async fn every_try_is_one_run_with_a_hash_or_without() {
        let hasher = hasher(QUICK);
        let stored = hasher.hash(&secret("Pl\u{e4}tze f\u{fc}r 9 \u{1f40c}!")).await.unwrap();
        assert_eq!(hasher.runs(), 1);
        assert!(hasher.verify(&secret("Pl\u{e4}tze f\u{fc}r 9 \u{1f40c}!"), Some(&stored)).await.unwrap().matches);
        assert!(!hasher.verify(&secret("anything"), None).await.unwrap().matches);
        assert_eq!(hasher.runs(), 3);
    }

    /// covers K1.1 (part)
    #[tokio::test]
    async fn a_password_of_one_mebibyte_is_refused_before_hashing() {
        let hasher = hasher(QUICK);
        let huge = secret(&"a".repeat(1024 * 1024));
        assert!(!hasher.verify(&huge, None).await.unwrap().matches);
        assert!(hasher.hash(&huge).await.is_err());
        assert_eq!(hasher.runs(), 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_hundred_at_once_are_answered_in_turn_and_a_longer_queue_is_refused() {
        let patient = Arc::new(hasher(QUICK));
        let tries: Vec<_> = (0..200)
            .map(|_| {
                let hasher = Arc::clone(&patient);
                tokio::spawn(async move { hasher.verify(&secret("anything"), None).await.is_ok() })
            })
            .collect();
        for answered in tries {
            assert!(answered.await.unwrap());
        }
        assert_eq!(patient.runs(), 200);

        let busy = Arc::new(hasher(HashingConfig { at_once: 1, queue: 1, ..QUICK }));
        let turn = busy.wait_for_turn().await.unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let hasher = Arc::clone(&busy);
                tokio::spawn(async move { hasher.verify(&secret("anything"), None).await.is_ok() })
            })
            .collect();
        while busy.queue.waiting.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(busy.verify(&secret("anything"), None).await.unwrap_err().kind(), Kind::TooMany);
        drop(turn);
        for answered in waiting {
            assert!(answered.await.unwrap());
        }
    }
}
