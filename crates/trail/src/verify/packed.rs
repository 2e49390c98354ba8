//! Reading leaves that SQLite packed into one value, and checking them where they lie.
//!
//! A leaf is its values with the byte `FF` between them; values that are `NULL` are left out, and the second value tells
//! which. First come texts, which as UTF-8 have no `FF`; then salts and commitments, whose lengths are fixed. The length
//! of the whole is known. A text with an `FF` in it would make the rest too long, so no two rows have the same packing.
//! Whatever does not fit is read again, row by row, in the plain way, which also names what is wrong.

use palisade_base::{
    Instant,
    leaf::{Salt, StoredLeaf, VERSION},
};

use super::checker::Observed;
use crate::store::Packed;

/// What is between the values.
const BETWEEN: u8 = 0xff;
/// Which values are `NULL`: the four texts of the origin, the detail's, and the two salts.
const ORIGIN_TEXTS: u8 = 15;
const DETAIL_TEXT: u8 = 16;
const ORIGIN_SALT: u8 = 32;
const DETAIL_SALT: u8 = 64;

/// Checks packed leaves; `None` where anything is not as expected.
pub(crate) fn check(packed: &Packed) -> Option<Vec<(u64, Observed)>> {
    let mut leaves = Vec::with_capacity(usize::try_from(packed.rows).ok()?);
    let mut rest = packed.leaves.as_slice();
    let mut buffer = Vec::new();
    for (seq, length) in (packed.first..).zip(packed.lengths.split(',')) {
        let (row, after) = rest.split_at_checked(length.parse().ok()?)?;
        leaves.push((seq, check_leaf(row, &mut buffer)?));
        rest = after;
    }
    (rest.is_empty() && leaves.len() as u64 == packed.rows).then_some(leaves)
}

fn check_leaf(row: &[u8], buffer: &mut Vec<u8>) -> Option<Observed> {
    let mut values = Values(row);
    let at = Instant::from_micros(number(values.text()?)?);
    let empty: u8 = number(values.text()?)?;
    let what = [values.text()?, values.text()?, values.text()?, values.text()?, values.text()?];
    let mut text = |bit: u8| if empty & bit == 0 { values.text().map(Some) } else { Some(None) };
    let origin = [text(1)?, text(2)?, text(4)?, text(8)?];
    let detail = text(DETAIL_TEXT)?;
    let what_salt = values.bytes()?;
    let commitments = values.bytes()?;
    let origin_salt: Option<&Salt> = if empty & ORIGIN_SALT == 0 { Some(values.bytes()?) } else { None };
    let detail_salt: Option<&Salt> = if empty & DETAIL_SALT == 0 { Some(values.bytes()?) } else { None };
    let leaf = StoredLeaf {
        version: VERSION,
        commitments,
        at,
        what: (what, what_salt),
        whence: origin_salt.map(|salt| (origin, salt)),
        detail: detail_salt.map(|salt| (detail, salt)),
    };
    let is_good = values.is_done() && leaf.is_genuine(buffer) && is_clean(empty);
    let erased = origin_salt.is_none() || detail_salt.is_none();
    is_good.then(|| if erased { Observed::Erased(leaf.hash()) } else { Observed::Genuine(leaf.hash()) })
}

/// Where a salt is erased, its texts must be too: nothing vouches for them any more.
const fn is_clean(empty: u8) -> bool {
    let origin = empty & ORIGIN_SALT == 0 || empty & ORIGIN_TEXTS == ORIGIN_TEXTS;
    let detail = empty & DETAIL_SALT == 0 || empty & DETAIL_TEXT != 0;
    origin && detail
}

/// The values of a row that have not been read yet.
struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    /// The next one, a text; another always follows.
    fn text(&mut self) -> Option<&'a [u8]> {
        let (text, rest) = self.0.split_at_checked(memchr::memchr(BETWEEN, self.0)?)?;
        self.0 = rest.get(1..)?;
        Some(text)
    }

    /// The next one, of fixed length; the last one has nothing after it.
    fn bytes<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = match rest {
            [] => rest,
            [BETWEEN, rest @ ..] if !rest.is_empty() => rest,
            _ => return None,
        };
        Some(bytes)
    }

    const fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The empty values of a row without origin and detail texts: all but the salts.
    const NO_TEXTS: &[u8] = b"31";

    fn row(parts: &[&[u8]]) -> Option<Observed> {
        check_leaf(&parts.join(&BETWEEN), &mut Vec::new())
    }

    /// A genuine row with no texts beside "what", whose commitments are made by the code that writes leaves.
    fn genuine() -> [Vec<u8>; 4] {
        let env = palisade_testkit::TestEnv::default().env;
        let caller = palisade_base::Caller::job("test", palisade_base::Authority::none());
        let resource = palisade_base::Resource::whole("all");
        let entry = palisade_base::TrailEntry::new(palisade_base::Category::Access, &caller, "a.b", resource);
        let leaf = palisade_base::leaf::Leaf::of(&entry, Instant::from_micros(7), &env);
        let salt = |salt: Option<Salt>| salt.unwrap().to_vec();
        let (origin, detail) = (leaf.whence.map(|(_, salt)| salt), leaf.detail.map(|(_, salt)| salt));
        [leaf.what.1.to_vec(), leaf.commitments.to_bytes(), salt(origin), salt(detail)]
    }

    #[test]
    fn a_genuine_row_is_read_where_it_lies() {
        let [what, commitments, origin, detail] = genuine();
        let texts: [&[u8]; 7] = [b"7", NO_TEXTS, b"access", b"job:test", b"a.b", b"all", b"success"];
        let whole = [&texts[..], &[&what, &commitments, &origin, &detail]].concat();
        assert!(matches!(row(&whole), Some(Observed::Genuine(_))));
        let erased: [&[u8]; 7] = [b"7", b"95", b"access", b"job:test", b"a.b", b"all", b"success"];
        let erased = [&erased[..], &[&what, &commitments, &origin]].concat();
        assert!(matches!(row(&erased), Some(Observed::Erased(_))));
    }

    #[test]
    fn a_row_that_is_packed_in_any_other_way_is_left_to_the_plain_one() {
        let [what, commitments, origin, detail] = genuine();
        let texts: [&[u8]; 7] = [b"7", NO_TEXTS, b"access", b"job:test", b"a.b", b"all", b"success"];
        let blobs: [&[u8]; 4] = [&what, &commitments, &origin, &detail];
        let whole = [&texts[..], &blobs].concat();
        for n in 0..whole.len() {
            let mut less = whole.clone();
            less.remove(n);
            assert_eq!(row(&less), None, "without value {n}");
            let mut more = whole.clone();
            more.insert(n, b"");
            assert_eq!(row(&more), None, "with one more before value {n}");
            let with_ff = [whole[n], &[BETWEEN]].concat();
            let mut split = whole.clone();
            split[n] = &with_ff;
            assert_eq!(row(&split), None, "with FF after value {n}");
        }
    }
}
