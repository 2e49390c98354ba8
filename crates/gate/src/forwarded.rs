//! Reading X-Forwarded-For: who the client is, if those who say so can be believed.

use std::net::{IpAddr, SocketAddr};

/// The client's address: going back from our peer over the proxies that we trust, the first address that we do not.
///
/// `lines` are the header's lines in their order, each a list of addresses. An entry that is no address ends the walk:
/// what lies beyond it was written by somebody whom nobody vouches for, so the last proxy that we know is the client.
pub(crate) fn client_of<'a>(
    peer: IpAddr,
    lines: impl DoubleEndedIterator<Item = &'a [u8]>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut client = peer.to_canonical();
    for entry in lines.rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        if !is_trusted(client) {
            break;
        }
        match parse_entry(entry) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// One entry: an address, with or without a port, in brackets or not.
fn parse_entry(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, lines: &[&str]) -> String {
        let trusted = |address: IpAddr| address.to_string().starts_with("10.");
        client_of(peer.parse().unwrap(), lines.iter().map(|line| line.as_bytes()), trusted).to_string()
    }

    #[test]
    fn a_strangers_word_counts_for_nothing() {
        assert_eq!(client("192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        assert_eq!(client("192.0.2.1", &["10.0.0.1"]), "192.0.2.1");
    }

    #[test]
    fn behind_our_proxies_the_rightmost_stranger_is_the_client() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.1, 192.0.2.7, 10.0.0.2"]), "192.0.2.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.1", "192.0.2.7", "10.0.0.2"]), "192.0.2.7");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client("::ffff:10.0.0.1", &["::ffff:192.0.2.7"]), "192.0.2.7");
    }

    #[test]
    fn ports_and_brackets_are_taken_off() {
        assert_eq!(client("10.0.0.1", &["192.0.2.7:4711"]), "192.0.2.7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &[" 2001:db8::7 "]), "2001:db8::7");
    }

    #[test]
    fn garbage_ends_the_walk_at_the_last_proxy_that_we_know() {
        for garbage in [
            "unknown",
            "_hidden",
            "",
            "192.0.2",
            "1.2.3.4.5",
            "[::1",
            "::1]",
            "192.0.2.7:99999",
            "\u{e9}",
            "for=192.0.2.7",
        ] {
            assert_eq!(client("10.0.0.1", &[&format!("198.51.100.9, {garbage}")]), "10.0.0.1", "{garbage}");
            assert_eq!(client("10.0.0.1", &[&format!("198.51.100.9, {garbage}, 10.0.0.2")]), "10.0.0.2", "{garbage}");
        }
    }

    proptest! {
        /// Whatever a client writes in front, what our proxy appended decides.
        #[test]
        fn nothing_in_front_changes_the_answer(front in proptest::collection::vec("[ -~]{0,60}", 0..5)) {
            let mut lines: Vec<&str> = front.iter().map(String::as_str).collect();
            lines.push("192.0.2.7");
            prop_assert_eq!(client("10.0.0.1", &lines), "192.0.2.7");
            let one = lines.join(",");
            prop_assert_eq!(client("10.0.0.1", &[&one]), "192.0.2.7");
        }
    }
}
