//! Reading what the kernel and the system tell in files, from `/` or from a folder that a test has prepared.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// So many entries of a folder are looked at.
const ENTRIES: usize = 65_536;

/// Where `/proc`, `/sys` and the rest of the machine begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    /// This machine.
    #[must_use]
    pub fn machine() -> Self {
        Self::at("/")
    }

    /// A folder that holds a machine's files.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Where a file of the machine (`/proc/mounts`) is.
    pub(crate) fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        let file = file.as_ref();
        self.0.join(file.strip_prefix("/").unwrap_or(file))
    }

    /// The beginning of a file, up to so many bytes.
    pub(crate) fn read(&self, file: impl AsRef<Path>, limit: u64) -> io::Result<String> {
        let mut bytes = Vec::new();
        File::open(self.path(file))?.take(limit).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A file of one short line, without its end.
    pub(crate) fn read_line(&self, file: impl AsRef<Path>) -> Option<String> {
        self.read(file, 4 << 10).ok().map(|text| text.trim_end_matches(['\n', '\0']).to_owned())
    }

    /// Names of what is in a folder; none where it can't be read.
    pub(crate) fn names(&self, folder: impl AsRef<Path>) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten().flatten().take(ENTRIES);
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}
