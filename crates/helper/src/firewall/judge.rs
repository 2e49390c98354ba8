//! Whether a firewall is in force, judged from all of the kernel's rules (`nft -j list ruleset`), whoever made them: ours,
//! ufw's, firewalld's, or iptables' by its nftables form.
//!
//! The question is what becomes of a packet to this machine that no rule names: who is dropped then is behind a firewall
//! with a default of denial. The guide's script asks `ufw status` for the word "active" instead, and "inactive" holds
//! that word, too: it finds every firewall that is switched off to be in force.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// Chains that lead into chains: deeper is a circle, which the kernel does not allow.
const DEEPEST: usize = 16;
/// So many chains are named.
const NAMED: usize = 32;

/// What becomes of what no rule names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) drops_ipv4: bool,
    pub(super) drops_ipv6: bool,
    pub(super) chains: Vec<String>,
}

/// A chain by its family, table and name.
type Key = (String, String, String);

/// What a rule does to a packet that it applies to whatever the packet is.
#[derive(Debug)]
enum Step {
    Accept,
    Drop,
    Return,
    Jump(String),
    Goto(String),
}

#[derive(Debug, Default)]
struct Chain {
    /// Packets to this machine begin here; and whether they are dropped at its end.
    base: Option<bool>,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Accepted,
    Dropped,
    GoesOn,
}

/// Reads the rules. `None` where the text is no list of rules.
pub(super) fn judge(rules: &str) -> Option<Judgement> {
    let value: Value = serde_json::from_str(rules).ok()?;
    let items = value.get("nftables")?.as_array()?;
    let (chains, order) = read(items);
    let mut judgement = Judgement::default();
    for key in order {
        let Some(Chain { base: Some(drops), .. }) = chains.get(&key) else { continue };
        let is_dropped = match walk(&chains, &key, DEEPEST) {
            Fate::Dropped => true,
            Fate::Accepted => false,
            Fate::GoesOn => *drops,
        };
        let (family, table, name) = &key;
        judgement.drops_ipv4 |= is_dropped && ["ip", "inet"].contains(&family.as_str());
        judgement.drops_ipv6 |= is_dropped && ["ip6", "inet"].contains(&family.as_str());
        if judgement.chains.len() < NAMED {
            let fate = if is_dropped { "dropped" } else { "let through" };
            judgement.chains.push(format!("{family} {table} {name}: what no rule names is {fate}"));
        }
    }
    Some(judgement)
}

fn read(items: &[Value]) -> (HashMap<Key, Chain>, Vec<Key>) {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut asleep: HashSet<(String, String)> = HashSet::new();
    let (mut chains, mut order): (HashMap<Key, Chain>, Vec<Key>) = (HashMap::new(), Vec::new());
    for item in items {
        if let Some(table) = item.get("table").filter(|table| has_word(&table["flags"], "dormant")) {
            asleep.insert((text(table, "family"), text(table, "name")));
        } else if let Some(chain) = item.get("chain") {
            let key = (text(chain, "family"), text(chain, "table"), text(chain, "name"));
            let is_base = text(chain, "hook") == "input"
                && text(chain, "type") == "filter"
                && !asleep.contains(&(key.0.clone(), key.1.clone()));
            let base = is_base.then(|| text(chain, "policy") == "drop");
            order.push(key.clone());
            chains.insert(key, Chain { base, steps: Vec::new() });
        } else if let Some(rule) = item.get("rule") {
            let key = (text(rule, "family"), text(rule, "table"), text(rule, "chain"));
            if let (Some(chain), Some(step)) = (chains.get_mut(&key), step_of(rule)) {
                chain.steps.push(step);
            }
        }
    }
    (chains, order)
}

fn has_word(value: &Value, word: &str) -> bool {
    value.as_str() == Some(word) || value.as_array().is_some_and(|words| words.iter().any(|found| found == word))
}

/// What a rule does to every packet; `None` where it does nothing, or only to those that it names.
fn step_of(rule: &Value) -> Option<Step> {
    for statement in rule.get("expr")?.as_array()? {
        let (kind, value) = statement.as_object()?.iter().next()?;
        let target = || value.get("target").and_then(Value::as_str).map(str::to_owned);
        return Some(match kind.as_str() {
            // These change or note something, and the packet goes on.
            "counter" | "log" | "comment" | "mangle" | "notrack" => continue,
            "accept" => Step::Accept,
            "drop" | "reject" => Step::Drop,
            "return" => Step::Return,
            "jump" => Step::Jump(target()?),
            "goto" => Step::Goto(target()?),
            // iptables' own targets, where nft has no form for them.
            "xt" if value["type"] == "target" => match value["name"].as_str()? {
                "REJECT" => Step::Drop,
                "LOG" | "NFLOG" => continue,
                _ => return None,
            },
            // Everything else is a condition, or may be one.
            _ => return None,
        });
    }
    None
}

fn walk(chains: &HashMap<Key, Chain>, key: &Key, deepest: usize) -> Fate {
    let (Some(chain), Some(deepest)) = (chains.get(key), deepest.checked_sub(1)) else { return Fate::GoesOn };
    let other = |name: &String| walk(chains, &(key.0.clone(), key.1.clone(), name.clone()), deepest);
    for step in &chain.steps {
        match step {
            Step::Accept => return Fate::Accepted,
            Step::Drop => return Fate::Dropped,
            Step::Return => return Fate::GoesOn,
            Step::Goto(name) => return other(name),
            Step::Jump(name) => match other(name) {
                Fate::GoesOn => {}
                fate => return fate,
            },
        }
    }
    Fate::GoesOn
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(family: &str, name: &str) -> Value {
        json!({ "table": { "family": family, "name": name, "handle": 1 } })
    }

    fn base(family: &str, table: &str, name: &str, policy: &str) -> Value {
        json!({ "chain": { "family": family, "table": table, "name": name, "handle": 1, "type": "filter",
            "hook": "input", "prio": 0, "policy": policy } })
    }

    fn chain(family: &str, table: &str, name: &str) -> Value {
        json!({ "chain": { "family": family, "table": table, "name": name, "handle": 2 } })
    }

    fn rule(family: &str, table: &str, chain: &str, expr: Value) -> Value {
        json!({ "rule": { "family": family, "table": table, "chain": chain, "handle": 3, "expr": expr } })
    }

    fn condition() -> Value {
        json!({ "match": { "op": "==", "left": { "payload": { "protocol": "tcp", "field": "dport" } }, "right": 22 } })
    }

    /// Whether packets of IPv4 and of IPv6 are dropped by default.
    fn fate(items: &[Value]) -> (bool, bool) {
        let judgement = judge(&json!({ "nftables": items }).to_string()).unwrap();
        (judgement.drops_ipv4, judgement.drops_ipv6)
    }

    /// covers T14.1 (part)
    #[test]
    fn a_policy_of_drop_counts_for_the_families_that_it_sees() {
        let one =
            |family: &str, policy: &str| fate(&[table(family, "filter"), base(family, "filter", "input", policy)]);
        assert_eq!(fate(&[]), (false, false), "no rules at all");
        assert_eq!(one("inet", "drop"), (true, true));
        assert_eq!(one("inet", "accept"), (false, false));
        assert_eq!(one("ip", "drop"), (true, false), "IPv6 stands open");
        assert_eq!(one("ip6", "drop"), (false, true));
    }

    /// As ufw leaves them: chains of iptables, with a policy of drop, in a table for each family.
    #[test]
    fn ufw_is_a_firewall_when_it_is_on_and_none_when_it_is_off() {
        let ufw = |family: &str, policy: &str| {
            vec![
                table(family, "filter"),
                base(family, "filter", "INPUT", policy),
                chain(family, "filter", "ufw-before-input"),
                chain(family, "filter", "ufw-user-input"),
                rule(
                    family,
                    "filter",
                    "INPUT",
                    json!([{ "counter": {} }, { "jump": { "target": "ufw-before-input" } }]),
                ),
                rule(family, "filter", "ufw-before-input", json!([{ "match": {} }, { "accept": null }])),
                rule(family, "filter", "ufw-before-input", json!([{ "jump": { "target": "ufw-user-input" } }])),
                rule(family, "filter", "ufw-user-input", json!([condition(), { "counter": {} }, { "accept": null }])),
                rule(
                    family,
                    "filter",
                    "ufw-user-input",
                    json!([{ "xt": { "type": "match", "name": "limit" } }, { "drop": null }]),
                ),
            ]
        };
        let both = |policy: &str| [ufw("ip", policy), ufw("ip6", policy)].concat();
        assert_eq!(fate(&both("drop")), (true, true));
        // `ufw disable` sets the policies to accept, and says "Status: inactive".
        assert_eq!(fate(&both("accept")), (false, false));
        let mut reject = both("accept");
        reject.push(rule("ip", "filter", "INPUT", json!([{ "xt": { "type": "target", "name": "REJECT" } }])));
        assert_eq!(fate(&reject), (true, false));
    }

    /// As firewalld makes them: a policy of accept, and everything rejected at the end.
    #[test]
    fn firewalld_is_a_firewall_though_its_policy_is_accept() {
        let reject = json!([{ "reject": { "type": "icmpx", "expr": "admin-prohibited" } }]);
        let items = [
            table("inet", "firewalld"),
            base("inet", "firewalld", "filter_INPUT", "accept"),
            chain("inet", "firewalld", "filter_INPUT_ZONES"),
            rule("inet", "firewalld", "filter_INPUT", json!([condition(), { "accept": null }])),
            rule("inet", "firewalld", "filter_INPUT", json!([{ "jump": { "target": "filter_INPUT_ZONES" } }])),
            rule("inet", "firewalld", "filter_INPUT", reject),
        ];
        assert_eq!(fate(&items), (true, true));
        assert_eq!(fate(&items[..5]), (false, false));
    }

    #[test]
    fn what_looks_like_a_firewall_and_is_none() {
        let dropping = base("inet", "filter", "input", "drop");
        let all = rule("inet", "filter", "input", json!([{ "counter": {} }, { "accept": null }]));
        assert_eq!(
            fate(&[table("inet", "filter"), dropping.clone(), all]),
            (false, false),
            "everything is accepted first"
        );
        let asleep = json!({ "table": { "family": "inet", "name": "filter", "flags": ["dormant"] } });
        assert_eq!(fate(&[asleep, dropping]), (false, false), "a table that sleeps");
        let forward = json!({ "chain": { "family": "ip", "table": "filter", "name": "FORWARD", "type": "filter",
            "hook": "forward", "prio": 0, "policy": "drop" } });
        assert_eq!(fate(&[table("ip", "filter"), forward]), (false, false), "Docker's: it is not about this machine");
        // Our own bans: a table that drops some and lets all others pass.
        let bans = [
            base("inet", "palisade", "input", "accept"),
            rule("inet", "palisade", "input", json!([condition(), { "counter": {} }, { "drop": null }])),
        ];
        assert_eq!(fate(&bans), (false, false));
    }

    #[test]
    fn a_circle_of_chains_ends() {
        let around = |from: &str, to: &str| rule("inet", "f", from, json!([{ "jump": { "target": to } }]));
        let items = [base("inet", "f", "a", "drop"), chain("inet", "f", "b"), around("a", "b"), around("b", "a")];
        assert_eq!(fate(&items), (true, true));
        for text in ["", "{}", "[]", "{\"nftables\":1}", "nftables"] {
            assert!(judge(text).is_none(), "{text}");
        }
    }
}
