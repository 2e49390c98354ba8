//! Whole addresses in a text: where each begins and ends, so that none is read in part.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::Range,
};

/// An address, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) address: IpAddr,
    pub(crate) range: Range<usize>,
}

/// The addresses of a text in their order, at most `limit`. IPv4 in IPv6 form is given as IPv4; the unspecified
/// address is nobody's and is left out.
pub(crate) fn addresses(text: &str, limit: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut position = 0;
    while found.len() < limit
        && let Some(start) = (position..bytes.len()).find(|&index| is_address_byte(bytes[index]))
    {
        let length = bytes[start..].iter().take_while(|&&byte| is_address_byte(byte)).count();
        position = start + length;
        found.extend(read_run(text, start..position));
    }
    found
}

fn is_address_byte(byte: u8) -> bool {
    ADDRESS_BYTES[byte as usize]
}

/// A look-up is faster than comparing, and every byte of a line of interest is asked about.
static ADDRESS_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
        byte += 1;
    }
    table
};

fn is_name_byte(byte: u8) -> bool {
    // Bytes above ASCII are letters of some language.
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Reads the one address in a run of hexadecimal digits, dots and colons.
fn read_run(text: &str, run: Range<usize>) -> Option<Found> {
    if run.len() < 2 || !text.as_bytes()[run.clone()].iter().any(|&byte| matches!(byte, b'.' | b':')) {
        return None;
    }
    read_v6(text, run.clone()).or_else(|| read_v4(text, run)).filter(|found| !found.address.is_unspecified())
}

fn read_v6(text: &str, run: Range<usize>) -> Option<Found> {
    let bytes = text.as_bytes();
    let (mut start, mut end) = (run.start, run.end);
    if start > 0 && is_name_byte(bytes[start - 1]) {
        // `Remote:2001:db8::1`: what belongs to the word in front goes with the word.
        start += bytes[start..end].iter().position(|&byte| byte == b':')? + 1;
        if bytes.get(start) == Some(&b':') {
            return None;
        }
    }
    if bytes[start..end].starts_with(b":") && !bytes[start..end].starts_with(b"::") {
        start += 1;
    }
    while end > start && (bytes[end - 1] == b'.' || (bytes[end - 1] == b':' && !text[start..end].ends_with("::"))) {
        end -= 1;
    }
    if bytes.get(run.end).is_some_and(|&byte| is_name_byte(byte)) {
        return None;
    }
    let address: Ipv6Addr = text.get(start..end)?.parse().ok()?;
    Some(Found { address: IpAddr::V6(address).to_canonical(), range: start..end })
}

fn read_v4(text: &str, run: Range<usize>) -> Option<Found> {
    let bytes = text.as_bytes();
    let is_v4 = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    // The first piece between colons that is no part of a word.
    let mut start = run.start;
    while start < run.end {
        let piece = start..start + bytes[start..run.end].iter().take_while(|&&byte| is_v4(byte)).count();
        if let Some(found) = whole_v4(text, piece.clone()) {
            return Some(found);
        }
        start = piece.end.max(start) + 1;
    }
    None
}

fn whole_v4(text: &str, piece: Range<usize>) -> Option<Found> {
    let bytes = text.as_bytes();
    let before = piece.start.checked_sub(1).map(|index| bytes[index]);
    if piece.len() < 7 || before.is_some_and(|byte| is_name_byte(byte) || byte == b'.') {
        return None;
    }
    let end = piece.start + text[piece.clone()].trim_end_matches('.').len();
    let ended_by_dot = end < piece.end;
    let next = bytes.get(piece.end).copied();
    if next.is_some_and(is_name_byte) || (!ended_by_dot && next == Some(b'-') && goes_on_as_name(&bytes[piece.end..])) {
        return None;
    }
    let address: Ipv4Addr = text[piece.start..end].parse().ok()?;
    Some(Found { address: IpAddr::V4(address), range: piece.start..end })
}

/// `192.0.2.1-static.example.com` is a name; `192.0.2.1-2222;` an address with a port.
fn goes_on_as_name(after: &[u8]) -> bool {
    let rest = after.iter().take_while(|&&byte| is_name_byte(byte) || matches!(byte, b'-' | b'.'));
    rest.copied().any(|byte| is_name_byte(byte) && !byte.is_ascii_digit())
}

/// Whether a captured name is all of the name that stands there, and is one: `7` is not, nor is a part of an address.
pub(crate) fn is_whole_name(text: &str, range: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let goes_on = |byte: u8| is_name_byte(byte) || matches!(byte, b'-' | b'.' | b':' | b'@');
    let before = range.start.checked_sub(1).map(|index| bytes[index]);
    let after = bytes.get(range.end).copied();
    let cut_behind = match after {
        Some(b'.' | b':' | b'-') => {
            bytes.get(range.end + 1).is_some_and(|&byte| is_name_byte(byte) && after != Some(b':'))
        }
        Some(byte) => goes_on(byte),
        None => false,
    };
    let name = &text[range.clone()];
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    !before.is_some_and(|byte| goes_on(byte) && byte != b':') && !cut_behind && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        addresses(text, 9).iter().map(|found| format!("{}={}", &text[found.range.clone()], found.address)).collect()
    }

    #[test]
    fn addresses_are_found_whole_in_every_neighbourhood() {
        for (text, expected) in [
            ("from 203.0.113.57 port 22", "203.0.113.57=203.0.113.57"),
            ("from 203.0.113.57.", "203.0.113.57=203.0.113.57"),
            ("client:203.0.113.57:5060,", "203.0.113.57=203.0.113.57"),
            ("rhost=203.0.113.57", "203.0.113.57=203.0.113.57"),
            ("Remote: 203.0.113.57-2222;", "203.0.113.57=203.0.113.57"),
            ("[2001:db8::57]:5060", "2001:db8::57=2001:db8::57"),
            ("from 2001:db8::57: no", "2001:db8::57=2001:db8::57"),
            ("Remote:2001:db8::57 x", "2001:db8::57=2001:db8::57"),
            ("::ffff:203.0.113.57", "::ffff:203.0.113.57=203.0.113.57"),
            ("fe80::1%eth0", "fe80::1=fe80::1"),
        ] {
            assert_eq!(found(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_an_address_is_none() {
        for text in [
            "at 12:34:56",
            "version 1.2.3",
            "v1.2.3.4",
            "1.2.3.4.5",
            "1.2.3.4.example.com",
            "999.1.2.3",
            "1.2.3.04",
            "192.0.2.1-static.example.com",
            "Foo::Bar",
            "aa:bb:cc:dd:ee:ff",
            "0.0.0.0",
            "::",
            "x203.0.113.57",
            "é1.2.3.4",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_number_or_a_piece_of_something_is_no_name() {
        assert!(is_whole_name("from host.example.com port", &(5..21)));
        assert!(!is_whole_name("from 203.0.113.57", &(16..17)));
        assert!(!is_whole_name("for Administrator", &(16..17)));
        assert!(!is_whole_name("for bob 7", &(8..9)));
    }
}
