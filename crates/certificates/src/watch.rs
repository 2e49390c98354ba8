//! The operator's files, taken anew when they change.

use std::{fs, io, os::unix::fs::MetadataExt as _, path::Path};

use palisade_base::Instant;
use palisade_config::HostName;

use crate::{
    CertificateError,
    pair::{self, Files, Pair},
    status::Trouble,
};

/// A pair that is served, and what its files looked like when it was read.
pub(crate) struct Watched {
    files: Files,
    pub(crate) pair: Pair,
    pub(crate) trouble: Option<Trouble>,
    seen: Option<Stamp>,
}

/// What tells one version of a pair of files from the next.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp([FileStamp; 2]);

#[derive(Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// What a look at the files showed.
pub(crate) enum Look {
    /// Nothing new.
    Same,
    /// A new pair is in use.
    Replaced,
    /// The new pair can't be used; the old one stays. Told once for each row of failures.
    Refused(String),
}

impl Watched {
    pub(crate) fn load(files: Files) -> Result<Self, CertificateError> {
        // Before they are read: what changes meanwhile is seen at the next look.
        let seen = Stamp::of(&files).ok();
        let pair = pair::read(&files)?;
        Ok(Self { files, pair, trouble: None, seen })
    }

    /// Takes the files anew if they changed. A new pair is checked before it takes the place of the old.
    pub(crate) fn look(&mut self, hosts: &[HostName], now: Instant) -> Look {
        let stamp = Stamp::of(&self.files).ok();
        if stamp == self.seen {
            return Look::Same;
        }
        self.seen = stamp;
        match pair::read(&self.files).map_err(|error| error.to_string()).and_then(|new| self.judge(new, hosts, now)) {
            Ok(new) => {
                self.trouble = None;
                let same = new.facts.fingerprint == self.pair.facts.fingerprint;
                self.pair = new;
                if same { Look::Same } else { Look::Replaced }
            }
            Err(what) => {
                let first = self.trouble.is_none();
                self.trouble = Some(Trouble { at: now, what: what.clone() });
                if first { Look::Refused(what) } else { Look::Same }
            }
        }
    }

    /// A new pair must be at least as good as the one that it replaces.
    fn judge(&self, new: Pair, hosts: &[HostName], now: Instant) -> Result<Pair, String> {
        let place = self.files.certificate.display();
        if new.facts.not_after <= now && self.pair.facts.not_after > now {
            return Err(format!("{place}: the new certificate has expired ({})", new.facts.not_after));
        }
        match hosts.iter().find(|host| self.pair.facts.covers(host) && !new.facts.covers(host)) {
            Some(host) => Err(format!("{place}: the new certificate is not good for {host}, the old one is")),
            None => Ok(new),
        }
    }
}

impl Stamp {
    fn of(files: &Files) -> io::Result<Self> {
        Ok(Self([FileStamp::of(&files.certificate)?, FileStamp::of(&files.key)?]))
    }
}

impl FileStamp {
    /// Of the file itself, through links: Certbot's names are links that are turned to the next file.
    fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}
