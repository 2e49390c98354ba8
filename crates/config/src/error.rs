//! Errors of the configuration: file, line and column, what is wrong, what to do.

use std::{fmt, ops::Range, path::PathBuf};

/// Whether a finding keeps the configuration from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but somebody should know.
    Warning,
}

impl Severity {
    /// In lower case, for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is wrong, or that somebody should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is in the text: line and column from 1, and the line itself.
    pub place: Option<Place>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// A place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line.
    text: String,
    /// How many characters are meant.
    width: usize,
}

/// The configuration can't be used. (As a list of findings it also shows warnings alone.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, in the order of the file.
    pub findings: Vec<Finding>,
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// Findings in the order of the file; those without a place come first.
    #[must_use]
    pub fn new(path: PathBuf, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.place.as_ref().map(|place| (place.line, place.column)));
        Self { path, findings }
    }

    /// Whether one of them keeps the configuration from being used.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

impl Finding {
    /// Something that keeps the configuration from being used. [`crate::Config::place`] finds the place.
    #[must_use]
    pub fn error(place: Option<Place>, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place, what: what.into(), hint: hint.into() }
    }

    /// Something that somebody should know.
    #[must_use]
    pub fn warning(place: Option<Place>, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, what, hint) }
    }

    /// Splits a message of the form `what\n  hint`.
    pub(crate) fn from_message(message: &str, place: Option<Place>) -> Self {
        let (what, hint) = message.split_once('\n').unwrap_or((message, ""));
        let hint = if hint.trim().is_empty() { usual_hint(what) } else { hint.trim() };
        Self::error(place, what.trim(), hint)
    }
}

/// What helps against the messages that come from the TOML reader itself.
fn usual_hint(what: &str) -> &'static str {
    if what.starts_with("unknown field") {
        "Correct the spelling or take the key out; docs/configuration.md lists every key."
    } else if what.starts_with("unknown variant") {
        "Use one of the values that are listed."
    } else if what.starts_with("missing field") {
        "Add it; docs/configuration.md says what it is for."
    } else if what.starts_with("invalid type") {
        "Texts stand in quotation marks, numbers, true and false without, lists in [ ]."
    } else if what.contains("socket address") {
        "Write address and port: 127.0.0.1:8443, or [::]:443."
    } else if what.starts_with("invalid value") {
        "docs/configuration.md says what it can be."
    } else if what.starts_with("duplicate key") {
        "Keep one of the two."
    } else {
        "This line is not TOML: a key is written name = \"text\", a section [name]."
    }
}

impl Place {
    /// The place of these bytes in the text.
    pub(crate) fn locate(text: &str, span: Range<usize>) -> Self {
        let start = floor_boundary(text, span.start.min(text.len()));
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_text = text[line_start..].lines().next().unwrap_or("");
        let column = text[line_start..start].chars().count() + 1;
        let left = (line_text.chars().count() + 1).saturating_sub(column).max(1);
        let end = floor_boundary(text, span.end.clamp(start, text.len()));
        Self {
            line: before.matches('\n').count() + 1,
            column,
            width: text[start..end].chars().count().clamp(1, left),
            text: line_text.to_owned(),
        }
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, finding) in self.findings.iter().enumerate() {
            if number > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{}", self.path.display())?;
            if let Some(place) = &finding.place {
                write!(f, ":{}:{}", place.line, place.column)?;
            }
            let word = if finding.severity == Severity::Warning { "warning: " } else { "" };
            write!(f, ": {word}{}", finding.what)?;
            if let Some(place) = finding.place.as_ref().filter(|place| !holds_secret(&place.text)) {
                let gutter = place.line.to_string();
                let indent = " ".repeat(gutter.len());
                let (blank, marks) = (" ".repeat(place.column - 1), "^".repeat(place.width));
                write!(f, "\n{indent} |\n{gutter} | {}\n{indent} | {blank}{marks}", place.text)?;
            }
            write!(f, "\n  {}", finding.hint)?;
        }
        Ok(())
    }
}

/// A line with a URL may hold a password, and error messages end up in logs and tickets.
fn holds_secret(line: &str) -> bool {
    line.contains("url") || line.contains("://")
}
