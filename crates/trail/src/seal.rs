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
    /// What the next seal goes on from; `None` where it can't be read.
    pub frontier: Option<Frontier>,
    /// The signed note.
    pub note: String,
    /// When it was made. Not signed: the leaves' own instants are what counts.
    pub at: Instant,
}

/// What the next seal goes on from.
pub(crate) struct Head {
    pub(crate) size: u64,
    pub(crate) note: String,
    /// `None` where it can't be read.
    pub(crate) frontier: Option<Frontier>,
    pub(crate) at: Instant,
}

impl Head {
    /// The frontier, if this key signed its root.
    pub(crate) fn into_frontier(self, key: &VerifierKey) -> Option<Frontier> {
        let note = Note::parse(&self.note).ok().filter(|note| note.is_signed_by(key))?;
        let stated = note.checkpoint();
        self.frontier.filter(|frontier| frontier.size() == stated.size && frontier.root() == stated.root)
    }
}

/// Adds leaves to a frontier and signs the result.
pub(crate) fn make(frontier: &mut Frontier, leaves: Vec<Hash>, key: &SigningKey, at: Instant) -> Seal {
    let previous = frontier.size();
    frontier.extend(leaves.iter().copied());
    let (size, root) = (frontier.size(), frontier.root());
    let note = Note::sign(size, root, key).to_text();
    Seal { size, previous, root, leaves, frontier: Some(frontier.clone()), note, at }
}
