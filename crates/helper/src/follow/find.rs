//! Which files match, and which file is which.

use std::{
    fmt, fs,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

use glob::{MatchOptions, Pattern};
use serde::{Deserialize, Serialize};

use super::MAX_FILES;

/// As the shell and fail2ban read patterns: a star stands for no slash, and for no dot at the start of a name.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A path to a log file, or a pattern for several: `/var/log/nginx/*error.log`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogPattern(String);

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is no path to a log file: {why}")]
pub struct BadPattern {
    pattern: String,
    why: &'static str,
}

impl LogPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let bad = |why| Err(BadPattern { pattern: text.to_owned(), why });
        if !text.starts_with('/') {
            return bad("write it whole, from / on");
        }
        if Path::new(text).components().any(|part| part == Component::ParentDir) {
            return bad("write it without ..");
        }
        if text.contains("**") {
            return bad("name the folders; ** would search whole trees again and again");
        }
        match Pattern::new(text) {
            Ok(_) if text.len() <= 4096 => Ok(Self(text.to_owned())),
            Ok(_) => bad("it is longer than a path can be"),
            Err(_) => bad("a [ needs its ], and * ? [ stand for parts of names"),
        }
    }

    /// The folder under which all that matches lies: the path up to the first part with a wildcard.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let is_plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
        let parts: Vec<_> = Path::new(&self.0).components().collect();
        let above = parts.get(..parts.len().saturating_sub(1)).unwrap_or_default();
        above.iter().take_while(|part| is_plain(part)).collect()
    }
}

impl fmt::Display for LogPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for LogPattern {
    type Error = BadPattern;

    fn try_from(text: String) -> Result<Self, BadPattern> {
        Self::parse(&text)
    }
}

impl From<LogPattern> for String {
    fn from(pattern: LogPattern) -> Self {
        pattern.0
    }
}

/// What makes a file the same file under another name: device and inode.
pub(super) type Identity = (u64, u64);

/// A file that matches.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
    pub(super) pattern: String,
}

/// The regular files that match, each once, in the order of patterns and names.
pub(super) fn find(patterns: &[LogPattern], problems: &mut Vec<String>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for pattern in patterns {
        let before = found.len();
        let mut is_known = false;
        for path in glob::glob_with(&pattern.0, OPTIONS).into_iter().flatten() {
            let Ok(path) = path else { continue };
            let Some(identity) = identify(&path) else { continue };
            if found.iter().any(|other| other.identity == identity) {
                is_known = true;
            } else if found.len() >= MAX_FILES {
                problems.push(format!("{pattern} matches too many files; {MAX_FILES} at most are followed"));
                return found;
            } else if path.to_str().is_some() {
                found.push(Found { path, identity, pattern: pattern.0.clone() });
            }
        }
        if found.len() == before && !is_known {
            problems.push(format!("no file matches {pattern}"));
        }
    }
    found
}

/// Which file this is, through links; `None` where it is no regular file.
pub(super) fn identify(path: &Path) -> Option<Identity> {
    let about = fs::metadata(path).ok()?;
    about.is_file().then(|| (about.dev(), about.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_whole_path_and_names_its_folder() {
        let folder = |text: &str| LogPattern::parse(text).unwrap().folder();
        assert_eq!(folder("/var/log/auth.log"), Path::new("/var/log"));
        assert_eq!(folder("/var/log/nginx/*error.log"), Path::new("/var/log/nginx"));
        assert_eq!(folder("/srv/sites/*/log/access.log"), Path::new("/srv/sites"));
        assert_eq!(folder("/x.log"), Path::new("/"));
        for bad in ["auth.log", "", "/var/log/**/x", "/var/log/../../etc/shadow", "/var/log/[a"] {
            assert!(LogPattern::parse(bad).is_err(), "{bad}");
        }
    }
}
