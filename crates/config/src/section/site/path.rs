//! Paths in the configuration, written in one way.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::checked_text;

/// A path and what is below it: `/app/user` is `/app/user` and `/app/user/7`, not `/app/users`.
///
/// It is written as it is after decoding. A path with `%`, `..`, `//` or the like could be read in two ways, so that a
/// rule might hold for another path than the one that its writer meant: those are refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathPrefix(String);

impl PathPrefix {
    /// Reads a path; a slash at its end makes no difference.
    ///
    /// # Errors
    /// What is wrong and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = |what: &str, hint: &str| Err(format!("{text:?} {what}\n  {hint}"));
        if !text.starts_with('/') {
            return bad("is no path of a site", "Begin it with a slash, without scheme and host: \"/app/user\".");
        }
        if text.len() > 1_024 {
            return bad("is too long", "A path has at most 1024 bytes.");
        }
        if text.contains(['?', '#', '*']) {
            let hint = "Leave out what follows a ? or #, and *: a path stands for all that is below it too.";
            return bad("is more than a path", hint);
        }
        if text.contains(['%', '\\']) || text.chars().any(char::is_control) {
            return bad(
                "is encoded",
                "Write the letters themselves, without % and \\: that is how paths are compared.",
            );
        }
        let plain = text.strip_suffix('/').unwrap_or(text);
        if plain.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
            return bad("is not written in its plain form", "Leave out \"//\", \"/./\" and \"/../\".");
        }
        Ok(Self(if plain.is_empty() { "/".to_owned() } else { plain.to_owned() }))
    }

    /// Every path.
    #[must_use]
    pub fn everything() -> Self {
        Self("/".to_owned())
    }

    /// The path, without a slash at its end; `/` is every path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a decoded path is this one, or below it.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        if self.0 == "/" {
            return true;
        }
        path.strip_prefix(self.0.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

checked_text!(PathPrefix, String, |path| path.0);
