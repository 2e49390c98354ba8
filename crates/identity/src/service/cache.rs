//! What was found out about tokens a moment ago, so that not every request asks the database.
//!
//! An entry counts for half a second at most, and not at all once this process changed anything: a revocation is in
//! force at once here, and within half a second on every other node.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use palisade_base::{ApiKeyId, Authority, Instant, SessionId, Span, auth::SiteUser};

use crate::{
    policy::Held,
    settings::SessionPolicy,
    store::{keys::KeyRecord, sessions::SessionRecord},
};

const FRESH: Span = Span::millis(500);
/// Sessions and keys that are remembered at once; beyond that, all are forgotten.
const ENTRIES_MAX: usize = 20_000;

#[derive(Default)]
pub(super) struct Cache {
    /// Goes up with every change; entries of an older number do not count.
    generation: AtomicU64,
    pub(super) sessions: Remembered<[u8; 32], Arc<KnownSession>>,
    pub(super) keys: Remembered<[u8; 32], Arc<KnownKey>>,
    /// Site sessions, by token and site: that there is none, too.
    pub(super) on_site: Remembered<[u8; 32], Option<Arc<KnownOnSite>>>,
    /// When sessions were last used, and when that was last written down.
    used: Mutex<HashMap<SessionId, LastUse>>,
    /// When that of a key was last written down.
    keys_written: Mutex<HashMap<ApiKeyId, Instant>>,
}

/// A live session with all that its requests are decided by.
pub(super) struct KnownSession {
    pub(super) record: SessionRecord,
    pub(super) policy: SessionPolicy,
    pub(super) holds: Holds,
}

/// A site session: the sign-on that it is a child of, and what the app is told.
pub(super) struct KnownOnSite {
    pub(super) session: KnownSession,
    pub(super) user: Arc<SiteUser>,
    /// The identity token, once somebody has asked for it.
    pub(super) token: OnceLock<Arc<str>>,
}

/// A key with what its owner may do.
pub(super) struct KnownKey {
    pub(super) record: KeyRecord,
    pub(super) allows: Authority,
    pub(super) holds: Holds,
}

/// What a user's roles allow, worked out site by site when it is asked for.
pub(super) struct Holds {
    held: Held,
    by_site: Mutex<HashMap<String, Arc<Authority>>>,
}

impl Holds {
    pub(super) fn new(held: Held) -> Self {
        Self { held, by_site: Mutex::default() }
    }

    pub(super) fn on(&self, site: &str, console_on: &str) -> Arc<Authority> {
        let mut by_site = self.by_site.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(authority) = by_site.get(site) {
            return Arc::clone(authority);
        }
        let authority = Arc::new(self.held.authority_on(site, console_on));
        by_site.insert(site.to_owned(), Arc::clone(&authority));
        authority
    }
}

struct LastUse {
    seen: Instant,
    written: Instant,
}

impl Cache {
    /// Something changed: nothing that was remembered counts any more.
    pub(super) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Notes that a person used the session now; `true` where the last note in the database is a minute old.
    pub(super) fn note_use(&self, session: SessionId, stored: Instant, now: Instant, every: Span) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= ENTRIES_MAX {
            used.clear();
        }
        let last = used.entry(session).or_insert(LastUse { seen: now, written: stored });
        last.seen = last.seen.max(now);
        let is_due = now.since(last.written) >= every;
        if is_due {
            last.written = now;
        }
        is_due
    }

    /// Whether the last note of the key's use is so old that another one is due.
    pub(super) fn note_key_use(&self, key: ApiKeyId, stored: Option<Instant>, now: Instant, every: Span) -> bool {
        let mut written = self.keys_written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.len() >= ENTRIES_MAX {
            written.clear();
        }
        let last = written.get(&key).copied().max(stored);
        let is_due = last.is_none_or(|last| now.since(last) >= every);
        if is_due {
            written.insert(key, now);
        }
        is_due
    }

    /// When a person last used the session: as stored, or as this process has seen since.
    pub(super) fn last_use(&self, session: SessionId, stored: Instant) -> Instant {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.get(&session).map_or(stored, |last| last.seen.max(stored))
    }
}

/// Values with the moment and the generation that they were found in.
pub(super) struct Remembered<K, V>(Mutex<HashMap<K, (u64, Instant, V)>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    pub(super) fn get(&self, key: &K, generation: u64, now: Instant) -> Option<V> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (found_in, at, value) = entries.get(key)?;
        let age = now.since(*at);
        (*found_in == generation && age >= Span::ZERO && age < FRESH).then(|| value.clone())
    }

    /// `generation` is the one from before the value was read: what changed meanwhile makes it stale at once.
    pub(super) fn put(&self, key: K, generation: u64, now: Instant, value: V) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key, (generation, now, value));
    }
}
