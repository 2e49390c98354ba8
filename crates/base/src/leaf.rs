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
        let [what, whence, detail] = self.commitments.0;
        self.version == VERSION
            && commit_what(&self.what.0, &self.what.1) == what
            && self.whence.as_ref().is_none_or(|(part, salt)| commit_whence(part, salt) == whence)
            && self.detail.as_ref().is_none_or(|(part, salt)| commit_detail(part.as_deref(), salt) == detail)
    }
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
        let mut hasher = Sha256::new();
        hasher.update([0x00, version]);
        for commitment in &self.0 {
            hasher.update(commitment);
        }
        hasher.finalize().into()
    }
}

/// RFC 9162, section 2.1.1: the hash of an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

fn commit_what(what: &What, salt: &Salt) -> Hash {
    let mut part = Part::new("what", salt);
    part.field(Some(&what.at.as_micros().to_be_bytes()));
    for text in [&what.category, &what.actor, &what.action, &what.resource, &what.outcome] {
        part.field(Some(text.as_bytes()));
    }
    part.finish()
}

fn commit_whence(whence: &Whence, salt: &Salt) -> Hash {
    let mut part = Part::new("origin", salt);
    for text in [&whence.address, &whence.session, &whence.request, &whence.agent] {
        part.field(text.as_ref().map(String::as_bytes));
    }
    part.finish()
}

fn commit_detail(detail: Option<&str>, salt: &Salt) -> Hash {
    let mut part = Part::new("detail", salt);
    part.field(detail.map(str::as_bytes));
    part.finish()
}

/// Fields are length-prefixed and absence is marked, so no two different parts have the same encoding.
struct Part(Sha256);

impl Part {
    fn new(name: &str, salt: &Salt) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(salt);
        hasher.update(name.as_bytes());
        Self(hasher)
    }

    fn field(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.0.update([0]),
            Some(bytes) => {
                self.0.update([1]);
                self.0.update((bytes.len() as u64).to_be_bytes());
                self.0.update(bytes);
            }
        }
    }

    fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}
