//! What can go wrong with the trail itself.

use palisade_base::{Error, Kind};
use palisade_keys::VaultError;
use palisade_store::StoreError;
use thiserror::Error as ThisError;

/// The trail can't do what was asked.
#[derive(Debug, ThisError)]
pub enum TrailError {
    /// The last seal does not carry this trail's signature; sealing on would cover that up.
    #[error(
        "the last seal of the trail (after {size} leaves) was changed; no new seal is made\n  \
         Run `palisade trail verify` to see what else was, and restore the newest backup that verifies."
    )]
    ForgedSeal {
        /// The seal's size.
        size: u64,
    },
    /// The signing key can't be had.
    #[error("the key that signs seals can't be used: {0}")]
    Key(#[from] VaultError),
    /// Another node is doing it, again and again.
    #[error("other nodes are in the way; try again")]
    Contended,
    /// A file is no export of a trail.
    #[error("line {line} of the export is not what an export has there: {problem}")]
    Export {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// An export can't be written or read.
    #[error("the export can't be written or read: {0}")]
    Io(#[from] std::io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TrailError> for Error {
    fn from(error: TrailError) -> Self {
        match error {
            TrailError::Store(error) => error.into(),
            TrailError::Key(error) => error.into(),
            TrailError::Contended => {
                Self::new(Kind::Unavailable, "Others are busy with the same thing. Please try again.").caused_by(error)
            }
            TrailError::ForgedSeal { .. } => {
                Self::new(Kind::Unavailable, "The trail was tampered with and needs its administrator.")
                    .caused_by(error)
            }
            TrailError::Export { .. } => Self::new(Kind::Invalid, error.to_string()),
            TrailError::Io(_) => Self::internal(error),
        }
    }
}
