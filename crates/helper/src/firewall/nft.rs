//! Talking to `nft` in its JSON (libnftables-json(5)). Nothing that a client says becomes text of a rule: networks and
//! numbers are written from types.

use std::{collections::BTreeSet, path::Path, time::Duration};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::bans::Change;
use crate::{
    program::Program,
    protocol::{Failure, FailureKind},
};

/// The table that is ours (family `inet`). Nothing outside of it is touched.
pub const TABLE: &str = "palisade";
const FAMILY: &str = "inet";
const CHAIN: &str = "input";
/// Before the usual filter (0), so that no rule of others lets a banned network pass.
const PRIORITY: i32 = -10;
/// Each set, its type, and the header that it is matched in.
const SETS: [(&str, &str, &str); 2] = [("banned_ipv4", "ipv4_addr", "ip"), ("banned_ipv6", "ipv6_addr", "ip6")];
/// More than this is no list of rules that could be judged.
const MAX_OUTPUT: usize = 4 << 20;
/// How long `nft` may take for everything at once.
const SECONDS: u64 = 20;

/// Table, sets, chain and rules, whatever of them is there already. Elements stay.
pub(super) fn set_up(ports: &BTreeSet<u16>) -> Vec<Value> {
    let chain = json!({ "family": FAMILY, "table": TABLE, "name": CHAIN });
    let mut hooked = chain.clone();
    if let Some(fields) = hooked.as_object_mut() {
        let hook = json!({ "type": "filter", "hook": "input", "prio": PRIORITY, "policy": "accept" });
        fields.extend(hook.as_object().cloned().unwrap_or_default());
    }
    let mut commands = vec![json!({ "add": { "table": table() } })];
    commands.extend(SETS.map(|(name, kind, _)| {
        let set = json!({
            "family": FAMILY, "table": TABLE, "name": name, "type": kind, "flags": ["interval", "timeout"],
        });
        json!({ "add": { "set": set } })
    }));
    commands.push(json!({ "add": { "chain": hooked } }));
    commands.push(json!({ "flush": { "chain": chain } }));
    commands.extend(SETS.map(|(name, _, header)| json!({ "add": { "rule": rule(name, header, ports) } })));
    commands
}

fn rule(set: &str, header: &str, ports: &BTreeSet<u16>) -> Value {
    json!({
        "family": FAMILY, "table": TABLE, "chain": CHAIN,
        "expr": [
            { "match": {
                "op": "==",
                "left": { "payload": { "protocol": header, "field": "saddr" } },
                "right": format!("@{set}"),
            } },
            { "match": {
                "op": "==",
                "left": { "payload": { "protocol": "tcp", "field": "dport" } },
                "right": { "set": ports },
            } },
            { "counter": { "packets": 0, "bytes": 0 } },
            { "drop": null },
        ],
    })
}

/// Everything of ours is gone afterwards, whether it was there or not.
pub(super) fn remove() -> Vec<Value> {
    vec![json!({ "add": { "table": table() } }), json!({ "delete": { "table": table() } })]
}

/// The difference, in one transaction.
pub(super) fn change(change: &Change) -> Vec<Value> {
    let removed = elements("delete", change.removed.iter().map(|network| (network, address(network))));
    let added = elements("add", change.added.iter().map(|(network, time)| (network, timed(network, *time))));
    removed.into_iter().chain(added).collect()
}

/// These and no others, in one transaction, in a table that may be missing.
pub(super) fn replace(ports: &BTreeSet<u16>, whole: &Change) -> Vec<Value> {
    let mut commands = set_up(ports);
    commands.extend(
        SETS.map(|(name, ..)| json!({ "flush": { "set": { "family": FAMILY, "table": TABLE, "name": name } } })),
    );
    commands.extend(change(whole));
    commands
}

fn table() -> Value {
    json!({ "family": FAMILY, "name": TABLE })
}

/// One command for each set that has something to do.
fn elements<'a>(verb: &str, networks: impl Iterator<Item = (&'a IpNet, Value)>) -> Vec<Value> {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for (network, element) in networks {
        if network.addr().is_ipv4() { v4.push(element) } else { v6.push(element) }
    }
    let sets = SETS.iter().zip([v4, v6]).filter(|(_, elements)| !elements.is_empty());
    sets.map(|((name, ..), elements)| {
        let element = json!({ "family": FAMILY, "table": TABLE, "name": name, "elem": elements });
        json!({ verb: { "element": element } })
    })
    .collect()
}

fn address(network: &IpNet) -> Value {
    if network.prefix_len() == network.max_prefix_len() {
        json!(network.addr())
    } else {
        json!({ "prefix": { "addr": network.addr(), "len": network.prefix_len() } })
    }
}

/// Rounded up: the kernel must not let it go before we think it has.
fn timed(network: &IpNet, time: Duration) -> Value {
    json!({ "elem": { "val": address(network), "timeout": time.as_secs() + 1 } })
}

/// Runs commands as one transaction.
pub(super) async fn run(nft: &Path, commands: &[Value]) -> Result<(), Failure> {
    let input = json!({ "nftables": commands }).to_string();
    talk(nft, &["-j", "-f", "-"], &input).await.map(drop)
}

/// Loads a text of our own making, as one transaction.
pub(super) async fn load(nft: &Path, text: &str) -> Result<(), Failure> {
    talk(nft, &["-f", "-"], text).await.map(drop)
}

/// All rules of the kernel, as JSON, without the elements of sets.
pub(super) async fn list(nft: &Path) -> Result<String, Failure> {
    talk(nft, &["-j", "-t", "list", "ruleset"], "").await
}

/// Whether a table of ours has a set of this name.
pub(super) async fn has_set(nft: &Path, table: &str, set: &str) -> bool {
    talk(nft, &["-t", "list", "set", FAMILY, table, set], "").await.is_ok()
}

/// Runs `nft` with an input, and gives what it prints.
async fn talk(nft: &Path, arguments: &[&str], input: &str) -> Result<String, Failure> {
    let failed = |why: String| Failure::new(FailureKind::Failed, why);
    let program = Program {
        called: "nft",
        path: nft,
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        input: input.to_owned(),
        folder: Path::new("/"),
        seconds: SECONDS,
        output: MAX_OUTPUT,
    };
    let result = program.run().await.map_err(|failure| failed(format!("{failure}\n  Is nftables installed?")))?;
    if result.code != Some(0) {
        let said: String =
            result.errors.trim().lines().take(3).collect::<Vec<_>>().join(" ").chars().take(400).collect();
        return Err(failed(format!("nft refuses: {said}")));
    }
    if result.is_cut {
        return Err(failed(format!("nft prints more than {MAX_OUTPUT} bytes")));
    }
    Ok(result.output)
}
