//! Networks as people write them: `10.0.0.0/8`, or one address.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A network, or a single address.
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
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse::<IpNet>().map_err(|_| {
                format!("{text:?} is no network\n  Write one as 10.1.0.0/16 or 2001:db8::/32, or a single address.")
            })?,
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

    /// As a value that can be compared with other networks.
    #[must_use]
    pub const fn net(&self) -> IpNet {
        self.0
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(IpNet::from(address))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

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
        if network.0.prefix_len() < 4 {
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

impl TryFrom<String> for TrustedNetwork {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<TrustedNetwork> for String {
    fn from(network: TrustedNetwork) -> Self {
        network.0.to_string()
    }
}
