//! What is asked about the machine, and what of its firewall can be had set.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Failure, FailureKind};

/// The longest time that new firewall rules wait to be confirmed, in seconds.
pub const CONFIRM_SECONDS: u64 = 60;
/// The most ports, and the most networks, of a rule set.
pub const MAX_OPENINGS: usize = 128;
/// The most packages and containers that are told by name.
pub const MAX_NAMED: usize = 200;

/// Which packets from outside may come in; all others are dropped. Plain values: the helper makes the rules from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostRules {
    /// What everybody may reach.
    pub open: BTreeSet<Opening>,
    /// Who may reach sshd; `None` where there is none.
    pub ssh: Option<SshWay>,
    /// TCP ports that are this machine's alone, whatever else is open.
    pub local_only: BTreeSet<u16>,
}

/// A port that everybody may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// How it is reached.
    pub transport: Transport,
    /// Its number.
    pub port: u16,
}

/// How something is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// With connections.
    Tcp,
    /// Without.
    Udp,
}

/// The way in for administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshWay {
    /// sshd's port.
    pub port: u16,
    /// From where.
    pub from: SshFrom,
}

/// From where sshd may be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SshFrom {
    /// From everywhere, because somebody said so.
    Everywhere,
    /// From these networks alone.
    Networks(BTreeSet<IpNet>),
}

impl HostRules {
    /// What is wrong with them.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let invalid = |why: &str| Err(Failure::new(FailureKind::Invalid, why));
        let ports = self.open.iter().map(|open| open.port).chain(self.local_only.iter().copied());
        if ports.chain(self.ssh.iter().map(|ssh| ssh.port)).any(|port| port == 0) {
            return invalid("0 is no port");
        }
        let networks = match &self.ssh {
            Some(SshWay { from: SshFrom::Networks(networks), .. }) => networks.len(),
            _ => 1,
        };
        if networks == 0 {
            return invalid("no network may reach sshd: name the administration's, or leave sshd out");
        }
        if [self.open.len(), self.local_only.len(), networks].iter().any(|count| *count > MAX_OPENINGS) {
            return invalid("there are more ports or networks than a firewall takes");
        }
        let is_closed = |open: &&Opening| open.transport == Transport::Tcp && self.local_only.contains(&open.port);
        if self.open.iter().any(|open| is_closed(&open)) {
            return invalid("a port is open to everybody, and this machine's alone");
        }
        Ok(())
    }
}

/// What firewall stands, judged from the kernel's rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallFacts {
    /// What no rule names is dropped, where it comes by IPv4.
    pub drops_ipv4: bool,
    /// The same by IPv6.
    pub drops_ipv6: bool,
    /// Each chain that sees packets to this machine first, and what becomes in it of those that no rule names.
    pub chains: Vec<String>,
    /// The confirmed rules of `inet palisade_firewall`, where that table stands.
    pub rules: Option<HostRules>,
    /// New rules are tried, and go by themselves in so many seconds unless they are confirmed.
    pub waits_seconds: Option<u64>,
    /// There are rules of the older kind (iptables-legacy), which can't be judged.
    pub has_legacy: bool,
}

/// What waits to be installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateFacts {
    /// Packages with a pending update of security; the first [`MAX_NAMED`].
    pub security: Vec<PendingUpdate>,
    /// How many those are in all.
    pub security_count: usize,
    /// How many other updates are pending.
    pub others: usize,
}

/// A package that is out of date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingUpdate {
    /// Its name.
    pub package: String,
    /// The version that is installed.
    pub installed: String,
    /// The version that there is.
    pub available: String,
}

/// What Docker tells of itself and its containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DockerFacts {
    /// The engine's version.
    pub version: String,
    /// The version of runc.
    pub runc: Option<String>,
    /// Running containers; the first [`MAX_NAMED`].
    pub containers: Vec<ContainerFacts>,
    /// There are more.
    pub is_cut: bool,
}

/// A running container, and what it may do to the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerFacts {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// It may do everything that root may.
    pub is_privileged: bool,
    /// It sees the machine's processes.
    pub sees_processes: bool,
    /// It can talk to Docker, and so do everything that root may.
    pub has_docker_socket: bool,
    /// It runs as root within.
    pub is_root: bool,
    /// Capabilities beyond the usual ones.
    pub capabilities: Vec<String>,
}
