//! Who else carries bans out: the kernel, by the helper.

use ipnet::IpNet;
use palisade_base::Instant;
use palisade_helper::client::HelperClient;

/// Shuts networks out before they reach the gate. Nobody waits for it, and it may fail: the gate knows every ban itself.
pub trait Enforcer: Send + Sync {
    /// Shuts this network out, until then or until it is lifted.
    fn ban(&self, network: IpNet, until: Option<Instant>);

    /// Shuts it out no longer.
    fn lift(&self, network: IpNet);

    /// From now on these are shut out, and nobody else.
    fn replace_all(&self, bans: Vec<(IpNet, Option<Instant>)>);

    /// What does not work, for people; empty when all is well.
    fn problems(&self) -> Vec<String>;
}

impl Enforcer for HelperClient {
    fn ban(&self, network: IpNet, until: Option<Instant>) {
        Self::ban(self, network, until);
    }

    fn lift(&self, network: IpNet) {
        Self::lift(self, &network);
    }

    fn replace_all(&self, bans: Vec<(IpNet, Option<Instant>)>) {
        Self::replace_all(self, bans);
    }

    fn problems(&self) -> Vec<String> {
        Self::problems(self)
    }
}
