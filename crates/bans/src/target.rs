//! Who a ban is about: an address, or a network.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net};
use palisade_base::AddressKey;
use palisade_config::Network;

/// The length that IPv6 is counted by: whoever has one address of a /64 has them all.
const CLIENT_V6: u8 = 64;

/// An IPv4 address, an IPv6 /64, or a larger network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target(IpNet);

impl Target {
    /// Reads `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/48`. An IPv6 address means its /64.
    ///
    /// # Errors
    /// What is wrong, and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Network::parse(text.trim()).map(|network| Self::of(network.net()))
    }

    /// The network, as bans count it: IPv4 in IPv6 form as IPv4, and no part of a /64.
    #[must_use]
    pub fn of(network: IpNet) -> Self {
        let net = match network {
            IpNet::V6(v6) => match v6.network().to_canonical() {
                IpAddr::V4(v4) if v6.prefix_len() >= 96 => short(IpAddr::V4(v4), v6.prefix_len() - 96),
                _ => short(IpAddr::V6(v6.network()), v6.prefix_len().min(CLIENT_V6)),
            },
            IpNet::V4(_) => network.trunc(),
        };
        Self(net)
    }

    /// The network of this length that the address lies in.
    #[must_use]
    pub fn around(address: IpAddr, length: u8) -> Self {
        Self::of(short(address.to_canonical(), length))
    }

    /// The client, where it is a single one.
    #[must_use]
    pub fn client(self) -> Option<AddressKey> {
        let whole = match self.0 {
            IpNet::V4(_) => 32,
            IpNet::V6(_) => CLIENT_V6,
        };
        (self.0.prefix_len() == whole).then(|| AddressKey::from(self.0.addr()))
    }

    /// Whether the address is in it.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether some address is in both.
    #[must_use]
    pub fn overlaps(self, other: IpNet) -> bool {
        self.0.contains(&other) || other.contains(&self.0)
    }

    /// Its first and last address, as 16 bytes each: IPv4 in IPv6 form.
    pub(crate) fn ends(self) -> [[u8; 16]; 2] {
        [self.0.network(), self.0.broadcast()].map(|address| match address {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        })
    }

    /// As a network.
    #[must_use]
    pub const fn net(self) -> IpNet {
        self.0
    }
}

/// A length beyond the address's own is the whole address.
fn short(address: IpAddr, length: u8) -> IpNet {
    match address {
        IpAddr::V4(v4) => Ipv4Net::new(v4, length.min(32)).map_or(IpNet::from(address), |net| net.trunc().into()),
        IpAddr::V6(v6) => {
            let length = length.min(128);
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            let first = Ipv6Addr::from(u128::from(v6) & mask);
            ipnet::Ipv6Net::new(first, length).map_or(IpNet::from(address), IpNet::from)
        }
    }
}

impl From<AddressKey> for Target {
    fn from(client: AddressKey) -> Self {
        Self::around(client.address(), 64)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpNet::V4(v4) if v4.prefix_len() == 32 => v4.addr().fmt(f),
            net => net.fmt(f),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        Target::parse(text).map_or_else(|error| format!("refused: {error}"), |target| target.to_string())
    }

    /// covers T4.2 (part)
    #[test]
    fn an_ipv6_address_stands_for_its_64() {
        for (text, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            (" 192.0.2.7/32 ", "192.0.2.7"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("2001:db8::5", "2001:db8::/64"),
            ("2001:db8::4:0/112", "2001:db8::/64"),
            ("2001:db8::/48", "2001:db8::/48"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        for text in ["", "bob", "192.0.2.7/24", "192.0.2.7/33", "1.2.3", "2001:db8::/129"] {
            assert!(read(text).starts_with("refused"), "{text}: {}", read(text));
        }
    }

    #[test]
    fn only_a_whole_address_or_64_is_one_client() {
        assert_eq!(Target::parse("2001:db8::5").unwrap().client(), Some(AddressKey::from(ip("2001:db8::9"))));
        assert_eq!(Target::parse("192.0.2.7").unwrap().client(), Some(AddressKey::from(ip("192.0.2.7"))));
        assert_eq!(Target::parse("192.0.2.0/31").unwrap().client(), None);
        assert_eq!(Target::parse("2001:db8::/63").unwrap().client(), None);
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(bits: u128, v4: bool, length in 0_u8..=128) {
            let address = if v4 {
                IpAddr::from((bits as u32).to_be_bytes())
            } else {
                IpAddr::from(bits.to_be_bytes())
            };
            let target = Target::around(address, length);
            prop_assert!(target.contains(address) || length > 64);
            prop_assert_eq!(Target::parse(&target.to_string()).unwrap(), target);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = Target::parse(&text);
        }
    }
}
