//! The verification itself, as a state machine: leaves and seals go in, in order; findings come out.
//!
//! Two trees grow side by side as long as they agree they are one: the tree of the leaves that are there, and the tree
//! of the leaf hashes that the seals list. Each signed root then tells which of the two is genuine. If it is the
//! seals', the leaves that differ are to blame and are named; if it is the leaves', somebody edited a seal's list.

use std::collections::HashMap;

use palisade_base::leaf::Hash;

use super::{
    outside::Outside,
    report::{FindingKind, Findings, leaves},
};
use crate::{Frontier, Note, Seal, VerifierKey, sealer::missing_leaf};

/// Differences beyond this many in one seal are counted to the last one's range.
const MOST_SUSPECTS: usize = 2_000;

/// What is known of a leaf's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Observed {
    /// Its parts are what they were committed to.
    Genuine(Hash),
    /// The same, and a part was erased.
    Erased(Hash),
    /// The named parts are not.
    Edited(Hash, &'static str),
    /// It can't be read as a leaf.
    Unreadable,
}

/// A seal and whether its signature is good.
#[derive(Clone, Debug)]
pub(crate) struct CheckedSeal {
    seal: Seal,
    /// What the note states; `None` where it is not signed by the key.
    signed: Option<(u64, Hash)>,
}

/// What stands under a number.
#[derive(Clone, Copy)]
enum Found {
    Leaf(Hash),
    /// A leaf that has a finding already.
    Reported(Hash),
    Nothing,
}

/// Something that is not what the seal lists. Whether the leaf or the list is to blame, a signed root decides.
enum Suspect {
    Missing { first: u64, last: u64, before_sealing: bool },
    Differs { seq: u64, found: Hash, listed: Hash },
}

/// Totals of a finished check.
pub(crate) struct Totals {
    pub(crate) leaves: u64,
    pub(crate) erased: u64,
    pub(crate) seals: u64,
    pub(crate) sealed: u64,
    pub(crate) unsealed: u64,
    pub(crate) outside: u64,
    pub(crate) findings: Findings,
}

pub(crate) struct Checker {
    /// The number of the next leaf.
    next: u64,
    /// The tree of the leaves that are there. Meaningless while `lost`.
    found: Frontier,
    /// The tree of the hashes that the seals list, from where it differs on.
    listed: Option<Frontier>,
    /// Leaves are gone whose hashes nobody has; the trees can't be followed until a seal's own frontier.
    lost: bool,
    /// The seal whose leaves come now.
    seal: Option<CheckedSeal>,
    suspects: Vec<Suspect>,
    more_suspects: u64,
    /// Size of the last seal, signed or not.
    last_seal: u64,
    outside: Outside,
    leaves: u64,
    erased: u64,
    seals: u64,
    sealed: u64,
    findings: Findings,
}

impl CheckedSeal {
    /// Checks the signature: the costly part, which needs nothing else.
    pub(crate) fn new(seal: Seal, key: &VerifierKey) -> Self {
        let note = Note::parse(&seal.note).ok().filter(|note| note.is_signed_by(key));
        let signed = note.map(|note| (note.checkpoint().size, note.checkpoint().root));
        Self { seal, signed }
    }

    /// How many leaves it covers.
    pub(crate) const fn size(&self) -> u64 {
        self.seal.size
    }

    /// The root that was signed for just this size.
    fn root(&self) -> Option<Hash> {
        self.signed.filter(|(size, _)| *size == self.seal.size).map(|(_, root)| root)
    }

    /// The hash that it lists for a leaf.
    fn listed(&self, seq: u64) -> Option<Hash> {
        let index = usize::try_from(seq.checked_sub(self.seal.previous)?).ok()?;
        self.has_whole_list().then(|| self.seal.leaves.get(index).copied())?
    }

    fn has_whole_list(&self) -> bool {
        self.seal.size.checked_sub(self.seal.previous) == Some(self.seal.leaves.len() as u64)
    }
}

impl Checker {
    pub(crate) fn new(outside: Outside, findings: Findings) -> Self {
        Self {
            next: 0,
            found: Frontier::default(),
            listed: None,
            lost: false,
            seal: None,
            suspects: Vec::new(),
            more_suspects: 0,
            last_seal: 0,
            outside,
            leaves: 0,
            erased: 0,
            seals: 0,
            sealed: 0,
            findings,
        }
    }

    /// The next seal; its leaves follow. Ends the one before.
    pub(crate) fn open_seal(&mut self, seal: CheckedSeal) {
        self.close_seal();
        self.seals += 1;
        self.check_row(&seal);
        self.last_seal = seal.seal.size;
        self.seal = Some(seal);
    }

    /// The next leaf.
    pub(crate) fn leaf(&mut self, seq: u64, observed: Observed) {
        if seq < self.next {
            let message = format!("There is more than one leaf {seq}.");
            return self.findings.add(FindingKind::LeafForeign, seq, seq, message);
        }
        self.leaves += 1;
        if self.seal.as_ref().is_some_and(|seal| seq >= seal.seal.size) {
            self.close_seal();
        }
        self.missing_until(seq);
        let found = self.look_at(seq, observed);
        self.push(found);
    }

    /// Reports what a leaf's own row gives away.
    fn look_at(&mut self, seq: u64, observed: Observed) -> Found {
        let (found, problem) = match observed {
            Observed::Genuine(hash) => return Found::Leaf(hash),
            Observed::Erased(hash) => {
                self.erased += 1;
                return Found::Leaf(hash);
            }
            Observed::Edited(hash, parts) => (hash, format!("{parts} is not what was written")),
            Observed::Unreadable => (missing_leaf(), "its row can't be read as a leaf".to_owned()),
        };
        self.findings.add(FindingKind::LeafEdited, seq, seq, format!("Leaf {seq} was edited: {problem}."));
        Found::Reported(found)
    }

    /// Something is wrong that the caller saw.
    pub(crate) fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    /// No more leaves and seals.
    pub(crate) fn finish(mut self) -> Totals {
        self.close_seal();
        self.report_suspects();
        self.compare_outside();
        let outside = self.outside.finish(self.next, &mut self.findings);
        Totals {
            leaves: self.leaves,
            erased: self.erased,
            seals: self.seals,
            sealed: self.sealed,
            unsealed: self.next.saturating_sub(self.last_seal),
            outside,
            findings: self.findings,
        }
    }

    /// Compares a seal's row with its own note and with the seal before.
    fn check_row(&mut self, seal: &CheckedSeal) {
        let Seal { size, previous, root, .. } = seal.seal;
        let (first, last) = (previous.min(size.saturating_sub(1)), size.saturating_sub(1));
        if previous != self.last_seal {
            let message = format!(
                "Seals are gone: the one over {size} leaves follows one over {previous}, which is not there (the last \
                 one before covers {}).",
                self.last_seal
            );
            let last_gone = first.saturating_sub(1).max(self.last_seal);
            self.findings.add(FindingKind::SealMissing, self.last_seal, last_gone, message);
        }
        match seal.signed {
            None => self.findings.extend(FindingKind::SealForged, first, last, |first, last| {
                format!("Seals over {} do not carry the signature of this trail's key.", leaves(first, last))
            }),
            Some(signed) if signed != (size, root) => {
                let message = format!("The seal over {size} leaves was edited: its row is not what its note states.");
                self.findings.add(FindingKind::SealEdited, first, last, message);
            }
            Some(_) if !seal.has_whole_list() => {
                let message = format!("The seal over {size} leaves was edited: its list of leaf hashes is not whole.");
                self.findings.add(FindingKind::SealEdited, first, last, message);
            }
            Some(_) => {}
        }
    }

    /// Leaves before `seq` are not there.
    fn missing_until(&mut self, seq: u64) {
        while self.next < seq {
            let listed = self.seal.as_ref().and_then(|seal| seal.listed(self.next));
            match listed {
                Some(_) => self.push(Found::Nothing),
                None => return self.jump_to(seq),
            }
        }
    }

    /// Leaves are gone that no seal lists.
    fn jump_to(&mut self, seq: u64) {
        let (first, last) = (self.next, seq - 1);
        self.findings.extend(FindingKind::LeafMissing, first, last, missing);
        self.compare_outside();
        self.outside.skip_to(seq);
        self.lost = true;
        self.next = seq;
    }

    /// Takes the next leaf into the trees.
    fn push(&mut self, found: Found) {
        if self.outside.next_size() == Some(self.next) {
            self.compare_outside();
        }
        let in_place = match found {
            Found::Leaf(hash) | Found::Reported(hash) => hash,
            Found::Nothing => missing_leaf(),
        };
        let listed = self.seal.as_ref().and_then(|seal| seal.listed(self.next));
        if let Some(listed) = listed {
            self.suspect(found, listed);
        }
        let listed = listed.unwrap_or(in_place);
        if listed != in_place && self.listed.is_none() {
            self.listed = Some(self.found.clone());
        }
        self.found.push(in_place);
        if let Some(tree) = &mut self.listed {
            tree.push(listed);
        }
        self.next += 1;
    }

    /// Remembers what is not as listed.
    fn suspect(&mut self, found: Found, listed: Hash) {
        let seq = self.next;
        let gone_early = listed == missing_leaf();
        let is_full = self.suspects.len() >= MOST_SUSPECTS;
        match (found, self.suspects.last_mut()) {
            (Found::Reported(_), _) => {}
            (Found::Leaf(found), _) if found == listed => {}
            (Found::Nothing, Some(Suspect::Missing { last, before_sealing, .. }))
                if *last + 1 == seq && *before_sealing == gone_early =>
            {
                *last = seq;
            }
            _ if is_full => self.more_suspects += 1,
            (Found::Leaf(found), _) => self.suspects.push(Suspect::Differs { seq, found, listed }),
            (Found::Nothing, _) => {
                self.suspects.push(Suspect::Missing { first: seq, last: seq, before_sealing: gone_early });
            }
        }
    }

    /// The roots that the trail may be said to have now.
    fn compare_outside(&mut self) {
        if self.lost {
            return self.outside.compare(self.next, &[]);
        }
        let roots = [Some(&self.found), self.listed.as_ref()].into_iter().flatten().map(Frontier::root);
        self.outside.compare(self.next, &roots.collect::<Vec<_>>());
    }

    /// All leaves of the seal have come: its root decides.
    fn close_seal(&mut self) {
        let Some(seal) = &self.seal else { return };
        self.missing_until(seal.seal.size);
        let Some(seal) = self.seal.take() else { return };
        // A seal that is not signed decides nothing; the next one will.
        let Some(root) = seal.root() else { return };
        self.sealed = seal.seal.size;
        if !self.lost && self.listed.is_none() && self.found.root() == root {
            // The leaves that are there are the signed ones, unless a marker stands for one that is not.
            return self.report_suspects();
        }
        self.decide(&seal, root);
    }

    fn decide(&mut self, seal: &CheckedSeal, root: Hash) {
        let (first, last) = (seal.seal.previous, seal.seal.size.saturating_sub(1));
        if !self.lost && self.listed.as_ref().is_some_and(|listed| listed.root() == root) {
            self.report_suspects();
            self.found = self.listed.take().unwrap_or_default();
        } else if !self.lost && self.found.root() == root {
            let message = format!(
                "The seal over {} leaves was edited: its list of leaf hashes is not the signed one.",
                seal.seal.size
            );
            self.findings.add(FindingKind::SealEdited, first, last, message);
            self.suspects.retain(|suspect| matches!(suspect, Suspect::Missing { .. }));
            self.more_suspects = 0;
            self.report_suspects();
            self.listed = None;
        } else {
            self.report_suspects();
            self.findings.extend(FindingKind::RootDiffers, first, last, |first, last| {
                format!(
                    "The roots that were signed over {0} are not theirs: something among them was changed, together \
                     with the seals' lists.",
                    leaves(first, last)
                )
            });
            self.resume(seal, root);
        }
    }

    /// Goes on from the frontier that the seal itself has, if it is the signed one.
    fn resume(&mut self, seal: &CheckedSeal, root: Hash) {
        let frontier = seal.seal.frontier.clone();
        let frontier = frontier.filter(|frontier| frontier.size() == self.next && frontier.root() == root);
        self.listed = None;
        self.lost = frontier.is_none();
        self.found = frontier.unwrap_or_default();
    }

    fn report_suspects(&mut self) {
        if self.suspects.is_empty() {
            return;
        }
        let suspects = std::mem::take(&mut self.suspects);
        let numbers: HashMap<Hash, u64> = suspects.iter().filter_map(Suspect::listed).collect();
        for suspect in suspects {
            match suspect {
                Suspect::Missing { first, last, before_sealing: false } => {
                    self.findings.extend(FindingKind::LeafMissing, first, last, missing);
                }
                Suspect::Missing { first, last, before_sealing: true } => {
                    let message = format!("{} They were gone before they were sealed.", missing(first, last));
                    self.findings.add(FindingKind::LeafMissing, first, last, message);
                }
                Suspect::Differs { seq, found, .. } => self.report_difference(seq, numbers.get(&found).copied()),
            }
        }
        self.findings.count_more(std::mem::take(&mut self.more_suspects));
    }

    fn report_difference(&mut self, seq: u64, sealed_as: Option<u64>) {
        match sealed_as {
            Some(other) => {
                let message = format!("Leaf {seq} was moved: it was sealed as leaf {other}.");
                self.findings.add(FindingKind::LeafMoved, seq, seq, message);
            }
            None => {
                let message = format!("Leaf {seq} was replaced: another one was sealed under this number.");
                self.findings.add(FindingKind::LeafReplaced, seq, seq, message);
            }
        }
    }
}

impl Suspect {
    fn listed(&self) -> Option<(Hash, u64)> {
        match self {
            Self::Differs { seq, listed, .. } => Some((*listed, *seq)),
            Self::Missing { .. } => None,
        }
    }
}

fn missing(first: u64, last: u64) -> String {
    if first == last { format!("Leaf {first} is missing.") } else { format!("Leaves {first} to {last} are missing.") }
}

#[cfg(test)]
mod tests {
    use palisade_base::Instant;
    use proptest::prelude::*;

    use super::*;
    use crate::{key::SigningKey, seal};

    fn key() -> SigningKey {
        SigningKey::from_seed(&[7; 32]).unwrap()
    }

    fn hash(n: u64) -> Hash {
        stored(n, 0)
    }

    /// A leaf hash; another one for another variant.
    fn stored(n: u64, variant: u8) -> Hash {
        let mut commitments = [variant; 96];
        commitments[..8].copy_from_slice(&n.to_be_bytes());
        palisade_base::leaf::stored_leaf_hash(1, &commitments)
    }

    /// Leaves 0, 1, 2, … under seals of these lengths.
    fn seals(lengths: &[u64]) -> Vec<Seal> {
        let mut frontier = Frontier::default();
        let seal = |length: &u64| {
            let leaves = (frontier.size()..frontier.size() + length).map(hash).collect();
            seal::make(&mut frontier, leaves, &key(), Instant::from_micros(0))
        };
        lengths.iter().map(seal).collect()
    }

    fn check(leaves: &[(u64, Hash)], seals: Vec<Seal>) -> Totals {
        let mut checker = Checker::new(Outside::default(), Findings::default());
        let mut seals = seals.into_iter().map(|seal| CheckedSeal::new(seal, key().verifier()));
        let mut sealed = 0;
        for (seq, hash) in leaves {
            while *seq >= sealed {
                let Some(seal) = seals.next() else { break };
                sealed = seal.size();
                checker.open_seal(seal);
            }
            checker.leaf(*seq, Observed::Genuine(*hash));
        }
        seals.for_each(|seal| checker.open_seal(seal));
        checker.finish()
    }

    /// Something that somebody does to the leaves.
    #[derive(Clone, Debug)]
    enum Tampering {
        Replace(prop::sample::Index),
        Remove(prop::sample::Index),
        Swap(prop::sample::Index, prop::sample::Index),
        CutOff(prop::sample::Index),
    }

    fn tampering() -> impl Strategy<Value = Tampering> {
        let index = any::<prop::sample::Index>;
        prop_oneof![
            index().prop_map(Tampering::Replace),
            index().prop_map(Tampering::Remove),
            (index(), index()).prop_map(|(a, b)| Tampering::Swap(a, b)),
            index().prop_map(Tampering::CutOff),
        ]
    }

    impl Tampering {
        /// Does it; gives the leaves that are to blame.
        fn apply(&self, leaves: &mut Vec<(u64, Hash)>) -> Vec<u64> {
            let count = leaves.len();
            match self {
                Self::Replace(at) => {
                    let at = at.index(count);
                    leaves[at].1 = stored(at as u64, 1);
                    vec![at as u64]
                }
                Self::Remove(at) => vec![leaves.remove(at.index(count)).0],
                Self::Swap(a, b) => {
                    let (a, b) = (a.index(count), b.index(count));
                    let kept = leaves[a].1;
                    leaves[a].1 = leaves[b].1;
                    leaves[b].1 = kept;
                    if a == b { Vec::new() } else { vec![a as u64, b as u64] }
                }
                Self::CutOff(at) => leaves.split_off(at.index(count)).into_iter().map(|(seq, _)| seq).collect(),
            }
        }
    }

    proptest! {
        /// covers K6.2 (part)
        #[test]
        fn whatever_is_done_to_sealed_leaves_just_they_are_blamed(
            lengths in prop::collection::vec(1_u64..40, 1..8),
            tampering in tampering(),
        ) {
            let mut leaves: Vec<_> = (0..lengths.iter().sum()).map(|n| (n, hash(n))).collect();
            let mut blame = tampering.apply(&mut leaves);
            let (findings, more) = check(&leaves, seals(&lengths)).findings.into_parts();
            let mut blamed: Vec<u64> = findings.iter().flat_map(|finding| finding.first..=finding.last).collect();
            blame.sort_unstable();
            blamed.sort_unstable();
            prop_assert_eq!((blamed, more), (blame, 0), "{:?}", findings);
        }

        /// covers K6.2 (part)
        #[test]
        fn whatever_is_done_to_a_seals_list_the_leaves_are_not_blamed(
            lengths in prop::collection::vec(1_u64..40, 1..8),
            at in any::<prop::sample::Index>(),
            bit in 0..256_usize,
        ) {
            let leaves: Vec<_> = (0..lengths.iter().sum()).map(|n| (n, hash(n))).collect();
            let mut seals = seals(&lengths);
            let seal = at.index(seals.len());
            let length = seals[seal].leaves.len();
            seals[seal].leaves[at.index(length)][bit / 8] ^= 1 << (bit % 8);
            let (size, previous) = (seals[seal].size, seals[seal].previous);
            let (findings, _) = check(&leaves, seals).findings.into_parts();
            prop_assert_eq!(findings.len(), 1, "{:?}", &findings);
            prop_assert_eq!(findings[0].kind, FindingKind::SealEdited);
            prop_assert_eq!((findings[0].first, findings[0].last), (previous, size - 1));
        }
    }
}
