//! The four meanings, each by icon and word, never by colour alone.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::html_safe;
use crate::Icon;

/// What something means for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// As it should be.
    Ok,
    /// Good to know.
    Note,
    /// To be looked after.
    Warn,
    /// Not in order, or not allowed.
    Stop,
}

impl Tone {
    /// Its class in the style sheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Stop => "stop",
        }
    }

    /// Its picture.
    #[must_use]
    pub const fn icon(self) -> Icon {
        match self {
            Self::Ok => Icon::Ok,
            Self::Note => Icon::Note,
            Self::Warn => Icon::Warn,
            Self::Stop => Icon::Stop,
        }
    }
}

/// A state in a word or two.
#[derive(Template)]
#[template(
    source = r#"<span class="badge {{ class }}">{% if let Some(icon) = icon %}{{ icon }}{% endif %}{{ word }}</span>"#,
    ext = "html"
)]
pub struct Badge {
    class: &'static str,
    icon: Option<Icon>,
    word: String,
}

impl Badge {
    /// A state with a meaning.
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { class: tone.class(), icon: Some(tone.icon()), word: word.into() }
    }

    /// As it should be.
    pub fn ok(word: impl Into<String>) -> Self {
        Self::new(Tone::Ok, word)
    }

    /// Good to know.
    pub fn note(word: impl Into<String>) -> Self {
        Self::new(Tone::Note, word)
    }

    /// To be looked after.
    pub fn warn(word: impl Into<String>) -> Self {
        Self::new(Tone::Warn, word)
    }

    /// Not in order.
    pub fn stop(word: impl Into<String>) -> Self {
        Self::new(Tone::Stop, word)
    }

    /// A state that means nothing in particular.
    pub fn plain(word: impl Into<String>) -> Self {
        Self { class: "plain", icon: None, word: word.into() }
    }
}

html_safe!(Badge);
