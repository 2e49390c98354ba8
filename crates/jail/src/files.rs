//! Where configuration files come from: a folder, or memory.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// A file larger than this is no configuration.
const MAX_FILE: u64 = 1 << 20;
/// A folder with more entries is none of filters.
const MAX_ENTRIES: usize = 10_000;

/// Files by their names below one root, with `/` between the parts: `filter.d/sshd.conf`.
pub trait ConfigFiles {
    /// The text of a file; `None` where there is none of that name.
    ///
    /// # Errors
    /// It is there, but cannot be read.
    fn read(&self, name: &str) -> io::Result<Option<String>>;

    /// The names of the files in a folder, each with the folder in front, sorted.
    ///
    /// # Errors
    /// The folder is there, but cannot be listed.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
}

/// A folder like `/etc/fail2ban`. Only regular files of up to a mebibyte are read.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl ConfigFiles for Folder {
    fn read(&self, name: &str) -> io::Result<Option<String>> {
        let path = self.0.join(name);
        let about = match std::fs::metadata(&path) {
            Err(error) if is_missing(&error) => return Ok(None),
            about => about?,
        };
        // A pipe would wait for ever, a device may never end.
        if !about.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(io::Error::other("it is larger than 1 MiB"));
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(self.0.join(folder)) {
            Err(error) if is_missing(&error) => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for (number, entry) in entries.enumerate() {
            if number == MAX_ENTRIES {
                return Err(io::Error::other(format!("it holds more than {MAX_ENTRIES} files")));
            }
            if let Some(name) = entry?.file_name().to_str() {
                names.push(format!("{folder}/{name}"));
            }
        }
        names.sort();
        Ok(names)
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Files held in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(BTreeMap<String, String>);

impl MemoryFiles {
    /// These files: name, then text.
    #[must_use]
    pub fn new(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }
}

impl ConfigFiles for MemoryFiles {
    fn read(&self, name: &str) -> io::Result<Option<String>> {
        Ok(self.0.get(name).cloned())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let inside = |name: &&String| name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        Ok(self.0.keys().filter(inside).cloned().collect())
    }
}
