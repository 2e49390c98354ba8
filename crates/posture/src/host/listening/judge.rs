//! What of that which listens should not.

use std::collections::BTreeSet;

use palisade_config::{Config, OpenPort, Transport};

use super::table::Listener;
use crate::{Mend, Sight};

/// A listener, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) listener: Listener,
    pub(crate) program: String,
}

/// What belongs on loopback, whatever else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    Database,
    Redis,
}

/// Databases and Redis by their usual ports; 11000, 12000 and 13000 are the ones of a bench.
const INNER: [(u16, Inner, &str); 9] = [
    (3306, Inner::Database, "MariaDB or MySQL"),
    (33060, Inner::Database, "MySQL's X protocol"),
    (5432, Inner::Database, "PostgreSQL"),
    (27017, Inner::Database, "MongoDB"),
    (6379, Inner::Redis, "Redis"),
    (11211, Inner::Redis, "memcached"),
    (11000, Inner::Redis, "the bench's Redis for jobs"),
    (12000, Inner::Redis, "the bench's Redis for live updates"),
    (13000, Inner::Redis, "the bench's Redis as a cache"),
];

/// What nobody needs on a machine that serves these applications: name, by which transport (`None`: either), whether it
/// is in order for this machine alone.
const NEEDLESS: [(u16, Option<Transport>, &str, bool); 26] = [
    (21, Some(Transport::Tcp), "FTP, which sends passwords as they are", false),
    (23, Some(Transport::Tcp), "Telnet, which sends passwords as they are", false),
    (25, Some(Transport::Tcp), "a mail server that takes mail from others", true),
    (53, None, "a name server that answers others", true),
    (69, Some(Transport::Udp), "TFTP", false),
    (79, Some(Transport::Tcp), "finger", false),
    (110, Some(Transport::Tcp), "POP3 without TLS", false),
    (111, None, "rpcbind, which only NFS needs", false),
    (137, Some(Transport::Udp), "Samba's names", false),
    (138, Some(Transport::Udp), "Samba's datagrams", false),
    (139, Some(Transport::Tcp), "Samba", false),
    (143, Some(Transport::Tcp), "IMAP without TLS", false),
    (161, Some(Transport::Udp), "SNMP", true),
    (445, Some(Transport::Tcp), "Samba", false),
    (512, Some(Transport::Tcp), "rexec, which sends passwords as they are", false),
    (513, Some(Transport::Tcp), "rlogin, which sends passwords as they are", false),
    (514, Some(Transport::Tcp), "rsh, which asks for no password", false),
    (515, Some(Transport::Tcp), "a print server", false),
    (631, None, "CUPS, the print server", false),
    (1900, Some(Transport::Udp), "UPnP discovery", false),
    (2049, None, "NFS", false),
    (3389, Some(Transport::Tcp), "a remote desktop", false),
    (5353, Some(Transport::Udp), "Avahi, which tells the network about this machine", false),
    (5900, Some(Transport::Tcp), "VNC", true),
    (6000, Some(Transport::Tcp), "an X server", false),
    (10000, Some(Transport::Tcp), "Webmin", true),
];

/// Ports of DHCP's clients: they take answers only.
const DHCP: [u16; 2] = [68, 546];

/// What may be reached from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    tcp: BTreeSet<u16>,
    udp: BTreeSet<u16>,
    declared: BTreeSet<OpenPort>,
}

impl Allowed {
    /// 80, 443, the program's own listeners, sshd, and what the configuration opens.
    pub(crate) fn of(config: &Config) -> Self {
        let firewall = &config.firewall;
        let declared: BTreeSet<OpenPort> = firewall.open.iter().copied().collect();
        let ports_by = |wanted| declared.iter().filter(move |open| open.transport == wanted).map(|open| open.port);
        let mut tcp = super::served_ports(config);
        tcp.extend(ports_by(Transport::Tcp));
        tcp.extend((firewall.ssh_port != 0).then_some(firewall.ssh_port));
        let udp = DHCP.into_iter().chain(ports_by(Transport::Udp)).collect();
        Self { tcp, udp, declared }
    }

    fn allows(&self, listener: &Listener) -> bool {
        let ports = if listener.transport == Transport::Tcp { &self.tcp } else { &self.udp };
        ports.contains(&listener.port)
    }

    fn declares(&self, listener: &Listener) -> bool {
        self.declared.contains(&OpenPort { transport: listener.transport, port: listener.port })
    }
}

/// Databases, or what Redis is for, must be on loopback.
pub(crate) fn judge_inner(seen: &[Seen], wanted: Inner) -> Sight {
    let name = |seen: &&Seen| {
        let known = |(port, kind, _): &&(u16, Inner, &str)| *port == seen.listener.port && *kind == wanted;
        INNER.iter().find(known).filter(|_| seen.listener.transport == Transport::Tcp).map(|(_, _, name)| *name)
    };
    let found: Vec<(&Seen, &str)> = seen.iter().filter_map(|one| Some((one, name(&one)?))).collect();
    let (outward, inward): (Vec<_>, Vec<_>) = found.iter().partition(|(one, _)| one.listener.is_outward());
    let line = |(one, name): &(&Seen, &str)| format!("{}: {name}", describe(one));
    let what = if wanted == Inner::Database { "database" } else { "Redis or memcached" };
    if outward.is_empty() {
        let how_many = if inward.is_empty() { "listens at all" } else { "can be reached from other machines" };
        return Sight::in_force(format!("No {what} {how_many}.")).with_evidence(inward.iter().map(&line));
    }
    let mend = Mend::new(match wanted {
        Inner::Database => {
            "Have it listen on 127.0.0.1 alone: bind-address = 127.0.0.1 in /etc/mysql/mariadb.conf.d/50-server.cnf, \
             listen_addresses = 'localhost' in postgresql.conf. Then restart it."
        }
        Inner::Redis => {
            "Have it listen on 127.0.0.1 alone: bind 127.0.0.1 -::1 in redis.conf (a bench: config/redis_*.conf), -l \
             127.0.0.1 in memcached.conf. Then restart it."
        }
    });
    let first = outward.first().map(&line).unwrap_or_default();
    let more = if outward.len() > 1 { format!(", and {} more", outward.len() - 1) } else { String::new() };
    Sight::finding(format!("Other machines can reach {first}{more}."), mend).with_evidence(outward.iter().map(line))
}

/// Whatever else other machines can reach must have been meant.
pub(crate) fn judge_others(seen: &[Seen], allowed: &Allowed) -> Sight {
    let is_inner = |one: &Seen| {
        let known = INNER.iter().any(|(port, ..)| *port == one.listener.port);
        known && one.listener.transport == Transport::Tcp
    };
    let outward: Vec<&Seen> = seen.iter().filter(|one| one.listener.is_outward() && !is_inner(one)).collect();
    let (meant, found): (Vec<&Seen>, Vec<&Seen>) = outward.iter().partition(|one| allowed.allows(&one.listener));
    if found.is_empty() {
        let why = "Other machines reach nothing but what the configuration names.";
        return Sight::in_force(why).with_evidence(meant.iter().map(|one| describe(one)));
    }
    let first = found.first().map(|one| describe(one)).unwrap_or_default();
    let more = if found.len() > 1 { format!(", and {} more", found.len() - 1) } else { String::new() };
    let mend = "Have it listen on 127.0.0.1, or stop it: systemctl disable --now, then its unit. If it is meant to be \
                reached, say so in palisade.toml: [firewall] open = [\"8443/tcp\"].";
    Sight::finding(
        format!("Other machines can reach {first}{more}, which the configuration does not name."),
        Mend::new(mend),
    )
    .with_evidence(found.iter().map(|one| describe(one)))
}

/// What listens although nobody needs it.
pub(crate) fn judge_needless(seen: &[Seen], allowed: &Allowed) -> Sight {
    let name = |one: &Seen| {
        let listener = &one.listener;
        let known = |(port, transport, _, is_inner_fine): &&(u16, Option<Transport>, &str, bool)| {
            *port == listener.port
                && transport.is_none_or(|wanted| wanted == listener.transport)
                && (listener.is_outward() || !is_inner_fine)
        };
        NEEDLESS.iter().find(known).filter(|_| !allowed.declares(listener)).map(|(_, _, name, _)| *name)
    };
    let lines: Vec<String> = seen.iter().filter_map(|one| Some(format!("{}: {}", describe(one), name(one)?))).collect();
    let Some(first) = lines.first() else {
        let services = seen.len();
        return Sight::in_force(format!(
            "None of the {services} listening sockets is of a service that nobody needs here."
        ));
    };
    let mend =
        Mend::new("Stop it and take it away: systemctl disable --now, then its unit; apt purge, then its package.")
            .by("ss -tulpn");
    let count = lines.len();
    Sight::finding(format!("{count} listening where nobody needs it, such as {first}."), mend).with_evidence(lines)
}

/// `tcp [::]:3306 (every address), mariadbd (process 812)`
fn describe(seen: &Seen) -> String {
    let Listener { transport, address, port, .. } = &seen.listener;
    let transport = if *transport == Transport::Tcp { "tcp" } else { "udp" };
    let every = match (address.is_unspecified(), address.is_ipv6()) {
        (true, true) => " (every address, IPv4 too)",
        (true, false) => " (every address of IPv4)",
        _ => "",
    };
    let program = &seen.program;
    if address.is_ipv6() {
        format!("{transport} [{address}]:{port}{every}, {program}")
    } else {
        format!("{transport} {address}:{port}{every}, {program}")
    }
}
