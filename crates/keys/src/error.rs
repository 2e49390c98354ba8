//! What can go wrong with keys.

use std::{io, path::PathBuf};

use palisade_base::{Error, Kind};
use palisade_store::StoreError;
use thiserror::Error as ThisError;
use uuid::Uuid;

/// The key file can't be used. Each says what is wrong, where, and what to do; none shows a byte of the key.
#[derive(Debug, ThisError)]
pub enum KeyFileError {
    /// There is no such file.
    #[error(
        "the key file {0} is not there\n  \
         Put the file, or its copy, back in place. Only a new installation makes a new one (`palisade setup`)."
    )]
    Missing(PathBuf),
    /// There is one already; it is never overwritten.
    #[error(
        "the key file {0} exists already and was left as it is\n  \
         What is encrypted under it needs it. Give another name for a new one."
    )]
    Exists(PathBuf),
    /// Other users of the machine can read or change it.
    #[error("the key file {path} is open to other users (mode {mode:04o})\n  Run: chmod 600 '{path}'", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds something else.
    #[error(
        "{path} is not a whole key file: {problem}\n  It was cut off, edited or is another file: put its copy back in place.",
        path = path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It can't be read or written.
    #[error("the key file {path} can't be used: {cause}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's words.
        cause: io::Error,
    },
}

/// The vault can't do what was asked.
#[derive(Debug, ThisError)]
pub enum VaultError {
    /// The database's data keys are wrapped by another key file.
    #[error(
        "this database is locked with the key file {wanted}, but {origin} is the key file {given}\n  \
         Put the key file that belongs to this database in place (it, or its copy, was kept outside the database)."
    )]
    WrongKeyFile {
        /// Fingerprint of the key file that the database wants.
        wanted: String,
        /// Fingerprint of the one that was given.
        given: String,
        /// Where the given one came from.
        origin: String,
    },
    /// A row of `vault_key` does not unwrap although the key file is the right one.
    #[error("the data key {0} in table vault_key was changed or damaged\n  Restore the newest backup of the database.")]
    DamagedKey(Uuid),
    /// A value was encrypted under a data key that the table does not have.
    #[error("a value is encrypted under the data key {0}, which table vault_key does not have")]
    UnknownKey(Uuid),
    /// The value was moved from elsewhere, changed, or is no encrypted value at all.
    #[error("the encrypted value in {0} was changed, or moved there from another row")]
    NotGenuine(String),
    /// The place is in no registered column; a rotation would miss it.
    #[error("the column {0} is not registered as encrypted")]
    Unregistered(String),
    /// The data key has encrypted as many values as is safe.
    #[error("the data key {0} has encrypted as many values as is safe; a rotation is due")]
    Exhausted(Uuid),
    /// A named secret has another length than the program wants.
    #[error("the secret {name} has {found} bytes, not {wanted}")]
    Length {
        /// Its name.
        name: &'static str,
        /// Bytes found.
        found: usize,
        /// Bytes wanted.
        wanted: usize,
    },
    /// The cryptographic library refused; it gives no reasons.
    #[error("the cryptographic library refused the operation")]
    Refused,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error.into(),
            VaultError::Exhausted(_) | VaultError::UnknownKey(_) => {
                Self::new(Kind::Unavailable, "Secrets can't be handled at the moment. Nothing was changed.")
                    .caused_by(error)
            }
            other => Self::internal(other),
        }
    }
}
