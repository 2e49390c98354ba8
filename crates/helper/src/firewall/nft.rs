//! Talking to `nft` in its JSON (libnftables-json(5)). Nothing that a client says becomes text of a rule: networks and
//! numbers are written from types.

use std::{collections::BTreeSet, path::Path, process::Stdio, time::Duration};

use ipnet::IpNet;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

use super::bans::Change;
use crate::protocol::{Failure, FailureKind};

/// The table that is ours (family `inet`). Nothing outside of it is touched.
pub const TABLE: &str = "palisade";
const FAMILY: &str = "inet";
const CHAIN: &str = "input";
/// Before the usual filter (0), so that no rule of others lets a banned network pass.
const PRIORITY: i32 = -10;
/// Each set, its type, and the header that it is matched in.
const SETS: [(&str, &str, &str); 2] = [("banned_ipv4", "ipv4_addr", "ip"), ("banned_ipv6", "ipv6_addr", "ip6")];
/// How long `nft` may take for everything at once.
const TIME: Duration = Duration::from_secs(20);

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
    let failed = |why: String| Failure::new(FailureKind::Failed, why);
    let input = json!({ "nftables": commands }).to_string();
    let mut child = Command::new(nft)
        .args(["-j", "-f", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("{} can't be run: {error}\n  Install nftables.", nft.display())))?;
    let stdin = child.stdin.take();
    let talk = async {
        if let Some(mut stdin) = stdin {
            // Where it ends early, what it says is worth more than the broken pipe.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    match timeout(TIME, talk).await {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said: String = said.trim().lines().take(3).collect::<Vec<_>>().join(" ").chars().take(400).collect();
            Err(failed(format!("nft refuses ({}): {said}", output.status)))
        }
        Ok(Err(error)) => Err(failed(format!("{} can't be waited for: {error}", nft.display()))),
        Err(_) => Err(failed(format!("{} did not end within {} seconds", nft.display(), TIME.as_secs()))),
    }
}
