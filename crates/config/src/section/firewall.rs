//! `[firewall]`

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Network, reference::section, text::checked_text};

section! {
    /// The rules that `palisade harden` proposes for this machine: what comes from outside is dropped, but for 80, 443, the listeners of `[listen]` and what stands here.
    "[firewall]" FirewallConfig {
        /// The port of sshd. 0: this machine has none.
        ssh_port: u16 = 22,
        /// Networks of the administration: nobody else can open a connection to sshd.
        ssh_from: Vec<Network> = Vec::new(),
        /// Lets everybody reach sshd, in the place of `ssh_from`.
        ssh_from_everywhere: bool = false,
        /// Further ports that everybody may reach: "8443/tcp", "51820/udp".
        open: Vec<OpenPort> = Vec::new(),
        /// TCP ports that only this machine itself may reach: databases and Redis.
        local_only: Vec<u16> = vec![3306, 5432, 6379, 11000, 13000],
    }
}

/// How something is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// With connections.
    Tcp,
    /// Without.
    Udp,
}

/// A port that everybody may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct OpenPort {
    /// How it is reached.
    pub transport: Transport,
    /// Its number, never 0.
    pub port: u16,
}

impl OpenPort {
    /// Reads `8443/tcp` or `51820/udp`.
    ///
    /// # Errors
    /// How to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read = || {
            let (port, transport) = text.split_once('/')?;
            let transport = match transport {
                "tcp" => Transport::Tcp,
                "udp" => Transport::Udp,
                _ => return None,
            };
            // A sign would be taken as part of a number.
            let port = port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok())??;
            (port > 0).then_some(Self { transport, port })
        };
        read().ok_or_else(|| format!("{text:?} is no port\n  Write it as 8443/tcp or 51820/udp."))
    }
}

impl fmt::Display for OpenPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, if self.transport == Transport::Tcp { "tcp" } else { "udp" })
    }
}

checked_text!(OpenPort, String, |port| port.to_string());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_written_with_how_they_are_reached() {
        assert_eq!(OpenPort::parse("8443/tcp"), Ok(OpenPort { transport: Transport::Tcp, port: 8443 }));
        assert_eq!(OpenPort::parse("51820/udp").unwrap().to_string(), "51820/udp");
        for bad in ["", "8443", "0/tcp", "+1/tcp", "65536/udp", "80/sctp", "80/tcp/udp", "80/tcp accept"] {
            assert!(OpenPort::parse(bad).unwrap_err().contains("Write it as 8443/tcp"), "{bad}");
        }
    }
}
