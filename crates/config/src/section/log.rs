//! `[log]`

use serde::{Deserialize, Serialize};

use crate::reference::section;

section! {
    /// What is logged, and how. Logs go to standard error.
    "[log]" LogConfig {
        /// `error`, `warn`, `info`, `debug` or `trace`.
        level: LogLevel = LogLevel::Info,
        /// `text` for people, `json` for programs: one object a line.
        format: LogFormat = LogFormat::Text,
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what looks wrong.
    Warn,
    /// And every request.
    Info,
    /// And what helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// As written in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}
