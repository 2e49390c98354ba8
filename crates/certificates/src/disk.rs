//! Files of ours below the data directory: private, and never seen half-written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use crate::CertificateError;

/// No certificate, key or state is larger.
const LARGEST: u64 = 1024 * 1024;

/// The mode of whatever holds a key.
pub(crate) const PRIVATE: u32 = 0o600;
/// The mode of what everybody may read who gets as far as the directory.
pub(crate) const READABLE: u32 = 0o644;

/// Reads a file of a bounded size.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(content)
}

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
