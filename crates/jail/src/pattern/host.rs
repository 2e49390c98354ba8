//! Which address a pattern reads in a line: a whole one, or none.

use std::ops::Range;

use palisade_base::AddressKey;

use super::{
    Captures, GaveUp, Pattern,
    translate::{MARK_V4, MARK_V6},
};
use crate::address::{Found, addresses, is_whole_name};

/// A line with more addresses than this is not weighed address by address.
const MAX_ADDRESSES: usize = 24;

/// What a pattern that asks for an address found.
#[derive(Debug)]
pub(crate) enum HostReading {
    /// One address, and where.
    Address(Found),
    /// No address, but a name.
    Name(Range<usize>),
    /// It could be any of these.
    Ambiguous(Vec<Found>),
    /// Only a part of something.
    Nothing,
}

/// Reads the address of a match. Every whole address of the text is tried in turn: it is taken out, a mark is put in,
/// and the pattern must match with the mark as its address. So a greedy `.*` can't cut an address, and what could be
/// read in two ways is noticed. The captures are given back, since another reading of the line has others.
pub(crate) fn read_host(pattern: &Pattern, text: &str, captures: Captures) -> Result<(HostReading, Captures), GaveUp> {
    let found = addresses(text, MAX_ADDRESSES + 1);
    let captured = ["ip4", "ip6", "dns"].iter().find_map(|group| pattern.range(&captures, group));
    let mut clients: Vec<AddressKey> = found.iter().map(|found| found.address.into()).collect();
    clients.sort_unstable();
    clients.dedup();
    // Nearly every line: one address, and the pattern took it as it stands.
    if clients.len() == 1
        && let Some(found) = found.iter().find(|found| captured.as_ref().is_some_and(|range| is_same(found, range)))
    {
        return Ok((HostReading::Address(found.clone()), captures));
    }
    if found.len() > MAX_ADDRESSES {
        return Ok((HostReading::Ambiguous(found), captures));
    }
    let mut readings: Vec<(Found, Captures)> = Vec::new();
    for candidate in found {
        if let Some(captures) = matches_with(pattern, text, &candidate)? {
            readings.push((candidate, captures));
        }
    }
    let first = readings.first().map(|(found, _)| AddressKey::from(found.address));
    if readings.iter().any(|(found, _)| Some(AddressKey::from(found.address)) != first) {
        return Ok((HostReading::Ambiguous(readings.into_iter().map(|(found, _)| found).collect()), captures));
    }
    // The reading that the pattern itself prefers, if it is one of them; else the first.
    let preferred = readings.iter().position(|(found, _)| captured.as_ref().is_some_and(|range| is_same(found, range)));
    if let Some(preferred) = preferred {
        return Ok((HostReading::Address(readings.swap_remove(preferred).0), captures));
    }
    if let Some((found, captures)) = readings.into_iter().next() {
        return Ok((HostReading::Address(found), captures));
    }
    // `192.030.0.6` looks like an address, but is none: it is given as it stands, and nobody can be banned by it.
    let is_malformed = |range: &Range<usize>| pattern.range(&captures, "dns").is_none() && is_apart(text, range);
    let name = captured.filter(|range| is_malformed(range) || is_whole_name(text, range));
    Ok((name.map_or(HostReading::Nothing, HostReading::Name), captures))
}

/// Whether what was captured is this address. `::ffff:` in front of IPv4 is not captured with it.
fn is_same(found: &Found, captured: &Range<usize>) -> bool {
    captured.end == found.range.end && found.range.contains(&captured.start) && {
        captured.start == found.range.start || found.range.len() - captured.len() >= "::ffff:".len()
    }
}

/// Whether no digit or dot lies beside the range.
fn is_apart(text: &str, range: &Range<usize>) -> bool {
    let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':');
    let (before, after) = (text[..range.start].bytes().next_back(), text[range.end..].bytes().next());
    !before.is_some_and(goes_on) && !after.is_some_and(goes_on)
}

/// Whether the pattern can match with just this address as its own; the groups then, in positions of the text.
fn matches_with(pattern: &Pattern, text: &str, candidate: &Found) -> Result<Option<Captures>, GaveUp> {
    let mark = if candidate.address.is_ipv4() { MARK_V4 } else { MARK_V6 };
    let unmarked = |text: &str| text.replace([MARK_V4, MARK_V6], "\u{FFFD}");
    let (before, after) = (&text[..candidate.range.start], &text[candidate.range.end..]);
    let marked = format!("{}{mark}{}", unmarked(before), unmarked(after));
    let Some(mut captures) = pattern.captures_marked(&marked)? else { return Ok(None) };
    let grown = candidate.range.len() - mark.len_utf8().min(candidate.range.len());
    for range in captures.ranges.iter_mut().flatten() {
        if range.start > candidate.range.start {
            range.start += grown;
        }
        if range.end > candidate.range.start {
            range.end += grown;
        }
    }
    Ok(Some(captures))
}
