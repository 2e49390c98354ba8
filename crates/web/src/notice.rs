//! A short word on the next page: "Lena Ortiz was added."

use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, HeaderValue};
use palisade_base::Span;
use serde::{Deserialize, Serialize};

use crate::{component::Tone, cookie};

/// A notice for the page that a redirect leads to. It travels in a cookie of a minute's life that only this host can
/// set, is shown once, and is escaped like everything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it means.
    pub tone: Tone,
    /// What it says, in a sentence.
    pub text: String,
}

/// Longer texts are cut: a cookie has room for 4 KiB.
const MAX_CHARS: usize = 400;

impl Notice {
    /// It was done.
    pub fn ok(text: impl Into<String>) -> Self {
        Self { tone: Tone::Ok, text: text.into() }
    }

    /// Something to know.
    pub fn note(text: impl Into<String>) -> Self {
        Self { tone: Tone::Note, text: text.into() }
    }

    /// Something to look after.
    pub fn warn(text: impl Into<String>) -> Self {
        Self { tone: Tone::Warn, text: text.into() }
    }

    /// The `Set-Cookie` that carries it.
    #[must_use]
    pub fn set_cookie(&self) -> HeaderValue {
        let cut = Self { tone: self.tone, text: self.text.chars().take(MAX_CHARS).collect() };
        let json = serde_json::to_vec(&cut).unwrap_or_default();
        cookie::set(cookie::NOTICE, &BASE64URL_NOPAD.encode(&json), Some(Span::seconds(60)))
    }

    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let json = BASE64URL_NOPAD.decode(cookie::get(headers, cookie::NOTICE)?.as_bytes()).ok()?;
        serde_json::from_slice::<Self>(&json).ok().filter(|notice| notice.text.chars().count() <= MAX_CHARS)
    }
}
