//! The lines of an export.

use data_encoding::BASE64;
use palisade_base::{
    Instant,
    leaf::{Commitments, Leaf, Salt, What, Whence},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Frontier, Seal, tree::hashes};

/// One line: an object with one key that says what it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "the largest one is the common one, and only one line is held at a time")]
pub(super) enum Line {
    Head(HeadLine),
    Seal(SealLine),
    Leaf(LeafLine),
    End(EndLine),
}

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadLine {
    /// The version of this format.
    pub(super) version: u64,
    /// The key that checks the seals, as the exporting Palisade says. Compare it with one that was noted down before.
    pub(super) vkey: String,
    /// One more than the number of the last leaf.
    pub(super) end: u64,
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndLine {
    pub(super) leaves: u64,
    pub(super) seals: u64,
}

/// A seal. Binary values are base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealLine {
    size: u64,
    previous: u64,
    root: Bytes,
    leaves: Bytes,
    frontier: Option<Bytes>,
    note: String,
    /// Microseconds since 1970.
    at: Instant,
}

/// A leaf. Its parts are there unless they were erased; `content` is absent where the row could not be read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeafLine {
    pub(super) seq: u64,
    content: Option<Content>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u8,
    commitments: Bytes,
    what: WhatPart,
    origin: Option<OriginPart>,
    detail: Option<DetailPart>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhatPart {
    /// Microseconds since 1970.
    at: Instant,
    category: String,
    actor: String,
    action: String,
    resource: String,
    outcome: String,
    salt: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OriginPart {
    address: Option<String>,
    session: Option<String>,
    request: Option<String>,
    agent: Option<String>,
    salt: Bytes,
}

/// The text is what was committed to, byte by byte; it is JSON itself.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DetailPart {
    text: Option<String>,
    salt: Bytes,
}

/// Bytes, written as base64.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map(Self).map_err(|_| D::Error::custom("a value is not base64"))
    }
}

impl Bytes {
    fn salt(&self) -> Option<Salt> {
        self.0.as_slice().try_into().ok()
    }
}

impl SealLine {
    pub(super) fn new(seal: &Seal) -> Self {
        Self {
            size: seal.size,
            previous: seal.previous,
            root: Bytes(seal.root.to_vec()),
            leaves: Bytes(seal.leaves.concat()),
            frontier: seal.frontier.as_ref().map(|frontier| Bytes(frontier.to_bytes())),
            note: seal.note.clone(),
            at: seal.at,
        }
    }

    /// The seal; what can't be read in it is empty, which its check then finds.
    pub(super) fn into_seal(self) -> Seal {
        Seal {
            size: self.size,
            previous: self.previous,
            root: self.root.0.try_into().unwrap_or_default(),
            leaves: hashes(&self.leaves.0).unwrap_or_default(),
            frontier: self.frontier.and_then(|frontier| Frontier::from_bytes(self.size, &frontier.0)),
            note: self.note,
            at: self.at,
        }
    }
}

impl LeafLine {
    pub(super) fn new(seq: u64, leaf: Option<Leaf>) -> Self {
        Self { seq, content: leaf.map(Content::new) }
    }

    /// The leaf; `None` where it can't be one.
    pub(super) fn into_leaf(self) -> Option<Leaf> {
        let content = self.content?;
        let what = content.what;
        let salt = what.salt.salt()?;
        let (at, category, actor) = (what.at, what.category, what.actor);
        let what = What { at, category, actor, action: what.action, resource: what.resource, outcome: what.outcome };
        let whence = match content.origin {
            None => None,
            Some(OriginPart { address, session, request, agent, salt }) => {
                Some((Whence { address, session, request, agent }, salt.salt()?))
            }
        };
        let detail = match content.detail {
            None => None,
            Some(detail) => Some((detail.text, detail.salt.salt()?)),
        };
        let commitments = Commitments::from_bytes(&content.commitments.0)?;
        Some(Leaf { version: content.version, commitments, what: (what, salt), whence, detail })
    }
}

impl Content {
    fn new(leaf: Leaf) -> Self {
        let (what, salt) = leaf.what;
        let what = WhatPart {
            at: what.at,
            category: what.category,
            actor: what.actor,
            action: what.action,
            resource: what.resource,
            outcome: what.outcome,
            salt: Bytes(salt.to_vec()),
        };
        let origin = leaf.whence.map(|(whence, salt)| {
            let Whence { address, session, request, agent } = whence;
            OriginPart { address, session, request, agent, salt: Bytes(salt.to_vec()) }
        });
        let detail = leaf.detail.map(|(text, salt)| DetailPart { text, salt: Bytes(salt.to_vec()) });
        Self { version: leaf.version, commitments: Bytes(leaf.commitments.to_bytes()), what, origin, detail }
    }
}
