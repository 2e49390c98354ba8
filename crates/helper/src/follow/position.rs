//! Where reading stands, as plain data.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{LogPattern, find::Identity};

/// So much of a file's beginning, and of what was read last, tells whether it is still the same file.
const PRINT_BYTES: u64 = 256;

/// Where reading stands in all files of a follower.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions {
    /// The patterns that were followed. Files of another pattern are new to the follower, and begin at their end.
    pub patterns: Vec<String>,
    /// The files.
    pub files: Vec<Position>,
}

/// Where reading stands in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The name under which it was found.
    pub path: PathBuf,
    /// Its device, as the system numbers them.
    pub device: u64,
    /// Its inode: it stays the same when the file gets another name.
    pub inode: u64,
    /// So many bytes have been read.
    pub offset: u64,
    /// What follows is the rest of a line that was cut.
    pub is_in_cut_line: bool,
    /// Of the first bytes that were read.
    pub head: Fingerprint,
    /// Of the last bytes that were read.
    pub tail: Fingerprint,
}

/// By which a few bytes of a file are known again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// How many bytes.
    pub length: u64,
    /// The first 64 bits of their SHA-256.
    pub hash: u64,
}

impl Positions {
    pub(super) fn of(&self, identity: Identity) -> Option<&Position> {
        self.files.iter().find(|position| position.identity() == identity)
    }

    /// Whether a file of these positions is (still) asked for.
    pub(super) fn is_of(&self, position: &Position, patterns: &[LogPattern]) -> bool {
        let matches = |pattern: &String| glob::Pattern::new(pattern).is_ok_and(|p| p.matches_path(&position.path));
        patterns.iter().map(ToString::to_string).any(|pattern| self.patterns.contains(&pattern) && matches(&pattern))
    }
}

impl Position {
    pub(super) const fn identity(&self) -> Identity {
        (self.device, self.inode)
    }
}

impl Fingerprint {
    /// Of the first bytes of what was read up to `offset`.
    pub(super) fn of_head(file: &File, offset: u64) -> io::Result<Self> {
        Self::read(file, 0, offset.min(PRINT_BYTES))
    }

    /// Of the last bytes before `offset`.
    pub(super) fn of_tail(file: &File, offset: u64) -> io::Result<Self> {
        let length = offset.min(PRINT_BYTES);
        Self::read(file, offset - length, length)
    }

    /// Whether the file still begins like this.
    pub(super) fn is_head_of(&self, file: &File) -> bool {
        Self::read(file, 0, self.length.min(PRINT_BYTES)).is_ok_and(|now| now == *self)
    }

    /// Whether this still stands before `offset`.
    pub(super) fn is_tail_of(&self, file: &File, offset: u64) -> bool {
        let length = self.length.min(PRINT_BYTES);
        length <= offset && Self::read(file, offset - length, length).is_ok_and(|now| now == *self)
    }

    /// Of no bytes there is none, which fits everywhere.
    fn read(file: &File, at: u64, length: u64) -> io::Result<Self> {
        if length == 0 {
            return Ok(Self::default());
        }
        let mut bytes = [0; PRINT_BYTES as usize];
        let bytes = &mut bytes[..usize::try_from(length).unwrap_or(0)];
        file.read_exact_at(bytes, at)?;
        let mut hash = [0; 8];
        hash.copy_from_slice(&Sha256::digest(bytes)[..8]);
        Ok(Self { length, hash: u64::from_be_bytes(hash) })
    }
}
