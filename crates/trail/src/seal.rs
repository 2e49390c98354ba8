//! A seal: the signed statement that after so many leaves the tree has this root.

use palisade_base::{Instant, leaf::Hash};

use crate::{Frontier, Note, VerifierKey, key::SigningKey};

/// The most leaves that one seal covers: verification holds the hashes of one seal in memory.
pub(crate) const MOST_LEAVES: usize = 65_536;

/// A seal as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// How many leaves there were.
    pub size: u64,
    /// The size of the seal before; 0 for the first.
    pub previous: u64,
    /// The tree's root.
    pub root: Hash,
    /// The hashes of the leaves since the seal before.
    pub leaves: Vec<Hash>,
    /// The signed note.
    pub note: String,
    /// When it was made. Not signed: the leaves' own instants are what counts.
    pub at: Instant,
}

/// What the next seal goes on from.
pub(crate) struct Head {
    pub(crate) note: String,
    pub(crate) frontier: Frontier,
    pub(crate) at: Instant,
}

/// The last seal is not what this trail's key signed.
#[derive(Debug)]
pub(crate) struct ForgedHead;

impl Head {
    /// Checks that the frontier is the one whose root this key signed.
    pub(crate) fn check(&self, key: &VerifierKey) -> Result<(), ForgedHead> {
        let note = Note::parse(&self.note).map_err(|_| ForgedHead)?;
        let stated = note.checkpoint();
        let fits = stated.size == self.frontier.size() && stated.root == self.frontier.root();
        if fits && note.is_signed_by(key) { Ok(()) } else { Err(ForgedHead) }
    }
}

/// Adds leaves to a frontier and signs the result.
pub(crate) fn make(frontier: &mut Frontier, leaves: Vec<Hash>, key: &SigningKey, at: Instant) -> Seal {
    let previous = frontier.size();
    frontier.extend(leaves.iter().copied());
    let (size, root) = (frontier.size(), frontier.root());
    Seal { size, previous, root, leaves, note: Note::sign(size, root, key).to_text(), at }
}
