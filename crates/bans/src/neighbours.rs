//! IPv6 networks whose parts are banned one after the other: who holds a /48 has 65,536 times a /64.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use ipnet::IpNet;

use crate::Target;

/// The network that its parts are counted by: what one site is commonly given.
const WIDE: u8 = 48;
/// So many of them are watched at once; beyond it the next waits until others are forgotten.
const WATCHED: usize = 1 << 17;

/// Which /64 networks of which /48 were banned.
#[derive(Default)]
pub(crate) struct Neighbours(Mutex<HashMap<Target, HashSet<Target>>>);

impl Neighbours {
    /// Takes note that a client is banned. Once `needed` of its /48 are, gives the /48 and them. `holds` says whether a
    /// ban still does.
    pub(crate) fn note(
        &self,
        client: Target,
        needed: usize,
        holds: impl Fn(Target) -> bool,
    ) -> Option<(Target, Vec<Target>)> {
        let IpNet::V6(net) = client.net() else { return None };
        client.client()?;
        let wide = Target::around(net.addr().into(), WIDE);
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.len() >= WATCHED && !watched.contains_key(&wide) {
            return None;
        }
        let parts = watched.entry(wide).or_default();
        parts.retain(|part| holds(*part));
        parts.insert(client);
        if needed == 0 || parts.len() < needed {
            return None;
        }
        let mut parts: Vec<Target> = watched.remove(&wide)?.into_iter().collect();
        parts.sort();
        Some((wide, parts))
    }

    /// Forgets parts that are free again.
    pub(crate) fn tidy(&self, holds: impl Fn(Target) -> bool) {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|_, parts| {
            parts.retain(|part| holds(*part));
            !parts.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        Target::parse(text).unwrap()
    }

    #[test]
    fn several_64s_of_one_48_are_told_once_and_only_while_they_hold() {
        let neighbours = Neighbours::default();
        let note = |text: &str, free: &str| {
            let free = target(free);
            neighbours.note(target(text), 3, |part| part != free).map(|(wide, parts)| (wide.to_string(), parts.len()))
        };
        assert_eq!(note("2001:db8:0:1::1", "::1"), None);
        assert_eq!(note("2001:db8:0:1::2", "::1"), None);
        assert_eq!(note("2001:db8:0:2::1", "::1"), None);
        assert_eq!(note("2001:db8:1:3::1", "::1"), None);
        // The first of them is free again.
        assert_eq!(note("2001:db8:0:4::1", "2001:db8:0:1::1"), None);
        assert_eq!(note("2001:db8:0:5::1", "::1"), Some(("2001:db8::/48".to_owned(), 3)));
        assert_eq!(note("2001:db8:0:6::1", "::1"), None);
        assert_eq!(note("192.0.2.7", "::1"), None);
    }
}
