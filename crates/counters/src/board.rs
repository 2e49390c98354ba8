//! What the limits have done lately, for those who run the site: kept in memory, since the program began.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use palisade_base::{AddressKey, ApiKeyId, Instant, Span, UserId};

use crate::Remembered;

const MINUTES: usize = 24 * 60;
/// How many of those who were refused are remembered for each limit. A page shows them; nothing is decided by them.
const WHO: usize = 1_024;
/// For how long.
const WHO_LIFE: Span = Span::minutes(10);

/// Whom a limit counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitKey {
    /// An address, or an IPv6 /64.
    Address(AddressKey),
    /// A user.
    User(UserId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// A session of a guarded app: a hash of its cookie, under a seed of this run of the program.
    Session(u64),
    /// A network of the limit's own list, by its place there.
    Network(usize),
}

/// A limit, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitFacts {
    /// Its name.
    pub name: String,
    /// What it holds for, in words.
    pub holds_for: String,
    /// Whom it counts as one, in words.
    pub counts_by: String,
    /// So many requests…
    pub requests: u32,
    /// …in so many seconds.
    pub seconds: u32,
    /// So many more at once; `None` where it is a sliding window.
    pub burst: Option<u32>,
}

/// Somebody who was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Whom the limit counts.
    pub key: LimitKey,
    /// From where the last request came.
    pub address: IpAddr,
    /// Since when.
    pub first_at: Instant,
    /// The last time.
    pub last_at: Instant,
    /// How often.
    pub count: u64,
}

/// A limit with its figures. Counting takes no lock that others wait for.
pub struct LimitFigures {
    facts: LimitFacts,
    seen: Arc<Seen>,
}

struct Seen {
    /// The minute's number since 1970 in the upper half, what was refused in it in the lower.
    minutes: Vec<AtomicU64>,
    who: Remembered<LimitKey, Refused>,
}

impl LimitFigures {
    /// The limit.
    #[must_use]
    pub const fn facts(&self) -> &LimitFacts {
        &self.facts
    }

    /// Counts a refusal.
    pub fn refused(&self, key: LimitKey, address: IpAddr, now: Instant) {
        let minute = minute_of(now);
        if let Some(slot) = self.seen.minutes.get(usize::try_from(minute).unwrap_or(0) % MINUTES) {
            let one_more = |old: u64| Some(if old >> 32 == minute { old + 1 } else { (minute << 32) | 1 });
            // The function always gives a value.
            let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        }
        let fresh = || Refused { key, address, first_at: now, last_at: now, count: 0 };
        self.seen.who.change(&key, now, fresh, |refused| {
            (refused.address, refused.last_at) = (address, now);
            refused.count += 1;
        });
    }

    /// How many were refused in the last so many minutes, at most a day.
    #[must_use]
    pub fn refused_within(&self, minutes: u64, now: Instant) -> u64 {
        let now = minute_of(now);
        let recent = |slot: &AtomicU64| {
            let value = slot.load(Ordering::Relaxed);
            let minute = value >> 32;
            (minute <= now && now - minute < minutes).then_some(value & u64::from(u32::MAX))
        };
        self.seen.minutes.iter().filter_map(recent).sum()
    }

    /// Who was refused within the last ten minutes, the latest first.
    #[must_use]
    pub fn who(&self, now: Instant) -> Vec<Refused> {
        let mut who = self.seen.who.since(now - WHO_LIFE);
        who.sort_by_key(|refused| (std::cmp::Reverse(refused.last_at), refused.key));
        who
    }
}

fn minute_of(now: Instant) -> u64 {
    u64::try_from(now.as_micros() / 60_000_000).unwrap_or(0) & u64::from(u32::MAX)
}

/// All limits of the program. Cheap to clone.
#[derive(Clone, Default)]
pub struct LimitBoard(Arc<Mutex<Vec<Arc<LimitFigures>>>>);

impl LimitBoard {
    /// The figures of this limit: those of the one on the board that has its name, or new ones.
    #[must_use]
    pub fn figures_of(&self, facts: LimitFacts) -> Arc<LimitFigures> {
        let board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = board.iter().find(|old| old.facts.name == facts.name);
        let seen = before.map_or_else(Seen::fresh, |old| Arc::clone(&old.seen));
        Arc::new(LimitFigures { facts, seen })
    }

    /// Puts up these limits in the place of those before.
    pub fn put_up(&self, limits: Vec<Arc<LimitFigures>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    /// The limits with their figures, in the order of the configuration.
    #[must_use]
    pub fn limits(&self) -> Vec<Arc<LimitFigures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Seen {
    fn fresh() -> Arc<Self> {
        let minutes = std::iter::repeat_with(AtomicU64::default).take(MINUTES).collect();
        Arc::new(Self { minutes, who: Remembered::new(WHO_LIFE, WHO) })
    }
}
