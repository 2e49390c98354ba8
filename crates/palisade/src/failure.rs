//! Why a command did not do its work, and the exit code that says so to scripts.

use std::{fmt, process::ExitCode};

use palisade_config::ConfigError;
use palisade_helper::FileError;
use palisade_server::control::{ClientError, FailureKind};

/// The exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0  done
  1  not done: refused, not found, or stood against by something; the message says why
  2  the command line or the configuration is wrong
  3  no server answers
  4  the database or a file can't be used
  5  the trail was tampered with
  6  something that the guides ask for is not in force";

/// Exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    NotDone = 1,
    Wrong = 2,
    NotRunning = 3,
    Unusable = 4,
    Tampered = 5,
    NotInForce = 6,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// What went wrong, where, and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    /// One word for programs.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: Code, kind: &'static str, message: impl Into<String>) -> Self {
        Self { code, kind, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Code::Unusable, "unusable", error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    /// From opening and serving: each cause on a line of its own.
    fn from(error: anyhow::Error) -> Self {
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        Self::new(Code::Unusable, "unusable", causes.join("\n  "))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Code::Wrong, "configuration", error.to_string())
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(Code::Wrong, "configuration", error.to_string())
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let (code, kind) = match &error {
            ClientError::NotRunning(_) => (Code::NotRunning, "not_running"),
            ClientError::Forbidden(_) => (Code::NotDone, "denied"),
            ClientError::Broken(_) => (Code::NotRunning, "broken"),
            ClientError::Refused(failure) => (Code::NotDone, kind_word(failure.kind)),
        };
        Self::new(code, kind, error.to_string())
    }
}

const fn kind_word(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Invalid => "invalid",
        FailureKind::Denied => "denied",
        FailureKind::NotFound => "not_found",
        FailureKind::Conflict => "conflict",
        FailureKind::Unavailable => "unavailable",
        FailureKind::Internal => "internal",
    }
}
