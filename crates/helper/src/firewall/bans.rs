//! Which networks are to be in the kernel's sets, where one may lie within another.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ipnet::IpNet;

use crate::protocol::{Ban, LEASE_SECONDS, MAX_BANS};

/// Networks, and until when each is to be in the kernel's set.
pub(super) type Elements = BTreeMap<IpNet, Instant>;

/// What is banned, and what the kernel was told. Its sets hold ranges that must not overlap, so a network within another
/// banned one is not told; it is when the other ends.
#[derive(Debug, Default)]
pub(super) struct Bans {
    wanted: Elements,
    told: Elements,
}

/// What the kernel is to be told.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) removed: Vec<IpNet>,
    pub(super) added: Vec<(IpNet, Duration)>,
    told: Elements,
}

impl Change {
    pub(super) const fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

impl Bans {
    pub(super) fn count(&self) -> usize {
        self.wanted.len()
    }

    /// Takes up a ban; refused where there are too many.
    pub(super) fn set(&mut self, ban: Ban, now: Instant) -> Result<(), String> {
        let network = ban.network.trunc();
        if self.wanted.len() >= MAX_BANS && !self.wanted.contains_key(&network) {
            return Err(format!("{MAX_BANS} networks are banned already"));
        }
        let seconds = ban.seconds.unwrap_or(LEASE_SECONDS).clamp(1, LEASE_SECONDS);
        self.wanted.insert(network, now + Duration::from_secs(seconds));
        Ok(())
    }

    pub(super) fn lift(&mut self, network: &IpNet) {
        self.wanted.remove(&network.trunc());
    }

    /// The difference between what the kernel holds and what it is to hold.
    pub(super) fn change(&mut self, now: Instant) -> Change {
        self.wanted.retain(|_, until| *until > now);
        self.told.retain(|_, until| *until > now);
        let told = outermost(&self.wanted);
        let is_other = |network: &IpNet, until: &Instant, other: &Elements| other.get(network) != Some(until);
        let removed = self.told.iter().filter(|(network, until)| is_other(network, until, &told));
        let added = told.iter().filter(|(network, until)| is_other(network, until, &self.told));
        Change {
            removed: removed.map(|(network, _)| *network).collect(),
            added: added.map(|(network, until)| (*network, until.duration_since(now))).collect(),
            told,
        }
    }

    pub(super) fn applied(&mut self, change: Change) {
        self.told = change.told;
    }

    /// Everything that the kernel is to hold.
    pub(super) fn whole(&mut self, now: Instant) -> Change {
        self.wanted.retain(|_, until| *until > now);
        let told = outermost(&self.wanted);
        let added = told.iter().map(|(network, until)| (*network, until.duration_since(now))).collect();
        Change { removed: Vec::new(), added, told }
    }

    pub(super) fn applied_whole(&mut self, whole: Change) {
        self.told = whole.told;
    }
}

/// Those that do not lie within another. A network sorts before those within it.
fn outermost(wanted: &Elements) -> Elements {
    let mut found = Elements::new();
    let mut last: Option<IpNet> = None;
    for (network, until) in wanted {
        if !last.is_some_and(|last| last.contains(network)) {
            found.insert(*network, *until);
            last = Some(*network);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ban(network: &str, seconds: u64) -> Ban {
        Ban { network: network.parse().unwrap(), seconds: Some(seconds) }
    }

    fn names(change: &Change) -> (Vec<String>, Vec<String>) {
        let removed = change.removed.iter().map(ToString::to_string).collect();
        (removed, change.added.iter().map(|(network, _)| network.to_string()).collect())
    }

    #[test]
    fn a_network_within_another_is_told_when_the_other_ends() {
        let (mut bans, start) = (Bans::default(), Instant::now());
        let tell = |bans: &mut Bans, now| {
            let change = bans.change(now);
            let (removed, added) = names(&change);
            bans.applied(change);
            (removed.join(" "), added.join(" "))
        };
        bans.set(ban("203.0.113.7/32", 100), start).unwrap();
        assert_eq!(tell(&mut bans, start), (String::new(), "203.0.113.7/32".into()));
        bans.set(ban("203.0.113.0/24", 50), start).unwrap();
        assert_eq!(tell(&mut bans, start), ("203.0.113.7/32".into(), "203.0.113.0/24".into()));
        let later = start + Duration::from_secs(60);
        assert_eq!(
            tell(&mut bans, later),
            (String::new(), "203.0.113.7/32".into()),
            "the kernel has let the wide one go"
        );
        assert_eq!(tell(&mut bans, later), (String::new(), String::new()));
        bans.lift(&"203.0.113.7/32".parse().unwrap());
        assert_eq!(tell(&mut bans, later), ("203.0.113.7/32".into(), String::new()));
    }

    #[test]
    fn no_ban_outlasts_its_lease_and_a_longer_one_is_told_again() {
        let (mut bans, start) = (Bans::default(), Instant::now());
        bans.set(Ban { seconds: None, ..ban("2001:db8::/64", 0) }, start).unwrap();
        bans.set(ban("203.0.113.7/32", u64::MAX), start).unwrap();
        let change = bans.change(start);
        assert!(change.added.iter().all(|(_, time)| time.as_secs() == LEASE_SECONDS), "{change:?}");
        bans.applied(change);
        let later = start + Duration::from_secs(1_200);
        bans.set(ban("203.0.113.7/32", 9_999), later).unwrap();
        let change = bans.change(later);
        assert_eq!(names(&change), (vec!["203.0.113.7/32".into()], vec!["203.0.113.7/32".into()]));
        bans.applied(change);
        assert!(bans.change(start + Duration::from_secs(LEASE_SECONDS)).is_empty());
        assert_eq!(bans.count(), 1);
    }

    #[test]
    fn an_address_in_a_network_form_is_the_network() {
        let (mut bans, start) = (Bans::default(), Instant::now());
        bans.set(ban("203.0.113.77/24", 10), start).unwrap();
        bans.set(ban("203.0.113.0/24", 10), start).unwrap();
        assert_eq!(names(&bans.change(start)).1, ["203.0.113.0/24"]);
    }
}
