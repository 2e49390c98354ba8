//! Reading leaves that SQLite packed into one value, and checking them where they lie.
//!
//! A leaf is 14 texts, each closed by the byte `FF` (which no UTF-8 text has), then the salts and commitments, whose
//! lengths are fixed; the length of the whole is known. A text with an `FF` in it would make the rest too long, so
//! no two rows have the same packing. Whatever does not fit is read again, row by row, in the plain way.

use palisade_base::{
    Instant,
    leaf::{Salt, StoredLeaf},
};

use super::checker::Observed;
use crate::store::Packed;

const TEXTS: usize = 14;

/// Checks packed leaves; `None` where anything is not as expected.
pub(crate) fn check(packed: &Packed) -> Option<Vec<(u64, Observed)>> {
    let mut leaves = Vec::with_capacity(usize::try_from(packed.rows).ok()?);
    let mut rest = packed.leaves.as_slice();
    let mut buffer = Vec::new();
    for length in packed.lengths.split(',').filter(|length| !length.is_empty()) {
        let (row, after) = rest.split_at_checked(length.parse().ok()?)?;
        leaves.push(check_leaf(row, &mut buffer)?);
        rest = after;
    }
    (rest.is_empty() && leaves.len() as u64 == packed.rows).then_some(leaves)
}

fn check_leaf(row: &[u8], buffer: &mut Vec<u8>) -> Option<(u64, Observed)> {
    let (texts, mut blobs) = split_texts(row)?;
    let [seq, version, at, empty, what @ .., _, _, _, _, _] = &texts;
    let what: [&[u8]; 5] = *what;
    let empty: u8 = number(empty)?;
    let text = |n: usize| (empty & (1 << n) == 0).then_some(texts[9 + n]);
    let what_salt = take(&mut blobs)?;
    let commitments = take(&mut blobs)?;
    let origin_salt: Option<&Salt> = if empty & 32 == 0 { Some(take(&mut blobs)?) } else { None };
    let detail_salt: Option<&Salt> = if empty & 64 == 0 { Some(take(&mut blobs)?) } else { None };
    blobs.is_empty().then_some(())?;
    let leaf = StoredLeaf {
        version: number(version)?,
        commitments,
        at: Instant::from_micros(number(at)?),
        what: (what, what_salt),
        whence: origin_salt.map(|salt| ([text(0), text(1), text(2), text(3)], salt)),
        detail: detail_salt.map(|salt| (text(4), salt)),
    };
    // The plain way names the part that was edited, and looks for what was left beside an erased salt.
    leaf.is_genuine(buffer).then_some(())?;
    let erased = origin_salt.is_none() || detail_salt.is_none();
    (!erased || is_clean(empty)).then_some(())?;
    Some((number(seq)?, if erased { Observed::Erased(leaf.hash()) } else { Observed::Genuine(leaf.hash()) }))
}

/// Where a salt is erased, its texts must be too: nothing vouches for them any more.
const fn is_clean(empty: u8) -> bool {
    (empty & 32 == 0 || empty & 15 == 15) && (empty & 64 == 0 || empty & 16 == 16)
}

fn split_texts(row: &[u8]) -> Option<([&[u8]; TEXTS], &[u8])> {
    let mut texts = [[].as_slice(); TEXTS];
    let mut rest = row;
    for text in &mut texts {
        let end = rest.iter().position(|byte| *byte == 0xff)?;
        (*text, rest) = (&rest[..end], &rest[end + 1..]);
    }
    Some((texts, rest))
}

fn take<'a, const N: usize>(blobs: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = blobs.split_first_chunk()?;
    *blobs = rest;
    Some(taken)
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
