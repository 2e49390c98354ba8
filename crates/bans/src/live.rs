//! The bans in force, as the gate asks for them on every request: read without a lock.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use arc_swap::ArcSwap;
use palisade_base::{AddressKey, Instant};

use crate::{Enforcer, Target, model::BanFacts};

/// A change copies one shard, so there are many.
const SHARDS: usize = 1_024;
/// Together about a million clients. In a fuller shard whoever is free soonest makes room.
const SHARD_LIMIT: usize = 1_024;
/// Networks are few: they are banned by hand, or for a whole neighbourhood.
const NETWORK_LIMIT: usize = 16_384;

type Clients = HashMap<AddressKey, Arc<BanFacts>>;

/// Networks by their length: one look-up for each length that there is, however many networks.
#[derive(Clone, Default)]
struct Networks(Vec<(u8, HashMap<Target, Arc<BanFacts>>)>);

/// Who is banned. Changes are made one at a time; whoever reads meanwhile sees the state before or after.
pub(crate) struct Live {
    shards: Box<[ArcSwap<Clients>]>,
    networks: ArcSwap<Networks>,
    /// So that nothing is looked up while nobody is banned.
    count: AtomicUsize,
    hasher: RandomState,
    changing: Mutex<()>,
    /// Told of every change, in their order.
    enforcer: OnceLock<Arc<dyn Enforcer>>,
    shard_limit: usize,
    network_limit: usize,
}

/// What became of a ban that was to be put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is in force.
    Done,
    /// It is in force, and this one is not any more, for want of room.
    Replaced(Target),
    /// There are too many networks.
    Full,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self::with_limits(SHARD_LIMIT, NETWORK_LIMIT)
    }

    fn with_limits(shard_limit: usize, network_limit: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| ArcSwap::default()).collect(),
            networks: ArcSwap::default(),
            count: AtomicUsize::new(0),
            hasher: RandomState::new(),
            changing: Mutex::new(()),
            enforcer: OnceLock::new(),
            shard_limit,
            network_limit,
        }
    }

    /// Has these bans, of those that are in force, carried out elsewhere too, and every change from now on.
    pub(crate) fn enforce_with(&self, enforcer: Arc<dyn Enforcer>, is_meant: impl Fn(&BanFacts) -> bool) {
        let _ = self.enforcer.set(enforcer);
        self.enforce_anew(is_meant);
    }

    /// Has exactly these bans, of those that are in force, carried out elsewhere.
    pub(crate) fn enforce_anew(&self, is_meant: impl Fn(&BanFacts) -> bool) {
        let Some(enforcer) = self.enforcer.get() else { return };
        let _one_at_a_time = self.lock();
        let meant = self.all().into_iter().filter(|facts| is_meant(facts));
        enforcer.replace_all(meant.map(|facts| (facts.target.net(), facts.until)).collect());
    }

    /// Who carries bans out beside the gate.
    pub(crate) fn enforcer(&self) -> Option<&dyn Enforcer> {
        self.enforcer.get().map(AsRef::as_ref)
    }

    /// The ban that holds for this address now; where several do, the narrowest.
    pub(crate) fn find(&self, address: IpAddr, now: Instant) -> Option<Arc<BanFacts>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let client = AddressKey::from(address);
        let own = self.shard(client).load().get(&client).filter(|facts| facts.holds_at(now)).cloned();
        own.or_else(|| self.networks.load().find(address, now))
    }

    /// The ban of exactly this target, in force or run out.
    pub(crate) fn get(&self, target: Target) -> Option<Arc<BanFacts>> {
        match target.client() {
            Some(client) => self.shard(client).load().get(&client).cloned(),
            None => self.networks.load().get(target),
        }
    }

    /// Puts a ban into force; where the same target is banned for longer already, that stays.
    pub(crate) fn put(&self, facts: Arc<BanFacts>) -> Put {
        let longer = |held: &BanFacts| match (held.until, facts.until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(held), Some(new)) => held > new,
        };
        if self.get(facts.target).is_some_and(|held| longer(&held)) { Put::Done } else { self.set(facts) }
    }

    /// Puts a ban into force in the place of any other of the same target.
    pub(crate) fn set(&self, facts: Arc<BanFacts>) -> Put {
        let _one_at_a_time = self.lock();
        let (network, until) = (facts.target.net(), facts.until);
        let put = match facts.target.client() {
            Some(client) => self.put_client(client, facts),
            None => self.put_network(facts),
        };
        if let Some(enforcer) = self.enforcer() {
            match &put {
                Put::Full => return put,
                Put::Replaced(other) => enforcer.lift(other.net()),
                Put::Done => {}
            }
            enforcer.ban(network, until);
        }
        put
    }

    fn put_client(&self, client: AddressKey, facts: Arc<BanFacts>) -> Put {
        let shard = self.shard(client);
        let mut clients = Clients::clone(&shard.load());
        let mut put = Put::Done;
        if clients.len() >= self.shard_limit
            && !clients.contains_key(&client)
            && let Some(soonest) = soonest(&clients)
        {
            clients.remove(&soonest);
            self.count.fetch_sub(1, Ordering::AcqRel);
            put = Put::Replaced(Target::from(soonest));
        }
        if clients.insert(client, facts).is_none() {
            self.count.fetch_add(1, Ordering::AcqRel);
        }
        shard.store(Arc::new(clients));
        put
    }

    fn put_network(&self, facts: Arc<BanFacts>) -> Put {
        let mut networks = Networks::clone(&self.networks.load());
        if networks.len() >= self.network_limit && networks.get(facts.target).is_none() {
            return Put::Full;
        }
        if networks.insert(facts) {
            self.count.fetch_add(1, Ordering::AcqRel);
        }
        self.networks.store(Arc::new(networks));
        Put::Done
    }

    /// Whether a ban of this target would find its place.
    pub(crate) fn has_room_for(&self, target: Target) -> bool {
        let networks = self.networks.load();
        target.client().is_some() || networks.len() < self.network_limit || networks.get(target).is_some()
    }

    /// Takes a ban out; tells whether there was one.
    pub(crate) fn remove(&self, target: Target) -> bool {
        let _one_at_a_time = self.lock();
        if let Some(enforcer) = self.enforcer() {
            enforcer.lift(target.net());
        }
        self.take_out(target)
    }

    fn take_out(&self, target: Target) -> bool {
        let removed = match target.client() {
            Some(client) => {
                let shard = self.shard(client);
                let mut clients = Clients::clone(&shard.load());
                let removed = clients.remove(&client).is_some();
                shard.store(Arc::new(clients));
                removed
            }
            None => {
                let mut networks = Networks::clone(&self.networks.load());
                let removed = networks.remove(target);
                self.networks.store(Arc::new(networks));
                removed
            }
        };
        if removed {
            self.count.fetch_sub(1, Ordering::AcqRel);
        }
        removed
    }

    /// Lets go of what has run out.
    pub(crate) fn tidy(&self, now: Instant) {
        let over = self.all().into_iter().filter(|facts| !facts.holds_at(now));
        for facts in over.collect::<Vec<_>>() {
            let _one_at_a_time = self.lock();
            // It may have been banned anew meanwhile. Elsewhere it has run out by itself.
            if self.get(facts.target).is_some_and(|current| !current.holds_at(now)) {
                self.take_out(facts.target);
            }
        }
    }

    /// Everything that is in it, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<BanFacts>> {
        let mut all: Vec<_> = self.networks.load().0.iter().flat_map(|(_, nets)| nets.values().cloned()).collect();
        for shard in &self.shards {
            all.extend(shard.load().values().cloned());
        }
        all
    }

    /// How many there are, those that have run out since the last [`Live::tidy`] too.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    fn shard(&self, client: AddressKey) -> &ArcSwap<Clients> {
        #[expect(clippy::cast_possible_truncation, reason = "only the lowest bits are used")]
        let place = self.hasher.hash_one(client) as usize % SHARDS;
        &self.shards[place]
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ()> {
        // Nothing is left half-done by a panic: each change is one exchange of a pointer.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who is free soonest. Bans without an end stay; they are made by hand, or asked for by a jail that means it.
fn soonest(clients: &Clients) -> Option<AddressKey> {
    let ending = clients.iter().filter_map(|(client, facts)| Some((facts.until?, *client)));
    ending.min().map(|(_, client)| client).or_else(|| clients.keys().next().copied())
}

impl Networks {
    fn find(&self, address: IpAddr, now: Instant) -> Option<Arc<BanFacts>> {
        let address = address.to_canonical();
        // Longest first, as they are kept.
        let held = |(length, nets): &(u8, HashMap<Target, Arc<BanFacts>>)| {
            nets.get(&Target::around(address, *length)).filter(|facts| facts.holds_at(now)).cloned()
        };
        self.0.iter().find_map(held)
    }

    fn get(&self, target: Target) -> Option<Arc<BanFacts>> {
        self.of_length(target)?.get(&target).cloned()
    }

    fn of_length(&self, target: Target) -> Option<&HashMap<Target, Arc<BanFacts>>> {
        let length = target.net().prefix_len();
        self.0.iter().find(|(other, _)| *other == length).map(|(_, nets)| nets)
    }

    fn insert(&mut self, facts: Arc<BanFacts>) -> bool {
        let length = facts.target.net().prefix_len();
        let place = self.0.partition_point(|(other, _)| *other > length);
        if self.0.get(place).is_none_or(|(other, _)| *other != length) {
            self.0.insert(place, (length, HashMap::new()));
        }
        self.0[place].1.insert(facts.target, facts).is_none()
    }

    fn remove(&mut self, target: Target) -> bool {
        let length = target.net().prefix_len();
        let Some(place) = self.0.iter().position(|(other, _)| *other == length) else { return false };
        let removed = self.0[place].1.remove(&target).is_some();
        self.0.retain(|(_, nets)| !nets.is_empty());
        removed
    }

    fn len(&self) -> usize {
        self.0.iter().map(|(_, nets)| nets.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use palisade_base::Span;

    use super::*;

    const NOW: Instant = Instant::from_micros(1_000_000_000);

    fn facts(text: &str, seconds: Option<i64>) -> Arc<BanFacts> {
        let until = seconds.map(|seconds| NOW + Span::seconds(seconds));
        Arc::new(BanFacts { target: Target::parse(text).unwrap(), until, is_manual: false })
    }

    fn found(live: &Live, text: &str, now: Instant) -> Option<String> {
        live.find(text.parse().unwrap(), now).map(|facts| facts.target.to_string())
    }

    /// covers T5.4 (part), T4.2 (part)
    #[test]
    fn an_address_a_64_and_a_network_are_found_until_they_end() {
        let live = Live::new();
        assert_eq!(found(&live, "192.0.2.7", NOW), None);
        for ban in [facts("192.0.2.7", Some(60)), facts("2001:db8::1", None), facts("198.51.100.0/24", Some(60))] {
            assert_eq!(live.put(ban), Put::Done);
        }
        assert_eq!(found(&live, "192.0.2.7", NOW).as_deref(), Some("192.0.2.7"));
        assert_eq!(found(&live, "::ffff:192.0.2.7", NOW).as_deref(), Some("192.0.2.7"));
        assert_eq!(found(&live, "192.0.2.8", NOW), None);
        assert_eq!(found(&live, "2001:db8::ffff:9", NOW).as_deref(), Some("2001:db8::/64"));
        assert_eq!(found(&live, "2001:db8:0:1::1", NOW), None);
        assert_eq!(found(&live, "198.51.100.200", NOW).as_deref(), Some("198.51.100.0/24"));
        let later = NOW + Span::seconds(60);
        assert_eq!(found(&live, "192.0.2.7", later), None);
        assert_eq!(found(&live, "198.51.100.200", later), None);
        assert_eq!(found(&live, "2001:db8::1", later).as_deref(), Some("2001:db8::/64"));
        live.tidy(later);
        assert_eq!(live.len(), 1);
        assert!(live.remove(Target::parse("2001:db8::5").unwrap()));
        assert_eq!((live.len(), found(&live, "2001:db8::1", later)), (0, None));
    }

    #[test]
    fn the_narrowest_ban_is_named_and_a_wider_one_still_holds_when_it_ends() {
        let live = Live::new();
        live.put(facts("192.0.2.0/24", Some(100)));
        live.put(facts("192.0.0.0/16", Some(200)));
        live.put(facts("192.0.2.7", Some(50)));
        assert_eq!(found(&live, "192.0.2.7", NOW).as_deref(), Some("192.0.2.7"));
        assert_eq!(found(&live, "192.0.2.7", NOW + Span::seconds(60)).as_deref(), Some("192.0.2.0/24"));
        assert_eq!(found(&live, "192.0.2.7", NOW + Span::seconds(150)).as_deref(), Some("192.0.0.0/16"));
    }

    /// A million attackers must not fill the memory, nor push out those who were banned for longer.
    #[test]
    fn memory_is_bounded_and_the_longest_bans_stay() {
        let live = Live::with_limits(4, 4);
        let lasting = facts("203.0.113.9", None);
        live.put(Arc::clone(&lasting));
        let addresses = (0..30_000_u32).map(|n| IpAddr::from((0x0b00_0000 + n).to_be_bytes()).to_string());
        let pushed_out = addresses.filter(|text| live.put(facts(text, Some(60))) != Put::Done).count();
        assert_eq!(live.len() + pushed_out, 30_001);
        assert!(live.len() <= 4 * SHARDS && live.all().len() == live.len(), "{}", live.len());
        assert_eq!(live.get(lasting.target), Some(lasting));
    }

    #[test]
    fn too_many_networks_are_refused_not_forgotten() {
        let live = Live::with_limits(4, 2);
        let put = |text: &str| live.put(facts(text, None));
        assert_eq!((put("192.0.2.0/24"), put("198.51.0.0/16")), (Put::Done, Put::Done));
        assert_eq!((put("203.0.113.0/24"), put("192.0.2.0/24")), (Put::Full, Put::Done));
        assert_eq!(live.len(), 2);
    }

    #[test]
    fn a_shorter_ban_of_a_jail_does_not_shorten_a_longer_one() {
        let live = Live::new();
        live.put(facts("192.0.2.7", None));
        live.put(facts("192.0.2.7", Some(10)));
        assert!(found(&live, "192.0.2.7", NOW + Span::days(365)).is_some());
        // Who bans by hand means it.
        live.set(facts("192.0.2.7", Some(10)));
        assert_eq!(found(&live, "192.0.2.7", NOW + Span::seconds(10)), None);
        live.put(facts("192.0.2.7", Some(99)));
        assert!(found(&live, "192.0.2.7", NOW + Span::seconds(90)).is_some());
    }

    /// Writes down what it is told.
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Enforcer for Arc<Told> {
        fn ban(&self, network: ipnet::IpNet, until: Option<Instant>) {
            let seconds = until.map(|until| until.since(NOW).as_seconds());
            self.0.lock().unwrap().push(format!("ban {network} {seconds:?}"));
        }

        fn lift(&self, network: ipnet::IpNet) {
            self.0.lock().unwrap().push(format!("lift {network}"));
        }

        fn replace_all(&self, bans: Vec<(ipnet::IpNet, Option<Instant>)>) {
            let networks: Vec<_> = bans.iter().map(|(network, _)| network.to_string()).collect();
            self.0.lock().unwrap().push(format!("all {}", networks.join(" ")));
        }

        fn problems(&self) -> Vec<String> {
            Vec::new()
        }
    }

    #[test]
    fn who_carries_bans_out_elsewhere_is_told_of_each_change_and_of_none_that_time_makes() {
        let (live, told) = (Live::with_limits(4, 1), Arc::new(Told::default()));
        live.put(facts("192.0.2.7", Some(60)));
        live.put(facts("192.0.2.8", Some(60)));
        live.enforce_with(Arc::new(Arc::clone(&told)), |facts| facts.target.to_string() != "192.0.2.8");
        live.put(facts("2001:db8::1", None));
        live.put(facts("192.0.2.7", Some(10)));
        live.set(facts("192.0.2.7", Some(20)));
        live.put(facts("198.51.100.0/24", Some(30)));
        live.put(facts("203.0.113.0/24", Some(30)));
        live.remove(Target::parse("2001:db8::1").unwrap());
        live.tidy(NOW + Span::seconds(100));
        assert_eq!(live.len(), 0);
        assert_eq!(
            *told.0.lock().unwrap(),
            [
                "all 192.0.2.7/32",
                "ban 2001:db8::/64 None",
                "ban 192.0.2.7/32 Some(20)",
                "ban 198.51.100.0/24 Some(30)",
                "lift 2001:db8::/64",
            ]
        );
    }
}
