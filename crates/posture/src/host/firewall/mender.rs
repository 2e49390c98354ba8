//! Showing the rules, having them set for a minute, confirming them.

use async_trait::async_trait;
use palisade_base::{Error, Kind};
use palisade_helper::{
    client::{HelperClient, HelperError},
    firewall::render_host_rules,
    protocol::{CONFIRM_SECONDS, FirewallFacts},
};

use super::rules_of;
use crate::{Mender, Plan, Step, host::Host};

const NAME: &str = "firewall";

/// Sets the machine's rules as the configuration asks for them.
pub struct FirewallMender(Host);

impl FirewallMender {
    pub(in crate::host) const fn new(host: Host) -> Self {
        Self(host)
    }

    fn helper(&self) -> Result<&HelperClient, Error> {
        self.0.helper.as_ref().ok_or_else(|| {
            let what = "The rules can be set by the helper alone, and none is configured: docs/helper.md says how. To set \
                        them yourself: palisade harden print nftables (or ufw, iptables).";
            Error::new(Kind::Unavailable, what)
        })
    }
}

#[async_trait]
impl Mender for FirewallMender {
    fn name(&self) -> &str {
        NAME
    }

    async fn plan(&self) -> Result<Plan, Error> {
        let rules = rules_of(&self.0.config)?;
        // Without a helper the rules are shown all the same: somebody may want to set them by hand.
        let facts = match &self.0.helper {
            Some(helper) => helper.firewall_facts().await.ok(),
            None => None,
        };
        let is_done = facts.as_ref().is_some_and(|facts| facts.rules.as_ref() == Some(&rules));
        let step = Step { what: what_is_done(facts.as_ref()), difference: render_host_rules(&rules) };
        let steps = if is_done { Vec::new() } else { vec![step] };
        Ok(Plan { mender: NAME.to_owned(), title: "The machine's firewall".to_owned(), steps })
    }

    async fn apply(&self, _plan: &Plan) -> Result<Vec<String>, Error> {
        let rules = rules_of(&self.0.config)?;
        self.helper()?.try_firewall(rules, CONFIRM_SECONDS).await.map_err(boundary)?;
        Ok(vec![
            format!("The rules are in force for {CONFIRM_SECONDS} seconds. Connections that stood before, stay."),
            "Now open a NEW SSH session. If you get in, run there: palisade harden confirm firewall".to_owned(),
            "If you do nothing, the rules that stood before come back by themselves.".to_owned(),
        ])
    }

    async fn confirm(&self) -> Result<Vec<String>, Error> {
        self.helper()?.confirm_firewall().await.map_err(boundary)?;
        Ok(vec!["The rules stay, over a restart of the machine too.".to_owned()])
    }
}

fn what_is_done(facts: Option<&FirewallFacts>) -> String {
    let others: Vec<&str> = facts.iter().flat_map(|facts| &facts.chains).map(String::as_str).collect();
    let beside = if others.is_empty() {
        String::new()
    } else {
        format!(" There are now: {}. Chains of others stay.", others.join("; "))
    };
    format!(
        "Has the kernel drop what comes from outside, but for what these rules let in. They are tried for {CONFIRM_SECONDS} \
         seconds and go by themselves unless `palisade harden confirm firewall` follows.{beside}"
    )
}

fn boundary(error: HelperError) -> Error {
    match error {
        HelperError::Unreachable(why) => Error::new(Kind::Unavailable, why),
        HelperError::Failed(failure) => Error::new(Kind::Conflict, failure.message),
    }
}
