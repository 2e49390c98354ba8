//! The leaf of the trail: how an entry is encoded and hashed.
//!
//! A leaf commits to three parts that live for different times: **what** happened (kept for ever; names people only
//! by id), the **origin** (address, session, agent; erased after its retention) and the **detail** (values before and
//! after; erased with the person). Each part has a salt of its own. The leaf hash covers only the three commitments,
//! so erasing a part together with its salt leaves the tree valid, and nobody can guess the erased values from the
//! commitment. Hashing follows RFC 9162: a leaf is `SHA-256(0x00 ‖ leaf)`, a node `SHA-256(0x01 ‖ left ‖ right)`.

use sha2::{Digest, Sha256};

use crate::{Env, Instant, TrailEntry};

/// The version of the encoding that is written now.
pub const VERSION: u8 = 1;

/// A SHA-256 hash.
pub type Hash = [u8; 32];
/// A part's salt.
pub type Salt = [u8; 16];

/// The first part: what happened. Never erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct What {
    /// When.
    pub at: Instant,
    /// The category's stored name.
    pub category: String,
    /// Who, as [`crate::Actor`] prints itself.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub resource: String,
    /// With what success.
    pub outcome: String,
}

/// The second part: where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whence {
    /// The client's address.
    pub address: Option<String>,
    /// The session's id.
    pub session: Option<String>,
    /// The request's id.
    pub request: Option<String>,
    /// The user agent.
    pub agent: Option<String>,
}

/// The three commitments of a leaf, in order: what, origin, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitments(pub [Hash; 3]);

/// A leaf as it is stored: the commitments, and the parts with their salts as long as they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The encoding's version.
    pub version: u8,
    /// What the tree covers.
    pub commitments: Commitments,
    /// What happened, with its salt.
    pub what: (What, Salt),
    /// Where it came from, with its salt; `None` once erased.
    pub whence: Option<(Whence, Salt)>,
    /// The detail as JSON text (`None` inside where there was none), with its salt; `None` once erased.
    pub detail: Option<(Option<String>, Salt)>,
}

impl Leaf {
    /// Builds the leaf of an entry, with fresh salts.
    #[must_use]
    pub fn of(entry: &TrailEntry, at: Instant, env: &Env) -> Self {
        let what = What {
            at,
            category: entry.category.as_str().to_owned(),
            actor: entry.actor.to_string(),
            action: entry.action.to_owned(),
            resource: entry.resource.to_string(),
            outcome: entry.outcome.to_string(),
        };
        let whence = Whence {
            address: entry.origin.address.map(|a| a.to_canonical().to_string()),
            session: entry.origin.session.map(|s| s.to_string()),
            request: entry.origin.request.map(|r| r.to_string()),
            agent: entry.origin.agent.clone(),
        };
        let detail = entry.detail();
        let salts: [u8; 48] = env.bytes();
        let salt = |n: usize| -> Salt { std::array::from_fn(|i| salts[n * 16 + i]) };
        let commitments = Commitments([
            commit_what(&what, &salt(0)),
            commit_whence(&whence, &salt(1)),
            commit_detail(detail.as_deref(), &salt(2)),
        ]);
        Self {
            version: VERSION,
            commitments,
            what: (what, salt(0)),
            whence: Some((whence, salt(1))),
            detail: Some((detail, salt(2))),
        }
    }

    /// The leaf's hash in the tree.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.commitments.leaf_hash(self.version)
    }

    /// Whether the parts that are still there are the ones that were committed to.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        self.edited_part().is_none()
    }

    /// The first part that is not the one that was committed to, in words for people; `None` for a genuine leaf.
    #[must_use]
    pub fn edited_part(&self) -> Option<&'static str> {
        let [what, whence, detail] = self.commitments.0;
        if self.version != VERSION {
            return Some("the version");
        }
        if commit_what(&self.what.0, &self.what.1) != what {
            return Some("what happened (time, category, actor, action, resource or outcome)");
        }
        if self.whence.as_ref().is_some_and(|(part, salt)| commit_whence(part, salt) != whence) {
            return Some("the origin (address, session, request or agent)");
        }
        if self.detail.as_ref().is_some_and(|(part, salt)| commit_detail(part.as_deref(), salt) != detail) {
            return Some("the detail");
        }
        None
    }
}

/// A leaf's stored columns, borrowed: what a verification reads millions of.
#[derive(Clone, Copy, Debug)]
pub struct StoredLeaf<'a> {
    /// The encoding's version.
    pub version: u8,
    /// The three commitments, 96 bytes.
    pub commitments: &'a [u8; 96],
    /// When.
    pub at: Instant,
    /// Category, actor, action, resource, outcome, and the salt.
    pub what: ([&'a [u8]; 5], &'a Salt),
    /// Address, session, request, agent, and the salt; `None` once erased.
    pub whence: Option<([Option<&'a [u8]>; 4], &'a Salt)>,
    /// The detail, and the salt; `None` once erased.
    pub detail: Option<(Option<&'a [u8]>, &'a Salt)>,
}

impl StoredLeaf<'_> {
    /// Whether the parts that are still there are the ones that were committed to. `buffer` is scratch space.
    #[must_use]
    pub fn is_genuine(&self, buffer: &mut Vec<u8>) -> bool {
        let (what, what_salt) = self.what;
        let commitment = |n: usize| &self.commitments[n * 32..(n + 1) * 32];
        self.version == VERSION
            && what_commitment(self.at, what, what_salt, buffer) == commitment(0)
            && self.whence.is_none_or(|(texts, salt)| whence_commitment(texts, salt, buffer) == commitment(1))
            && self.detail.is_none_or(|(detail, salt)| detail_commitment(detail, salt, buffer) == commitment(2))
    }

    /// The leaf's hash in the tree, by its commitments.
    #[must_use]
    pub fn hash(&self) -> Hash {
        stored_leaf_hash(self.version, self.commitments)
    }
}

/// RFC 9162, section 2.1.1: the hash of a leaf whose bytes are the version and the 96 bytes of commitments.
#[must_use]
pub fn stored_leaf_hash(version: u8, commitments: &[u8; 96]) -> Hash {
    let mut leaf = [0; 98];
    leaf[1] = version;
    leaf[2..].copy_from_slice(commitments);
    Sha256::digest(leaf).into()
}

impl Commitments {
    /// As stored: 96 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// From 96 stored bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let part = |n: usize| bytes.get(n * 32..(n + 1) * 32)?.try_into().ok();
        (bytes.len() == 96).then_some(())?;
        Some(Self([part(0)?, part(1)?, part(2)?]))
    }

    /// RFC 9162, section 2.1.1: the hash of a leaf whose bytes are the version and the commitments.
    #[must_use]
    pub fn leaf_hash(&self, version: u8) -> Hash {
        let mut leaf = [0; 96];
        for (part, commitment) in leaf.chunks_exact_mut(32).zip(&self.0) {
            part.copy_from_slice(commitment);
        }
        stored_leaf_hash(version, &leaf)
    }
}

/// RFC 9162, section 2.1.1: the hash of an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut node = [1; 65];
    node[1..33].copy_from_slice(left);
    node[33..].copy_from_slice(right);
    Sha256::digest(node).into()
}

fn commit_what(what: &What, salt: &Salt) -> Hash {
    let texts = [&what.category, &what.actor, &what.action, &what.resource, &what.outcome];
    what_commitment(what.at, texts.map(|text| text.as_bytes()), salt, &mut Vec::new())
}

fn commit_whence(whence: &Whence, salt: &Salt) -> Hash {
    let texts = [&whence.address, &whence.session, &whence.request, &whence.agent];
    whence_commitment(texts.map(|text| text.as_ref().map(String::as_bytes)), salt, &mut Vec::new())
}

fn commit_detail(detail: Option<&str>, salt: &Salt) -> Hash {
    detail_commitment(detail.map(str::as_bytes), salt, &mut Vec::new())
}

fn what_commitment(at: Instant, texts: [&[u8]; 5], salt: &Salt, buffer: &mut Vec<u8>) -> Hash {
    let mut part = Part::new(buffer, "what", salt);
    part.field(Some(&at.as_micros().to_be_bytes()));
    texts.into_iter().for_each(|text| part.field(Some(text)));
    part.finish()
}

fn whence_commitment(texts: [Option<&[u8]>; 4], salt: &Salt, buffer: &mut Vec<u8>) -> Hash {
    let mut part = Part::new(buffer, "origin", salt);
    texts.into_iter().for_each(|text| part.field(text));
    part.finish()
}

fn detail_commitment(detail: Option<&[u8]>, salt: &Salt, buffer: &mut Vec<u8>) -> Hash {
    let mut part = Part::new(buffer, "detail", salt);
    part.field(detail);
    part.finish()
}

/// Fields are length-prefixed and absence is marked, so no two different parts have the same encoding.
/// They are put together first and hashed in one go, which is twice as fast as hashing them bit by bit.
struct Part<'a>(&'a mut Vec<u8>);

impl<'a> Part<'a> {
    fn new(buffer: &'a mut Vec<u8>, name: &str, salt: &Salt) -> Self {
        buffer.clear();
        buffer.extend_from_slice(salt);
        buffer.extend_from_slice(name.as_bytes());
        Self(buffer)
    }

    fn field(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.0.push(0),
            Some(bytes) => {
                self.0.push(1);
                self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
                self.0.extend_from_slice(bytes);
            }
        }
    }

    fn finish(self) -> Hash {
        Sha256::digest(self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leaf's encoding is for ever: these bytes are put together by hand from the description at the top.
    #[test]
    fn the_encoding_is_the_described_one() {
        let what = What {
            at: Instant::from_micros(1),
            category: "change".into(),
            actor: "a".into(),
            action: "b".into(),
            resource: "c".into(),
            outcome: "success".into(),
        };
        let mut bytes = [7; 16].to_vec();
        bytes.extend(b"what\x01\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\x01");
        bytes.extend(b"\x01\0\0\0\0\0\0\0\x06change\x01\0\0\0\0\0\0\0\x01a\x01\0\0\0\0\0\0\0\x01b");
        bytes.extend(b"\x01\0\0\0\0\0\0\0\x01c\x01\0\0\0\0\0\0\0\x07success");
        assert_eq!(commit_what(&what, &[7; 16]), <Hash>::from(Sha256::digest(&bytes)));
        let whence = Whence { session: Some("s".into()), ..Whence::default() };
        let bytes = [&[7; 16], b"origin\0\x01\0\0\0\0\0\0\0\x01s\0\0".as_slice()].concat();
        assert_eq!(commit_whence(&whence, &[7; 16]), <Hash>::from(Sha256::digest(bytes)));
        let bytes = [&[7; 16], b"detail\0".as_slice()].concat();
        assert_eq!(commit_detail(None, &[7; 16]), <Hash>::from(Sha256::digest(bytes)));
    }
}
