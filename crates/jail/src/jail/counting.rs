//! Counting failures, client by client, in bounded memory.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    net::IpAddr,
};

use palisade_base::{AddressKey, Instant, Span};

use super::{
    duration::BanTime,
    policy::{JailPolicy, MAX_RETRY},
};

/// So many clients are remembered.
const MAX_CLIENTS: usize = 1 << 20;
/// Up to so many failures of a client each count to the microsecond; beyond, they are counted in groups.
const MAX_GROUPS: usize = 32;
/// So many lines are kept as evidence of a client's failures.
const MAX_EVIDENCE: usize = 10;
/// How long it is remembered that a client was banned, after the ban is over.
const MEMORY: Span = Span::days(1);

/// A ban that a jail asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Who: an IPv4 address, or an IPv6 network of 64 bits.
    pub client: AddressKey,
    /// One of the client's addresses: the one that the last failure came from.
    pub address: IpAddr,
    /// From when.
    pub from: Instant,
    /// Until when; `None` until somebody lifts it.
    pub until: Option<Instant>,
    /// The how-manieth ban of this client this is, from 1.
    pub count: u32,
    /// After so many failures.
    pub failures: u32,
    /// The last lines that show it.
    pub evidence: Vec<String>,
    /// Only reported, not to be enforced.
    pub is_shadow: bool,
}

/// What is known of one client.
#[derive(Debug, Default)]
struct Record {
    /// When, and how many; oldest first.
    failures: VecDeque<(Instant, u32)>,
    evidence: VecDeque<String>,
    bans: u32,
    /// The end of the last ban; the end of time where it has none.
    banned_until: Option<Instant>,
    last: Option<Instant>,
}

/// In which order clients are forgotten when there is no more room: those never banned first, of these the ones with
/// the fewest failures, of these the oldest.
type Worth = (u32, u32, Instant, AddressKey);

/// A jail: counts failures and says whom to ban. It does nothing by itself, and asks no clock.
#[derive(Debug)]
pub struct Jail {
    policy: JailPolicy,
    capacity: usize,
    clients: HashMap<AddressKey, Record>,
    order: BTreeSet<Worth>,
}

impl Jail {
    /// An empty jail.
    #[must_use]
    pub fn new(policy: JailPolicy) -> Self {
        Self::with_capacity(policy, MAX_CLIENTS)
    }

    /// An empty jail that remembers at most so many clients.
    #[must_use]
    pub fn with_capacity(policy: JailPolicy, capacity: usize) -> Self {
        Self { policy, capacity: capacity.max(1), clients: HashMap::new(), order: BTreeSet::new() }
    }

    /// Its rules.
    #[must_use]
    pub fn policy(&self) -> &JailPolicy {
        &self.policy
    }

    /// Changes the rules; what was counted stays.
    pub fn set_policy(&mut self, policy: JailPolicy) {
        self.policy = policy;
    }

    /// How many clients it remembers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether it remembers nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Counts a failure that happened at `at`. Gives the ban that it leads to. Who is allowed is never counted, nor who
    /// is banned already; a failure longer ago than the jail looks back counts for nothing.
    pub fn record_failure(&mut self, address: IpAddr, at: Instant, now: Instant, evidence: &[String]) -> Option<Ban> {
        let address = address.to_canonical();
        let at = at.min(now);
        if self.policy.is_allowed(address) || now.since(at) > self.policy.find_time {
            return None;
        }
        let client = AddressKey::from(address);
        let mut record = self.take(client, now);
        if record.banned_until.is_some_and(|until| until > now) {
            self.put(client, record);
            return None;
        }
        record.add(at, evidence);
        record.forget_before(now, self.policy.find_time);
        let ban = (record.count() >= self.policy.max_retry.clamp(1, MAX_RETRY))
            .then(|| record.ban(client, address, now, &self.policy));
        self.put(client, record);
        ban
    }

    /// How many failures count against this client now.
    #[must_use]
    pub fn failures(&self, client: AddressKey, now: Instant) -> u32 {
        let Some(record) = self.clients.get(&client) else { return 0 };
        let counting = record.failures.iter().filter(|(at, _)| now.since(*at) <= self.policy.find_time);
        counting.map(|(_, count)| count).sum()
    }

    /// How many clients have failures that count now. Looks at every client, so it is for people who ask.
    #[must_use]
    pub fn failing(&self, now: Instant) -> usize {
        let counts = |at: &Instant| now.since(*at) <= self.policy.find_time;
        self.clients.values().filter(|record| record.failures.back().is_some_and(|(at, _)| counts(at))).count()
    }

    /// Takes up a ban from before a restart: the client is not banned twice, and the next ban is the next longer one.
    pub fn restore(&mut self, client: AddressKey, count: u32, until: Option<Instant>, now: Instant) {
        let mut record = self.take(client, now);
        record.bans = record.bans.max(count);
        record.banned_until = Some(until.unwrap_or(Instant::from_micros(i64::MAX)));
        record.last = Some(now);
        self.put(client, record);
    }

    /// The ban was lifted by hand: what led to it is forgotten, that there was one is not.
    pub fn lift(&mut self, client: AddressKey, now: Instant) {
        if self.clients.contains_key(&client) {
            let mut record = self.take(client, now);
            record.banned_until = record.banned_until.map(|until| until.min(now));
            record.failures.clear();
            record.evidence.clear();
            self.put(client, record);
        }
    }

    /// Forgets all that no longer counts. To be called now and then.
    pub fn tidy(&mut self, now: Instant) {
        let find_time = self.policy.find_time;
        let old: Vec<AddressKey> = self
            .clients
            .iter()
            .filter(|(_, record)| record.is_spent(now, find_time))
            .map(|(client, _)| *client)
            .collect();
        for client in old {
            self.take(client, now);
        }
    }

    fn take(&mut self, client: AddressKey, now: Instant) -> Record {
        match self.clients.remove(&client) {
            Some(record) => {
                self.order.remove(&record.worth(client));
                record
            }
            None => {
                self.make_room();
                Record { last: Some(now), ..Record::default() }
            }
        }
    }

    fn put(&mut self, client: AddressKey, record: Record) {
        self.order.insert(record.worth(client));
        self.clients.insert(client, record);
    }

    fn make_room(&mut self) {
        while self.clients.len() >= self.capacity {
            let Some((.., client)) = self.order.pop_first() else { return };
            self.clients.remove(&client);
        }
    }
}

impl Record {
    fn worth(&self, client: AddressKey) -> Worth {
        (self.bans, self.count(), self.last.unwrap_or(Instant::from_micros(0)), client)
    }

    fn count(&self) -> u32 {
        self.failures.iter().map(|(_, count)| count).sum()
    }

    fn add(&mut self, at: Instant, evidence: &[String]) {
        self.last = self.last.max(Some(at));
        let place = self.failures.partition_point(|(earlier, _)| *earlier <= at);
        self.failures.insert(place, (at, 1));
        if self.failures.len() > MAX_GROUPS {
            self.join_closest();
        }
        for line in evidence {
            if self.evidence.len() == MAX_EVIDENCE {
                self.evidence.pop_front();
            }
            self.evidence.push_back(line.clone());
        }
    }

    /// The two groups that lie closest together become one, at the later of their times.
    fn join_closest(&mut self) {
        let gap = |&index: &usize| self.failures[index + 1].0.since(self.failures[index].0);
        let Some(first) = (0..self.failures.len().saturating_sub(1)).min_by_key(gap) else { return };
        if let Some((_, count)) = self.failures.remove(first)
            && let Some(group) = self.failures.get_mut(first)
        {
            group.1 += count;
        }
    }

    fn forget_before(&mut self, now: Instant, find_time: Span) {
        while self.failures.front().is_some_and(|(at, _)| now.since(*at) > find_time) {
            self.failures.pop_front();
        }
    }

    fn ban(&mut self, client: AddressKey, address: IpAddr, now: Instant, policy: &JailPolicy) -> Ban {
        let until = match policy.ban_time_after(self.bans) {
            BanTime::For(time) => Some(now + time),
            BanTime::Permanent => None,
        };
        self.bans += 1;
        self.banned_until = Some(until.unwrap_or(Instant::from_micros(i64::MAX)));
        let failures = self.count();
        self.failures.clear();
        let evidence = std::mem::take(&mut self.evidence).into();
        Ban { client, address, from: now, until, count: self.bans, failures, evidence, is_shadow: policy.is_shadow }
    }

    fn is_spent(&self, now: Instant, find_time: Span) -> bool {
        let counts = self.failures.back().is_some_and(|(at, _)| now.since(*at) <= find_time);
        let was_banned = self.banned_until.is_some_and(|until| now.since(until) < MEMORY);
        !counts && !was_banned
    }
}
