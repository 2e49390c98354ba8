//! Which address a pattern reads in a line: a whole one, or none.

use std::{cell::OnceCell, ops::Range};

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

/// A text on which patterns are tried, with the only address in it, if there is just one: looked for once, whatever
/// the number of patterns.
pub(crate) struct Sighted<'t> {
    text: &'t str,
    only: OnceCell<Option<Marked>>,
}

/// A text in which a mark stands for an address.
struct Marked {
    found: Found,
    text: String,
}

impl<'t> Sighted<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Self { text, only: OnceCell::new() }
    }

    /// Nearly every line of interest: one address, and the pattern takes just that. Asked for it at once, as a mark, it need
    /// not be found among all that an address can look like. `None` where the usual way has to be gone.
    pub(crate) fn read_only_host(&self, pattern: &Pattern) -> Result<Option<(HostReading, Captures)>, GaveUp> {
        if !pattern.has_host || pattern.is_hard() {
            return Ok(None);
        }
        let Some(marked) = self.only.get_or_init(|| self.only_address()) else { return Ok(None) };
        let captures = captures_of_marked(pattern, marked)?;
        Ok(captures.map(|captures| (HostReading::Address(marked.found.clone()), captures)))
    }

    fn only_address(&self) -> Option<Marked> {
        let mut found = addresses(self.text, 2);
        let only = found.pop().filter(|_| found.is_empty())?;
        Some(Marked::new(self.text, only))
    }
}

impl Marked {
    fn new(text: &str, found: Found) -> Self {
        let (before, after) = (&text[..found.range.start], &text[found.range.end..]);
        let mut marked = String::with_capacity(text.len());
        push_unmarked(&mut marked, before);
        marked.push(if found.address.is_ipv4() { MARK_V4 } else { MARK_V6 });
        push_unmarked(&mut marked, after);
        Self { found, text: marked }
    }
}

/// Nobody else may write a mark.
fn push_unmarked(marked: &mut String, text: &str) {
    if text.contains([MARK_V4, MARK_V6]) {
        // As long as the mark, so that places stay the same.
        marked.push_str(&text.replace([MARK_V4, MARK_V6], "\u{7f}"));
    } else {
        marked.push_str(text);
    }
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
    captures_of_marked(pattern, &Marked::new(text, candidate.clone()))
}

fn captures_of_marked(pattern: &Pattern, marked: &Marked) -> Result<Option<Captures>, GaveUp> {
    let Some(mut captures) = pattern.captures_marked(&marked.text)? else { return Ok(None) };
    let (start, grown) = (marked.found.range.start, marked.found.range.len() - MARK_V4.len_utf8());
    for range in captures.ranges.iter_mut().flatten() {
        if range.start > start {
            range.start += grown;
        }
        if range.end > start {
            range.end += grown;
        }
    }
    Ok(Some(captures))
}
