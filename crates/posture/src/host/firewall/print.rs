//! The same rules in the words of other programs, for who keeps the firewall by one of them.

use std::{collections::BTreeSet, fmt::Write as _};

use ipnet::IpNet;
use palisade_helper::{
    firewall::render_host_rules,
    protocol::{HostRules, SshFrom, Transport},
};

/// Whose words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirewallForm {
    /// A file for `nft -f`: exactly what the helper would load.
    Nftables,
    /// Commands for ufw.
    Ufw,
    /// Commands for iptables and ip6tables, for a shell.
    Iptables,
}

/// The rules as a text.
#[must_use]
pub fn print_firewall(rules: &HostRules, form: FirewallForm) -> String {
    match form {
        FirewallForm::Nftables => render_host_rules(rules),
        FirewallForm::Ufw => ufw(rules),
        FirewallForm::Iptables => format!("{}\n{}", iptables(rules, Family::V4), iptables(rules, Family::V6)),
    }
}

/// Ports of one transport.
fn ports(rules: &HostRules, transport: Transport) -> BTreeSet<u16> {
    rules.open.iter().filter(|open| open.transport == transport).map(|open| open.port).collect()
}

/// The networks that sshd may be reached from, those within others left out.
fn networks(from: &SshFrom) -> Vec<IpNet> {
    match from {
        SshFrom::Everywhere => Vec::new(),
        SshFrom::Networks(networks) => IpNet::aggregate(&networks.iter().map(IpNet::trunc).collect()),
    }
}

/// ufw takes the first rule that fits, so what is closed comes first. Loopback it lets through by itself.
fn ufw(rules: &HostRules) -> String {
    let mut out = String::from(
        "# IPV6=yes must stand in /etc/default/ufw, or everything stays open by IPv6.\n\
         # Keep this session open, and try a new one before you close it.\n\
         ufw --force reset\nufw default deny incoming\nufw default allow outgoing\n",
    );
    for port in &rules.local_only {
        let _ = writeln!(out, "ufw deny {port}/tcp");
    }
    for (word, transport) in [("tcp", Transport::Tcp), ("udp", Transport::Udp)] {
        for port in ports(rules, transport) {
            let _ = writeln!(out, "ufw allow {port}/{word}");
        }
    }
    if let Some(ssh) = &rules.ssh {
        if ssh.from == SshFrom::Everywhere {
            let _ = writeln!(out, "ufw allow {}/tcp", ssh.port);
        }
        for network in networks(&ssh.from) {
            let _ = writeln!(out, "ufw allow from {network} to any port {} proto tcp", ssh.port);
        }
    }
    out + "ufw --force enable\nufw status verbose\n"
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

/// A chain of its own, entered from the beginning of INPUT; what stands beside it stays. It can be run again.
fn iptables(rules: &HostRules, family: Family) -> String {
    let program = if family == Family::V4 { "iptables" } else { "ip6tables" };
    let mut lines = vec![
        "-i lo -j ACCEPT".to_owned(),
        "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT".to_owned(),
        "-m conntrack --ctstate INVALID -j DROP".to_owned(),
    ];
    lines.extend(control_messages(family));
    lines.extend(rules.local_only.iter().map(|port| format!("-p tcp --dport {port} -j DROP")));
    for (word, transport) in [("tcp", Transport::Tcp), ("udp", Transport::Udp)] {
        lines.extend(ports(rules, transport).iter().map(|port| format!("-p {word} --dport {port} -j ACCEPT")));
    }
    lines.extend(ssh_lines(rules, family));
    lines.push("-j DROP".to_owned());
    let lines: String = lines.iter().map(|line| format!("-A PALISADE {line}\n")).collect();
    format!(
        "{program}-restore --noflush <<'RULES'\n*filter\n:PALISADE - [0:0]\n{lines}COMMIT\nRULES\n\
         {program} -C INPUT -j PALISADE 2>/dev/null || {program} -I INPUT 1 -j PALISADE\n"
    )
}

fn ssh_lines(rules: &HostRules, family: Family) -> Vec<String> {
    let Some(ssh) = &rules.ssh else { return Vec::new() };
    if ssh.from == SshFrom::Everywhere {
        return vec![format!("-p tcp --dport {} -j ACCEPT", ssh.port)];
    }
    let is_of = |network: &IpNet| network.addr().is_ipv4() == (family == Family::V4);
    let networks = networks(&ssh.from).into_iter().filter(is_of);
    networks.map(|network| format!("-s {network} -p tcp --dport {} -j ACCEPT", ssh.port)).collect()
}

/// What a machine can't be without: errors on the way, pings, and in IPv6 its neighbours; and its address from DHCP.
fn control_messages(family: Family) -> Vec<String> {
    if family == Family::V4 {
        let types = ["destination-unreachable", "time-exceeded", "parameter-problem", "echo-request"];
        let icmp = types.map(|name| format!("-p icmp --icmp-type {name} -j ACCEPT"));
        return icmp.into_iter().chain(["-p udp --sport 67 --dport 68 -j ACCEPT".to_owned()]).collect();
    }
    let types = ["destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem", "echo-request"];
    let near = ["router-advertisement", "neighbour-solicitation", "neighbour-advertisement"];
    let icmp = types.map(|name| format!("-p icmpv6 --icmpv6-type {name} -j ACCEPT"));
    let near = near.map(|name| format!("-p icmpv6 --icmpv6-type {name} -m hl --hl-eq 255 -j ACCEPT"));
    let own = [
        "-s fe80::/10 -p icmpv6 --icmpv6-type 130 -j ACCEPT".to_owned(),
        "-s fe80::/10 -p udp --sport 547 --dport 546 -j ACCEPT".to_owned(),
    ];
    icmp.into_iter().chain(near).chain(own).collect()
}

#[cfg(test)]
mod tests {
    use palisade_helper::protocol::{Opening, SshWay};

    use super::*;

    /// covers T7.1 (part)
    #[test]
    fn ufw_is_told_to_deny_first_and_whom_to_let_in() {
        let networks = ["10.1.0.0/16", "10.1.2.0/24", "2001:db8::/32"].map(|text| text.parse().unwrap());
        let rules = HostRules {
            open: [Opening { transport: Transport::Tcp, port: 443 }].into(),
            ssh: Some(SshWay { port: 22, from: SshFrom::Networks(networks.into()) }),
            local_only: [3306].into(),
        };
        let text = print_firewall(&rules, FirewallForm::Ufw);
        let commands: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let wanted = [
            "ufw --force reset",
            "ufw default deny incoming",
            "ufw default allow outgoing",
            "ufw deny 3306/tcp",
            "ufw allow 443/tcp",
            "ufw allow from 10.1.0.0/16 to any port 22 proto tcp",
            "ufw allow from 2001:db8::/32 to any port 22 proto tcp",
            "ufw --force enable",
            "ufw status verbose",
        ];
        assert_eq!(commands, wanted);
        let everywhere = HostRules { ssh: Some(SshWay { port: 2222, from: SshFrom::Everywhere }), ..rules };
        assert!(print_firewall(&everywhere, FirewallForm::Ufw).contains("ufw allow 2222/tcp\n"));
    }
}
