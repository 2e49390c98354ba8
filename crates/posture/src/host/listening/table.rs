//! The kernel's tables of sockets: `/proc/net/{tcp,tcp6,udp,udp6}`, as proc(5) has them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade_config::Transport;

use crate::host::Root;

/// So much of a table is read. What listens comes first in the tables of TCP, so a busy machine is no trouble.
const TABLE: u64 = 16 << 20;
/// More are no sane machine's.
const MOST: usize = 4_096;
/// `TCP_LISTEN`
const LISTENS: &str = "0A";
/// `TCP_CLOSE`, which a UDP socket has as long as it takes from everybody.
const TAKES: &str = "07";
/// Beyond these ports are UDP sockets that ask, and take the answers.
const EPHEMERAL: (u16, u16) = (32_768, 60_999);

/// A socket that takes what comes from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listener {
    pub(crate) transport: Transport,
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) user: u32,
    pub(crate) inode: u64,
}

impl Listener {
    /// Whether other machines can reach the address.
    pub(crate) fn is_outward(&self) -> bool {
        !self.address.to_canonical().is_loopback()
    }
}

/// What listens, by both families. `None` where the kernel shows no table at all.
pub(crate) fn read(root: &Root) -> Option<Vec<Listener>> {
    let tables = [("tcp", Transport::Tcp), ("tcp6", Transport::Tcp), ("udp", Transport::Udp), ("udp6", Transport::Udp)];
    let read = |(name, transport)| {
        let text = root.read(format!("/proc/net/{name}"), TABLE).ok()?;
        Some(parse(&text, transport))
    };
    let found: Vec<Vec<Listener>> = tables.into_iter().filter_map(read).collect();
    let (first, last) = ephemeral(root);
    let asks = |listener: &Listener| listener.transport == Transport::Udp && (first..=last).contains(&listener.port);
    let mut listeners: Vec<Listener> = found.iter().flatten().filter(|one| !asks(one)).cloned().collect();
    listeners.sort();
    (!found.is_empty()).then_some(listeners)
}

/// The range that the kernel takes ports from for who does not ask for one.
fn ephemeral(root: &Root) -> (u16, u16) {
    let text = root.read_line("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ports = text.split_whitespace().map(str::parse);
    match (ports.next(), ports.next()) {
        (Some(Ok(first)), Some(Ok(last))) => (first, last),
        _ => EPHEMERAL,
    }
}

/// The listening sockets of one table. A line that is none is passed over.
pub(crate) fn parse(text: &str, transport: Transport) -> Vec<Listener> {
    text.lines().skip(1).filter_map(|line| parse_line(line, transport)).take(MOST).collect()
}

fn parse_line(line: &str, transport: Transport) -> Option<Listener> {
    let fields: Vec<&str> = line.split_whitespace().take(10).collect();
    let [_, local, _, state, _, _, _, user, _, inode] = fields[..] else { return None };
    if state != (if transport == Transport::Tcp { LISTENS } else { TAKES }) {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    Some(Listener {
        transport,
        address: parse_address(address)?,
        port: u16::from_str_radix(port, 16).ok()?,
        user: user.parse().ok()?,
        inode: inode.parse().ok()?,
    })
}

/// An address as the kernel prints it: words of 32 bits, each in the order of this machine.
fn parse_address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = text.get(at..at + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match text.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for (number, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(number * 8)?);
            }
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}
