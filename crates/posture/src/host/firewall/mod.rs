//! The machine's firewall: whether one is in force, which rules it should have, and setting them.

mod mender;
mod print;
mod rules;

use std::sync::Arc;

use palisade_helper::{
    client::HelperError,
    protocol::{FirewallFacts, HostRules},
};

use super::{Host, helper::no_helper};
use crate::{About, Check, Mend, Place, Sight, check_by};

pub use mender::FirewallMender;
pub use print::{FirewallForm, print_firewall};
pub use rules::rules_of;

/// The command that shows which rules would be set.
const PLAN: &str = "palisade harden plan";

/// Whether a firewall is in force, judged from the kernel's rules as the helper reads them, whoever made them.
///
/// The guide's script runs `ufw status | grep -q "active"`. "Status: inactive" holds that word as well, so the script
/// finds a firewall that is switched off to be in force; the corrected line is `ufw status | grep -q "^Status: active"`.
/// It is not asked here at all: what counts is what the kernel does with a packet.
pub(super) fn check(host: &Host) -> Arc<dyn Check> {
    let points = &["T7.1", "T7.2", "T14.1", "K9.1"];
    let about = About::new("host.firewall", "A firewall drops what nobody has opened", points, Place::Host);
    let host = host.clone();
    check_by(about.guide_number(7), move || {
        let host = host.clone();
        async move {
            let Some(helper) = &host.helper else { return no_helper("which firewall stands") };
            match helper.firewall_facts().await {
                Ok(facts) => judge(&facts, rules_of(&host.config).ok().as_ref()).with_evidence(&facts.chains),
                Err(error) => unseen(&error),
            }
        }
    })
}

fn unseen(error: &HelperError) -> Sight {
    let mend =
        Mend::new("Start the helper with [firewall] in its file (docs/helper.md), or look at the rules yourself.")
            .by("nft list ruleset");
    Sight::unseen(format!("Which firewall stands could not be seen: {error}"), mend)
}

fn judge(facts: &FirewallFacts, wanted: Option<&HostRules>) -> Sight {
    if let Some(seconds) = facts.waits_seconds {
        let mend =
            Mend::new("Open a new SSH session; if you get in, confirm them.").by("palisade harden confirm firewall");
        return Sight::finding(format!("New rules are tried, and go by themselves in {seconds} seconds."), mend);
    }
    let set = || Mend::new("Look at the rules that the configuration asks for, and have them set.").by(PLAN);
    match (facts.drops_ipv4, facts.drops_ipv6) {
        (true, true) => match (&facts.rules, wanted) {
            (Some(rules), Some(wanted)) if rules != wanted => {
                Sight::finding("The firewall is in force, but the configuration asks for other rules by now.", set())
            }
            _ => Sight::in_force("What nobody has opened is dropped, by IPv4 and by IPv6."),
        },
        _ if facts.has_legacy => {
            let mend = Mend::new("Have the rules made by nftables, or by iptables in its nftables form.").by(PLAN);
            Sight::unseen(
                "There are rules of the old kind of iptables (iptables-legacy), which nftables does not show.",
                mend,
            )
        }
        (true, false) => Sight::finding("The firewall holds for IPv4 alone: by IPv6 everything can be reached.", set()),
        (false, true) => Sight::finding("The firewall holds for IPv6 alone: by IPv4 everything can be reached.", set()),
        (false, false) => Sight::finding("No firewall is in force: what nobody has opened is let through.", set()),
    }
}

#[cfg(test)]
mod tests {
    use palisade_helper::protocol::{Failure, FailureKind};

    use super::*;
    use crate::Verdict;

    fn facts(drops_ipv4: bool, drops_ipv6: bool) -> FirewallFacts {
        FirewallFacts { drops_ipv4, drops_ipv6, ..FirewallFacts::default() }
    }

    /// covers T14.1 (part), T7.2 (part)
    #[test]
    fn a_firewall_must_hold_for_both_families_and_be_the_one_that_is_asked_for() {
        let wanted = HostRules::default();
        let other = HostRules { local_only: [3306].into(), ..HostRules::default() };
        assert_eq!(judge(&facts(true, true), Some(&wanted)).verdict(), Verdict::InForce, "somebody else's is one, too");
        let own = |rules: &HostRules| FirewallFacts { rules: Some(rules.clone()), ..facts(true, true) };
        assert_eq!(judge(&own(&wanted), Some(&wanted)).verdict(), Verdict::InForce);
        for (facts, words) in [
            (facts(false, false), "No firewall is in force"),
            (facts(true, false), "IPv4 alone"),
            (facts(false, true), "IPv6 alone"),
            (own(&other), "other rules by now"),
            (FirewallFacts { waits_seconds: Some(41), ..facts(false, false) }, "in 41 seconds"),
        ] {
            let sight = judge(&facts, Some(&wanted));
            assert!(sight.verdict() == Verdict::Finding && sight.seen().contains(words), "{facts:?}: {sight:?}");
            assert!(sight.mend().unwrap().command().unwrap().starts_with("palisade harden"));
        }
        let legacy = FirewallFacts { has_legacy: true, ..facts(false, true) };
        assert_eq!(judge(&legacy, None).verdict(), Verdict::Unseen);
        let refused = HelperError::Failed(Failure { kind: FailureKind::Refused, message: "no".to_owned() });
        assert_eq!(unseen(&refused).verdict(), Verdict::Unseen);
    }
}
