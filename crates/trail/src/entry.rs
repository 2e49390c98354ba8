//! A leaf as it is shown.

use palisade_base::{Instant, leaf::Leaf};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A leaf as people and programs are shown it. Actors are ids; see [`crate::name_actors`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// When.
    #[serde(serialize_with = "as_text")]
    pub at: Instant,
    /// The category's stored name.
    pub category: String,
    /// Who, as [`palisade_base::Actor`] prints itself.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub resource: String,
    /// `success`, or `failure:` and why.
    pub outcome: String,
    /// The client's address.
    pub address: Option<String>,
    /// The session's id.
    pub session: Option<String>,
    /// The request's id.
    pub request: Option<String>,
    /// The user agent.
    pub agent: Option<String>,
    /// Changed fields (`changes`) and facts.
    pub detail: Option<Value>,
    /// The origin was erased after its time.
    pub origin_erased: bool,
    /// The detail was erased.
    pub detail_erased: bool,
    /// Somebody changed the row so that it can't be read; only its number is true. Verification tells more.
    pub unreadable: bool,
}

impl Entry {
    /// Whether what was tried succeeded.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.outcome == "success"
    }

    pub(crate) fn new(seq: u64, leaf: Leaf) -> Self {
        let (origin_erased, detail_erased) = (leaf.whence.is_none(), leaf.detail.is_none());
        let whence = leaf.whence.map(|(whence, _)| whence).unwrap_or_default();
        let what = leaf.what.0;
        Self {
            seq,
            at: what.at,
            category: what.category,
            actor: what.actor,
            action: what.action,
            resource: what.resource,
            outcome: what.outcome,
            address: whence.address,
            session: whence.session,
            request: whence.request,
            agent: whence.agent,
            detail: leaf.detail.and_then(|(detail, _)| detail).map(read_detail),
            origin_erased,
            detail_erased,
            unreadable: false,
        }
    }

    /// What is shown of a row that can't be read: one tampered row must not hide the others.
    pub(crate) fn unreadable(seq: u64) -> Self {
        Self {
            seq,
            at: Instant::from_micros(0),
            category: String::new(),
            actor: String::new(),
            action: "unreadable".into(),
            resource: String::new(),
            outcome: String::new(),
            address: None,
            session: None,
            request: None,
            agent: None,
            detail: None,
            origin_erased: false,
            detail_erased: false,
            unreadable: true,
        }
    }
}

/// The detail is JSON where nobody tampered with it; else it is shown as it is.
fn read_detail(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// Instants as RFC 3339, for programs that read the output.
pub(crate) fn as_text<S: Serializer>(at: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// The same, where there may be none.
pub(crate) fn as_text_if_any<S: Serializer>(at: &Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(at),
        None => serializer.serialize_none(),
    }
}
