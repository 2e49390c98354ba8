//! What is wrong with a configuration: where, what, and what to do.

use std::{fmt, sync::Arc};

/// A line of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was asked for: `filter.d/sshd.conf`.
    pub file: Arc<str>,
    /// Counted from 1; 0 where it is about the whole file.
    pub line: usize,
}

impl Place {
    pub(crate) fn new(file: &str, line: usize) -> Self {
        Self { file: file.into(), line }
    }

    pub(crate) fn below(&self, lines: usize) -> Self {
        Self { file: Arc::clone(&self.file), line: self.line + lines }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}. {fix}")]
pub struct JailError {
    /// Where.
    pub place: Place,
    /// What is wrong, as a sentence without its full stop.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl JailError {
    pub(crate) fn new(place: Place, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { place, what: what.into(), fix: fix.into() }
    }
}

/// Something that works otherwise than whoever wrote the configuration may think.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// Where.
    pub place: Place,
    /// What is odd, as a sentence without its full stop.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl Warning {
    pub(crate) fn new(place: Place, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { place, what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.place, self.what, self.fix)
    }
}
