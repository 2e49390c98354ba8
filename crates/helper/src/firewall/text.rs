//! The machine's rules, written from typed values in nft's own words. What is shown to people is what `nft` is given.

use std::{collections::BTreeSet, fmt::Write as _};

use ipnet::IpNet;

use crate::protocol::{HostRules, SshFrom, SshWay, Transport};

/// The table that holds the machine's rules (family `inet`), apart from the one of the bans.
pub const HOST_TABLE: &str = "palisade_firewall";
/// The set whose elements the kernel lets go when the time to confirm is over.
pub(super) const TRIAL: &str = "trial";
/// Both families, as the kernel numbers them.
const FAMILIES: [&str; 2] = ["ipv4", "ipv6"];

/// The table as it stands once it is confirmed.
#[must_use]
pub fn render(rules: &HostRules) -> String {
    let body = body(rules);
    format!(
        "table inet {HOST_TABLE} {{\n\tchain input {{\n\t\ttype filter hook input priority filter; policy drop;\n{body}\t}}\n}}\n"
    )
}

/// Puts the table in the place of whatever is there, in one transaction.
pub(super) fn replace(rules: &HostRules) -> String {
    format!("{}{}", remove(), render(rules))
}

/// Takes the table away, whether it is there or not.
pub(super) fn remove() -> String {
    format!("add table inet {HOST_TABLE}\ndelete table inet {HOST_TABLE}\n")
}

/// The new rules for a time, and the old ones after it. The kernel itself changes over: the elements of a set run out, and
/// with them the way to the new rules. So it does not matter who is dead by then.
pub(super) fn attempt(new: &HostRules, old: Option<&HostRules>, seconds: u64) -> String {
    let elements = FAMILIES.map(|family| format!("{family} timeout {seconds}s")).join(", ");
    let old_body = old.map_or_else(|| "\t\taccept\n".to_owned(), body);
    let new_body = body(new);
    format!(
        "{}table inet {HOST_TABLE} {{\n\
         \tset {TRIAL} {{\n\t\ttypeof meta nfproto\n\t\tflags timeout\n\t\telements = {{ {elements} }}\n\t}}\n\
         \tchain new {{\n{new_body}\t\tdrop\n\t}}\n\
         \tchain old {{\n{old_body}\t\tdrop\n\t}}\n\
         \tchain input {{\n\t\ttype filter hook input priority filter; policy drop;\n\
         \t\tmeta nfproto @{TRIAL} goto new\n\t\tgoto old\n\t}}\n}}\n",
        remove()
    )
}

/// What both forms have in common, a line for each rule.
fn body(rules: &HostRules) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        let _ = writeln!(out, "\t\t{text}");
    };
    line("iif \"lo\" accept");
    line("ct state established,related accept");
    if let Some(ssh) = &rules.ssh {
        // A connection that began before the kernel kept track of connections: it stays, and nobody can begin one so.
        line(&format!("tcp dport {} tcp flags & (fin | syn | rst | ack) == ack accept", ssh.port));
    }
    line("ct state invalid drop");
    line("icmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept");
    line(
        "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request } accept",
    );
    // Without these a machine has no address in IPv6, and no neighbours. They never come through a router.
    line("icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept");
    line("icmpv6 type { mld-listener-query } ip6 saddr fe80::/10 accept");
    line("meta nfproto ipv4 udp sport 67 udp dport 68 accept");
    line("ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept");
    if !rules.local_only.is_empty() {
        line(&format!("tcp dport {{ {} }} counter drop", join(&rules.local_only)));
    }
    for (name, transport) in [("tcp", Transport::Tcp), ("udp", Transport::Udp)] {
        let ports: BTreeSet<u16> =
            rules.open.iter().filter(|open| open.transport == transport).map(|open| open.port).collect();
        if !ports.is_empty() {
            line(&format!("{name} dport {{ {} }} accept", join(&ports)));
        }
    }
    rules.ssh.iter().flat_map(ssh_lines).for_each(|text| line(&text));
    line("counter");
    out
}

/// Who may begin a connection to sshd.
fn ssh_lines(ssh: &SshWay) -> Vec<String> {
    let SshFrom::Networks(networks) = &ssh.from else { return vec![format!("tcp dport {} accept", ssh.port)] };
    // Networks within others are left out: a set of ranges takes none that overlap.
    let all: Vec<IpNet> = IpNet::aggregate(&networks.iter().map(IpNet::trunc).collect());
    let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = all.into_iter().partition(|network| network.addr().is_ipv4());
    let families = [("ip", v4), ("ip6", v6)].into_iter().filter(|(_, networks)| !networks.is_empty());
    families
        .map(|(header, networks)| {
            let networks = networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            format!("{header} saddr {{ {networks} }} tcp dport {} accept", ssh.port)
        })
        .collect()
}

fn join(ports: &BTreeSet<u16>) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Opening;

    fn tcp(port: u16) -> Opening {
        Opening { transport: Transport::Tcp, port }
    }

    /// covers T7.1 (part)
    #[test]
    fn the_rules_are_these_word_for_word() {
        let networks = ["10.1.0.0/16", "10.1.2.0/24", "2001:db8::/32"].map(|text| text.parse().unwrap());
        let rules = HostRules {
            open: [tcp(80), tcp(443), Opening { transport: Transport::Udp, port: 51820 }].into(),
            ssh: Some(SshWay { port: 22, from: SshFrom::Networks(networks.into()) }),
            local_only: [3306, 11000, 13000].into(),
        };
        assert_eq!(
            render(&rules),
            "table inet palisade_firewall {
\tchain input {
\t\ttype filter hook input priority filter; policy drop;
\t\tiif \"lo\" accept
\t\tct state established,related accept
\t\ttcp dport 22 tcp flags & (fin | syn | rst | ack) == ack accept
\t\tct state invalid drop
\t\ticmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept
\t\ticmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request } accept
\t\ticmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
\t\ticmpv6 type { mld-listener-query } ip6 saddr fe80::/10 accept
\t\tmeta nfproto ipv4 udp sport 67 udp dport 68 accept
\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
\t\ttcp dport { 3306, 11000, 13000 } counter drop
\t\ttcp dport { 80, 443 } accept
\t\tudp dport { 51820 } accept
\t\tip saddr { 10.1.0.0/16 } tcp dport 22 accept
\t\tip6 saddr { 2001:db8::/32 } tcp dport 22 accept
\t\tcounter
\t}
}
"
        );
        let everywhere = HostRules { ssh: Some(SshWay { port: 2222, from: SshFrom::Everywhere }), ..rules };
        assert!(render(&everywhere).contains("\t\ttcp dport 2222 accept\n"));
        assert!(!render(&HostRules { ssh: None, ..everywhere }).contains("2222"));
    }
}
