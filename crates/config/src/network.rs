//! Networks as people write them: `10.0.0.0/8`, or one address.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::text::checked_text;

/// A network, or a single address. IPv4 written in IPv6 form (`::ffff:10.0.0.0/104`) is IPv4, as addresses are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or a single address.
    ///
    /// # Errors
    /// What is wrong and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address.to_canonical()),
            Err(_) => canonical(text.parse::<IpNet>().map_err(|_| {
                format!("{text:?} is no network\n  Write one as 10.1.0.0/16 or 2001:db8::/32, or a single address.")
            })?)?,
        };
        if network.trunc() != network {
            return Err(format!(
                "{text} has bits beyond its length\n  Write {} for the network, or {} for the one address.",
                network.trunc(),
                network.addr()
            ));
        }
        Ok(Self(network))
    }

    /// Whether the address is in it. An IPv4 address in IPv6 form counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether it holds (nearly) every address, so that naming it means naming everybody.
    #[must_use]
    pub fn is_nearly_everybody(&self) -> bool {
        self.0.prefix_len() < 4
    }

    /// As a value that can be compared with other networks.
    #[must_use]
    pub const fn net(&self) -> IpNet {
        self.0
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(IpNet::from(address.to_canonical()))
    }
}

/// The length of the network that holds all IPv4 addresses in IPv6 form.
const MAPPED: u8 = 96;

/// IPv4 in IPv6 form as IPv4.
fn canonical(network: IpNet) -> Result<IpNet, String> {
    let IpNet::V6(v6) = network else { return Ok(network) };
    let mapped = Ipv6Net::new(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), MAPPED).map_err(|error| error.to_string())?;
    match v6.addr().to_canonical() {
        IpAddr::V4(v4) if v6.prefix_len() >= MAPPED => {
            Ipv4Net::new(v4, v6.prefix_len() - MAPPED).map(IpNet::from).map_err(|error| error.to_string())
        }
        // Nobody has an address there but in IPv4, and those are compared as IPv4.
        _ if (8..MAPPED).contains(&v6.prefix_len()) && v6.contains(&mapped) => Err(format!(
            "{network} holds all IPv4 addresses in their IPv6 form, and addresses are compared as IPv4\n  \
             Write the IPv4 network, such as 10.0.0.0/8."
        )),
        _ => Ok(network),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

checked_text!(Network, String, |network| network.to_string());

/// A network whose members may say for whom they forward a request. Never everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrustedNetwork(Network);

impl TrustedNetwork {
    /// Reads a network, and refuses one that holds (nearly) every address.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let network = Network::parse(text)?;
        if network.is_nearly_everybody() {
            return Err(format!(
                "{text} would trust (almost) everybody: any client could claim any address, and limits and bans would mean nothing\n  \
                 Name the addresses of your own proxies, such as 10.0.3.7 or 10.0.3.0/28."
            ));
        }
        Ok(Self(network))
    }

    /// Whether the address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(address)
    }

    /// As a value that can be compared with other networks.
    #[must_use]
    pub const fn net(&self) -> IpNet {
        self.0.net()
    }
}

checked_text!(TrustedNetwork, String, |network| network.0.to_string());
