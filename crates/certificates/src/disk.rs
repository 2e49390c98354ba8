//! Files of ours below the data directory: private, and never seen half-written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

pub(crate) use palisade_config::read_file as read;

use crate::CertificateError;

/// The mode of whatever holds a key.
pub(crate) const PRIVATE: u32 = 0o600;
/// The mode of what everybody may read who gets as far as the directory.
pub(crate) const READABLE: u32 = 0o644;

/// Makes a directory that only this user can look into, with those above it.
pub(crate) fn make_dir(dir: &Path) -> Result<(), CertificateError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| CertificateError::unwritable(dir, &error))
}

/// Written beside and moved into place, so that no reader sees half of it, and on disk when this returns.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), CertificateError> {
    let beside = path.with_extension("new");
    let attempt = || -> io::Result<()> {
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    attempt().map_err(|error| CertificateError::unwritable(path, &error))
}
