//! What can be wrong with certificates.

use std::path::{Path, PathBuf};

use palisade_config::{Config, ConfigError, Finding};
use thiserror::Error as ThisError;

use crate::{pair, plan};

/// A certificate can't be had. Says what is wrong with which file, and what to do.
#[derive(Debug, ThisError)]
pub enum CertificateError {
    /// A certificate or key file can't be used.
    #[error("{path}: {problem}\n  {hint}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl CertificateError {
    pub(crate) fn file(path: &Path, problem: impl Into<String>, hint: &'static str) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into(), hint }
    }

    pub(crate) fn unwritable(path: &Path, error: &std::io::Error) -> Self {
        Self::file(path, format!("can't be written: {error}"), "Check that Palisade's user owns the data directory.")
    }
}

/// Looks at the certificate files that the configuration names, without serving or making any: each is PEM, and each
/// key belongs to its certificate.
///
/// # Errors
/// All that is wrong, as the configuration's own check says it.
pub fn check_certificates(config: &Config) -> Result<(), ConfigError> {
    let wrong = plan::named_files(config).into_iter().filter_map(|files| pair::read(&files).err());
    let findings: Vec<Finding> = wrong.map(|error| finding_of(&error)).collect();
    if findings.is_empty() { Ok(()) } else { Err(ConfigError::new(config.path().to_owned(), findings)) }
}

fn finding_of(error: &CertificateError) -> Finding {
    match error {
        CertificateError::File { path, problem, hint } => {
            Finding::error(None, format!("{} {problem}", path.display()), *hint)
        }
        other => Finding::error(None, other.to_string(), ""),
    }
}
