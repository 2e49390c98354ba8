//! Proofs that a leaf is in a tree, and that one tree continues another (RFC 9162, sections 2.1.3 and 2.1.4).
//!
//! A proof is a list of roots of ranges of leaves. Which ranges is plain arithmetic ([`inclusion_ranges`],
//! [`consistency_ranges`]); their roots come from a pass over the leaf hashes, so no inner node has to be stored.

use std::ops::Range;

use palisade_base::leaf::{Hash, node_hash};

/// The ranges of leaves whose roots prove that leaf `index` is in the tree of `size` leaves, in the proof's order.
/// Empty where there is no such leaf.
#[must_use]
pub fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0, size);
    while index < size && end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The ranges of leaves whose roots prove that the tree of `second` leaves continues the one of `first` leaves.
/// Empty where nothing needs proof (`first` is 0 or equals `second`).
#[must_use]
pub fn consistency_ranges(first: u64, second: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    if first == 0 || first >= second {
        return ranges;
    }
    let (mut start, mut end) = (0, second);
    while end > first {
        let middle = start + split(end - start);
        if first <= middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    // The verifier has the root of the first tree; it needs this one only where the first tree is no whole subtree.
    if start > 0 {
        ranges.push(start..end);
    }
    ranges.reverse();
    ranges
}

/// Checks that `leaf` is leaf `index` of the tree with this size and root (RFC 9162, section 2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut fn_, mut sn, mut node) = (index, size - 1, *leaf);
    for sibling in proof {
        if sn == 0 {
            return false;
        }
        if fn_ & 1 == 1 || fn_ == sn {
            node = node_hash(sibling, &node);
            while fn_ & 1 == 0 && fn_ != 0 {
                fn_ >>= 1;
                sn >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        fn_ >>= 1;
        sn >>= 1;
    }
    sn == 0 && node == *root
}

/// Checks that the tree of `second` leaves continues the one of `first` leaves (RFC 9162, section 2.1.4.2).
#[must_use]
pub fn verify_consistency(first: u64, second: u64, proof: &[Hash], first_root: &Hash, second_root: &Hash) -> bool {
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    if first == 0 || first > second {
        return first == 0 && proof.is_empty();
    }
    // The first tree's own root starts the path where that tree is a whole subtree of the second.
    let mut path = first.is_power_of_two().then_some(first_root).into_iter().chain(proof);
    let Some(start) = path.next() else { return false };
    let (mut fn_, mut sn) = (first - 1, second - 1);
    while fn_ & 1 == 1 {
        fn_ >>= 1;
        sn >>= 1;
    }
    let (mut old, mut new) = (*start, *start);
    for node in path {
        if sn == 0 {
            return false;
        }
        if fn_ & 1 == 1 || fn_ == sn {
            old = node_hash(node, &old);
            new = node_hash(node, &new);
            while fn_ & 1 == 0 && fn_ != 0 {
                fn_ >>= 1;
                sn >>= 1;
            }
        } else {
            new = node_hash(&new, node);
        }
        fn_ >>= 1;
        sn >>= 1;
    }
    sn == 0 && old == *first_root && new == *second_root
}

/// The largest power of two that is smaller than `n` (`n` ≥ 2).
const fn split(n: u64) -> u64 {
    1 << (u64::BITS - 1 - (n - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::Frontier;

    /// The reference leaves of Certificate Transparency (RFC 6962), in hexadecimal.
    const INPUTS: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    /// The roots of the first 1, 2, … 8 of them.
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn hex(text: &str) -> Hash {
        HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
    }

    fn reference_leaves() -> Vec<Hash> {
        let leaf = |input: &&str| {
            let data = HEXLOWER.decode(input.as_bytes()).unwrap();
            Sha256::new().chain_update([0]).chain_update(data).finalize().into()
        };
        INPUTS.iter().map(leaf).collect()
    }

    fn root_of(leaves: &[Hash]) -> Hash {
        let mut frontier = Frontier::default();
        frontier.extend(leaves.iter().copied());
        frontier.root()
    }

    fn prove(ranges: Vec<Range<u64>>, leaves: &[Hash]) -> Vec<Hash> {
        ranges.into_iter().map(|r| root_of(&leaves[r.start as usize..r.end as usize])).collect()
    }

    /// RFC 9162, section 2.1.1, word for word.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&naive_root(left), &naive_root(right))
            }
        }
    }

    /// RFC 9162, section 2.1.3.1, word for word.
    fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() < 2 {
            return Vec::new();
        }
        let middle = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(middle);
        let (mut path, other) = if index < middle {
            (naive_path(index, left), naive_root(right))
        } else {
            (naive_path(index - middle, right), naive_root(left))
        };
        path.push(other);
        path
    }

    /// RFC 9162, section 2.1.4.1, word for word.
    fn naive_subproof(first: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
        if first == leaves.len() {
            return if known { Vec::new() } else { vec![naive_root(leaves)] };
        }
        let middle = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(middle);
        let (mut proof, other) = if first <= middle {
            (naive_subproof(first, left, known), naive_root(right))
        } else {
            (naive_subproof(first - middle, right, false), naive_root(left))
        };
        proof.push(other);
        proof
    }

    /// covers K6.2 (part)
    #[test]
    fn the_reference_trees_have_the_reference_roots() {
        let leaves = reference_leaves();
        for (n, root) in ROOTS.iter().enumerate() {
            assert_eq!(root_of(&leaves[..=n]), hex(root), "{} leaves", n + 1);
        }
    }

    #[test]
    fn the_reference_proofs_come_out() {
        let leaves = reference_leaves();
        let proof = prove(inclusion_ranges(5, 8), &leaves);
        let expected = [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(proof, expected.map(hex));
        let proof = prove(consistency_ranges(6, 8), &leaves);
        let expected = [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(proof, expected.map(hex));
    }

    fn some_leaves() -> impl Strategy<Value = Vec<Hash>> {
        prop::collection::vec(any::<[u8; 32]>(), 1..150)
    }

    proptest! {
        #[test]
        fn roots_and_proofs_are_those_of_the_definition(leaves in some_leaves(), a in any::<prop::sample::Index>()) {
            let (size, index) = (leaves.len() as u64, a.index(leaves.len()));
            prop_assert_eq!(root_of(&leaves), naive_root(&leaves));
            let proof = prove(inclusion_ranges(index as u64, size), &leaves);
            prop_assert_eq!(&proof, &naive_path(index, &leaves));
            prop_assert!(verify_inclusion(&leaves[index], index as u64, size, &proof, &naive_root(&leaves)));
            let first = index + 1;
            let proof = prove(consistency_ranges(first as u64, size), &leaves);
            prop_assert_eq!(&proof, &naive_subproof(first, &leaves, true));
            let roots = (naive_root(&leaves[..first]), naive_root(&leaves));
            prop_assert!(verify_consistency(first as u64, size, &proof, &roots.0, &roots.1));
        }

        #[test]
        fn a_proof_for_something_else_is_refused(leaves in some_leaves(), a in any::<prop::sample::Index>(), bit in 0..256_usize) {
            let (size, index) = (leaves.len() as u64, a.index(leaves.len()));
            let root = naive_root(&leaves);
            let proof = prove(inclusion_ranges(index as u64, size), &leaves);
            let mut other = leaves[index];
            other[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!verify_inclusion(&other, index as u64, size, &proof, &root));
            prop_assert!(!verify_inclusion(&leaves[index], size, size, &proof, &root));
            let longer = [proof.clone(), vec![root]].concat();
            prop_assert!(!verify_inclusion(&leaves[index], index as u64, size, &longer, &root));
            let first = index as u64 + 1;
            let proof = prove(consistency_ranges(first, size), &leaves);
            let mut old = naive_root(&leaves[..=index]);
            old[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!verify_consistency(first, size, &proof, &old, &root));
        }
    }
}
