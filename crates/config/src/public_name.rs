//! Which names a public CA can certify at all.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::HostName;

/// Top-level names that are kept free for private use, for tests or for other systems (RFC 2606, 6761, 6762, 7686, 8375,
/// 9476; `internal` by ICANN), and those that companies use although nobody keeps them free.
const PRIVATE_SUFFIXES: [&str; 16] = [
    "alt",
    "corp",
    "example",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "private",
    "test",
];

impl HostName {
    /// Why no public CA gives a certificate for it; `None` where one may.
    #[must_use]
    pub fn why_not_public(&self) -> Option<String> {
        if let Some(address) = self.address() {
            return (!is_public_address(address)).then(|| "the address belongs to a private network".to_owned());
        }
        if let Some(suffix) = self.private_suffix() {
            return Some(format!(".{suffix} names belong to nobody in the public DNS"));
        }
        let name = self.to_string();
        (!name.contains('.')).then(|| "a name without a dot belongs to nobody in the public DNS".to_owned())
    }

    /// The end of the name that is kept for private use: `local` of `tems.local`.
    #[must_use]
    pub fn private_suffix(&self) -> Option<&'static str> {
        let name = self.to_string();
        let ends = |suffix: &&&str| {
            name.strip_suffix(**suffix).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        PRIVATE_SUFFIXES.iter().find(ends).copied()
    }
}

fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !is_special_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => !is_special_v4(v4),
            None => is_global_v6(v6),
        },
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_unspecified()
        || a == 0
        // Between a provider and its customers (RFC 6598), benchmarks (RFC 2544), multicast and what is reserved.
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || a >= 224
}

/// Only 2000::/3 is given out, and of it not what is for documentation.
fn is_global_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    segments[0] & 0xe000 == 0x2000 && !(segments[0] == 0x2001 && segments[1] == 0x0db8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// covers T2.4 (part)
    #[test]
    fn names_and_addresses_that_nobody_owns_are_told_from_those_that_somebody_does() {
        let why = |text: &str| HostName::parse(text).unwrap().why_not_public();
        for public in ["tems.example.com", "a.local.example.org", "9.9.9.9", "2620:fe::fe", "mylocal.de"] {
            assert_eq!(why(public), None, "{public}");
        }
        assert_eq!(why("tems.local").unwrap(), ".local names belong to nobody in the public DNS");
        assert_eq!(why("a.home.arpa").unwrap(), ".home.arpa names belong to nobody in the public DNS");
        assert_eq!(why("tems").unwrap(), "a name without a dot belongs to nobody in the public DNS");
        for private in [
            "erp.internal",
            "x.test",
            "nas.lan",
            "localhost",
            "a.localhost",
            "kpi.example",
            "10.1.2.3",
            "192.168.0.1",
            "127.0.0.1",
            "100.64.0.1",
            "169.254.1.1",
            "192.0.2.7",
            "::1",
            "fd00::1",
            "fe80::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(why(private).is_some(), "{private}");
        }
    }
}
