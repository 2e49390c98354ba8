//! What is remembered of a site's orders over restarts, so that a program that starts again and again does not order
//! again and again.

use std::path::{Path, PathBuf};

use palisade_base::Instant;
use serde::{Deserialize, Serialize};

use crate::{disk, status::Trouble};

/// What is remembered of a site's orders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// For which hosts, and from where.
    pub(crate) hosts: String,
    pub(crate) directory: String,
    /// Failures since the last success.
    pub(crate) failures: u32,
    /// When the next order is due.
    pub(crate) next: Instant,
    /// When to ask the CA for its wish again.
    pub(crate) ask: Option<Instant>,
    pub(crate) error: Option<RecordedError>,
}

/// The last failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedError {
    pub(crate) at: Instant,
    pub(crate) what: String,
}

impl Record {
    /// A record of nothing: an order is due at `next`.
    pub(crate) const fn new(hosts: String, directory: String, next: Instant) -> Self {
        Self { hosts, directory, failures: 0, next, ask: None, error: None }
    }

    /// `None` where there is none that can be used: then it begins anew.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&disk::read(path).ok()?).ok()
    }

    pub(crate) fn write(&self, path: &Path) {
        let Ok(text) = serde_json::to_vec(self) else { return };
        if let Err(error) = disk::write(path, &text, disk::PRIVATE) {
            tracing::error!(%error, "what is known of a site's orders could not be kept");
        }
    }

    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.error.as_ref().map(|error| Trouble { at: error.at, what: error.what.clone() })
    }
}

/// Where a site's record lies.
pub(crate) fn path_of(dir: &Path, site: &str) -> PathBuf {
    dir.join(format!("site-{site}.json"))
}
