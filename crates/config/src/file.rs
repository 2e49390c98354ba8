//! Reading files that the configuration names, whatever lies under their names.

use std::{
    fs::{self, File, FileType, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::Path,
};

use rustix::fs::OFlags;

/// No configuration, certificate or key is larger.
const LARGEST: u64 = 1 << 20;

/// Reads a regular file of up to 1 MiB. What is no file is an error at once: a pipe would wait for ever for somebody
/// who writes, and a device may never end.
///
/// # Errors
/// It is not there, may not be read, is no regular file, or is larger.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    check_kind(fs::metadata(path)?.file_type())?;
    // Something else may lie there by now, and opening a pipe must not wait either.
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    check_kind(file.metadata()?.file_type())?;
    read_bounded(file)
}

fn read_bounded(file: File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(content)
}

fn check_kind(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let found = match kind {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {found}, not a file")))
}
