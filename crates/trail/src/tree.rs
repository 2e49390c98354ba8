//! The Merkle tree of RFC 9162, section 2.1, in the compact form that grows: the roots of its perfect subtrees.

use palisade_base::leaf::{Hash, node_hash};
use sha2::{Digest as _, Sha256};

/// A tree that leaves are added to. It holds one hash for each bit that is set in its size, so it stays small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the perfect subtrees, from the leftmost (largest) to the rightmost.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// How many leaves it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each trailing one in the size is a subtree of the same height as `node`.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root (the hash of nothing for an empty tree).
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Sha256::digest([]).into() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }

    /// As stored: the peaks one after the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// From its stored form; `None` where the number of peaks does not fit the size.
    #[must_use]
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let peaks = hashes(bytes)?;
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }
}

impl Extend<Hash> for Frontier {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| self.push(leaf));
    }
}

/// Splits stored bytes into hashes; `None` where they are not whole.
pub(crate) fn hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| hashes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_tree_has_the_hash_of_nothing() {
        let root = data_encoding::HEXLOWER.encode(&Frontier::default().root());
        assert_eq!(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_stored_frontier_goes_on_where_it_stopped() {
        let mut whole = Frontier::default();
        let mut resumed = Frontier::default();
        for n in 0..100_u8 {
            whole.push([n; 32]);
            resumed = Frontier::from_bytes(resumed.size(), &resumed.to_bytes()).unwrap();
            resumed.push([n; 32]);
            assert_eq!(whole.root(), resumed.root());
        }
        assert_eq!(Frontier::from_bytes(3, &[0; 32]), None);
        assert_eq!(Frontier::from_bytes(1, &[0; 33]), None);
    }
}
