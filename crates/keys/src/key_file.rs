//! The key-encryption key, kept outside the database.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use data_encoding::{BASE64, HEXLOWER};
use palisade_base::{Env, Secret};
use sha2::{Digest as _, Sha256};

use crate::{
    KeyFileError, VaultError,
    cipher::{Cipher, KEY_LENGTH},
};

/// The first line that is no comment.
const HEADER: &str = "palisade-key-file 1";
const COMMENT: &str = "# The key to Palisade's encrypted values. Never share it. Keep a copy of this file away from the \
     database's backups:\n# without it what is encrypted can't be read again by anybody.\n";
/// More than any key file has; a device or a log given by mistake is not read whole.
const LONGEST: u64 = 4096;

/// A key-encryption key, and where it came from. Has no `Debug` and is wiped when dropped.
#[derive(Clone)]
pub struct KeyFile {
    key: Secret<[u8; KEY_LENGTH]>,
    origin: String,
}

impl KeyFile {
    /// Makes a new key in a new file (mode 0600), on disk with its directory when this returns.
    ///
    /// # Errors
    /// The file exists already, or can't be written.
    pub fn create(path: &Path, env: &Env) -> Result<Self, KeyFileError> {
        let key = Secret::new(env.bytes::<KEY_LENGTH>());
        let text = Secret::new(format!("{COMMENT}{HEADER}\n{}\n", BASE64.encode(key.expose())));
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = made.map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
            _ => io_error(path, cause),
        })?;
        let written = file.write_all(text.expose().as_bytes()).and_then(|()| file.sync_all());
        if let Err(cause) = written.and_then(|()| sync_directory(path)) {
            // Half a key file would be refused at the next start; none can be made anew.
            let _ = std::fs::remove_file(path);
            return Err(io_error(path, cause));
        }
        Ok(Self { key, origin: path.display().to_string() })
    }

    /// Reads the key from a file.
    ///
    /// # Errors
    /// The file is not there, can be read or written by others, or is no key file.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let file = open(path)?;
        // Of the opened file, so that it can't be exchanged between look and read.
        let mode = file.metadata().map_err(|cause| io_error(path, cause))?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
        }
        Self::read(path, file)
    }

    /// Moves the file, over one that may be there; on disk when this returns.
    ///
    /// # Errors
    /// It can't be moved; it is still where it was.
    pub fn move_to(&mut self, path: &Path) -> Result<(), KeyFileError> {
        let moved = std::fs::rename(&self.origin, path).and_then(|()| sync_directory(path));
        moved.map_err(|cause| io_error(path, cause))?;
        self.origin = path.display().to_string();
        Ok(())
    }

    /// The same key, under the name that its file is about to get.
    #[must_use]
    pub fn bound_for(self, path: &Path) -> Self {
        Self { origin: path.display().to_string(), ..self }
    }

    /// Reads the key from a systemd credential: the file `name` in `$CREDENTIALS_DIRECTORY`, which the caller passes.
    ///
    /// Its mode is not looked at: systemd opens the directory to the one service, by an access list that shows up as
    /// group permissions.
    ///
    /// # Errors
    /// As [`KeyFile::load`].
    pub fn load_credential(directory: &Path, name: &str) -> Result<Self, KeyFileError> {
        let path = directory.join(name);
        let file = open(&path)?;
        Self::read(&path, file)
    }

    /// Names the key without telling anything about it: 16 hexadecimal digits, the same for every copy of the file.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::new().chain_update("palisade key file").chain_update(self.key.expose()).finalize();
        HEXLOWER.encode(&digest[..8])
    }

    /// Where it came from, for messages.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn cipher(&self) -> Result<Cipher, VaultError> {
        Cipher::new(&self.key)
    }

    fn read(path: &Path, file: File) -> Result<Self, KeyFileError> {
        let mut text = Secret::new(String::new());
        file.take(LONGEST + 1).read_to_string(text.expose_mut()).map_err(|cause| match cause.kind() {
            io::ErrorKind::InvalidData => malformed(path, "it is not text"),
            _ => io_error(path, cause),
        })?;
        if text.expose().len() as u64 > LONGEST {
            return Err(malformed(path, "it is too long"));
        }
        let key = parse(text.expose()).map_err(|problem| malformed(path, problem))?;
        Ok(Self { key, origin: path.display().to_string() })
    }
}

fn parse(text: &str) -> Result<Secret<[u8; KEY_LENGTH]>, &'static str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    match lines.next() {
        None => return Err("it is empty"),
        Some(HEADER) => {}
        Some(line) if line.starts_with("palisade-key-file ") => return Err("a newer Palisade made it"),
        Some(_) => return Err("its first line is not `palisade-key-file 1`"),
    }
    let encoded = lines.next().ok_or("the key is missing")?;
    if lines.next().is_some() {
        return Err("there is more in it than one key");
    }
    let bytes = Secret::new(BASE64.decode(encoded.as_bytes()).map_err(|_| "the key is not base64")?);
    let key = bytes.expose().as_slice().try_into().map_err(|_| "the key does not have 32 bytes")?;
    Ok(Secret::new(key))
}

fn open(path: &Path) -> Result<File, KeyFileError> {
    let file = File::open(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
        _ => io_error(path, cause),
    })?;
    if !file.metadata().is_ok_and(|m| m.is_file()) {
        return Err(malformed(path, "it is not a file"));
    }
    Ok(file)
}

/// A new file is only there after a power cut if its directory is on disk too.
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

fn io_error(path: &Path, cause: io::Error) -> KeyFileError {
    KeyFileError::Io { path: path.to_owned(), cause }
}

fn malformed(path: &Path, problem: &'static str) -> KeyFileError {
    KeyFileError::Malformed { path: path.to_owned(), problem }
}
