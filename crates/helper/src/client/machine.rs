//! What the helper tells of the machine, and its firewall.

use std::time::Duration;

use super::{ANSWER_TIME, HelperClient, HelperError, unexpected};
use crate::protocol::{DockerFacts, FirewallFacts, HostRules, Reply, Request, UpdateFacts};

/// apt may take a minute on a small machine.
const UPDATES_TIME: Duration = Duration::from_secs(70);

impl HelperClient {
    /// What firewall stands on this machine, whoever made it.
    ///
    /// # Errors
    /// There is no helper, or it keeps no firewall.
    pub async fn firewall_facts(&self) -> Result<FirewallFacts, HelperError> {
        match self.ask(&Request::FirewallStatus, ANSWER_TIME).await? {
            Reply::Firewall(facts) => Ok(facts),
            other => Err(unexpected(other)),
        }
    }

    /// Sets rules for so many seconds; unless they are confirmed within them, the old ones are back.
    ///
    /// # Errors
    /// There is no helper, its file does not allow it, or the kernel refuses.
    pub async fn try_firewall(&self, rules: HostRules, seconds: u64) -> Result<(), HelperError> {
        self.ask(&Request::FirewallTry { rules, seconds }, ANSWER_TIME).await.map(drop)
    }

    /// The rules that are tried stay.
    ///
    /// # Errors
    /// There is no helper, or nothing is tried (any more).
    pub async fn confirm_firewall(&self) -> Result<(), HelperError> {
        self.ask(&Request::FirewallConfirm, ANSWER_TIME).await.map(drop)
    }

    /// Which packages are out of date.
    ///
    /// # Errors
    /// There is no helper, or no apt.
    pub async fn pending_updates(&self) -> Result<UpdateFacts, HelperError> {
        match self.ask(&Request::PendingUpdates, UPDATES_TIME).await? {
            Reply::Updates(facts) => Ok(facts),
            other => Err(unexpected(other)),
        }
    }

    /// Which Docker runs, and what its containers may do.
    ///
    /// # Errors
    /// There is no helper, or Docker does not answer it.
    pub async fn docker_facts(&self) -> Result<DockerFacts, HelperError> {
        match self.ask(&Request::Docker, ANSWER_TIME).await? {
            Reply::Docker(facts) => Ok(facts),
            other => Err(unexpected(other)),
        }
    }
}
