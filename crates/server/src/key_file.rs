//! Where the key file lies, and how a new one takes its place: at no moment is the database without the file it needs.

use std::path::{Path, PathBuf};

use palisade_base::{Caller, Env, Error, Kind};
use palisade_keys::{KeyFile, KeyFileError, Vault, may_manage_keys};
use palisade_store::Store;

/// The name under which systemd hands over the key file (`LoadCredential=palisade-key:…`).
const CREDENTIAL: &str = "palisade-key";

/// The directory of the key file, and the names in it.
#[derive(Clone, Debug)]
pub struct KeyDir(PathBuf);

impl KeyDir {
    /// This directory.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The key file.
    #[must_use]
    pub fn current(&self) -> PathBuf {
        self.0.join("master.key")
    }

    /// A key file that is to take the place of the current one.
    fn next(&self) -> PathBuf {
        self.0.join("master.key.next")
    }

    /// A key file that was replaced; backups from before need it.
    fn retired(&self, fingerprint: &str) -> PathBuf {
        self.0.join(format!("retired-{fingerprint}.key"))
    }

    /// The key file of this database: what systemd hands over, or the one in this directory; a new one only for a
    /// database without a vault.
    pub(crate) async fn find(&self, store: &Store, env: &Env) -> anyhow::Result<KeyFile> {
        if let Some(credentials) = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
            && credentials.join(CREDENTIAL).exists()
        {
            return Ok(KeyFile::load_credential(&credentials, CREDENTIAL)?);
        }
        self.finish_replacing(store).await?;
        match KeyFile::load(&self.current()) {
            Err(KeyFileError::Missing(_)) if !Vault::exists(store).await? => Ok(KeyFile::create(&self.current(), env)?),
            found => Ok(found?),
        }
    }

    /// A replacing that a crash cut short: where the database has the new file's key already, the file takes its place.
    async fn finish_replacing(&self, store: &Store) -> anyhow::Result<()> {
        let mut next = match KeyFile::load(&self.next()) {
            Err(KeyFileError::Missing(_)) => return Ok(()),
            found => found?,
        };
        if !Vault::exists(store).await? || !Vault::fits(store, &next).await? {
            return Ok(());
        }
        if let Ok(old) = KeyFile::load(&self.current()) {
            self.retire(&old)?;
        }
        next.move_to(&self.current())?;
        tracing::warn!(file = next.origin(), "the new key file took its place, which a crash had kept it from");
        Ok(())
    }

    /// Makes a new key file, wraps all data keys by it, and puts it in the old one's place.
    ///
    /// # Errors
    /// The caller may not; the key file is not ours to replace; a file or the database can't be written. The file that
    /// the database needs is then still the one that the next start finds.
    pub(crate) async fn replace(&self, vault: &Vault, env: &Env, caller: &Caller) -> Result<Replaced, Error> {
        let permit = may_manage_keys(caller)?;
        let status = vault.status()?;
        if Path::new(&status.origin) != self.current() {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "The key file {} was handed over by the service manager and is not Palisade's to replace. Move it to \
                     {} (mode 0600), take LoadCredential out of the unit, restart, and run this again.",
                    status.origin,
                    self.current().display()
                ),
            ));
        }
        // What lies there is of a try that never reached the database: the start would have put it in its place.
        let _ = std::fs::remove_file(self.next());
        let old = KeyFile::load(&self.current()).map_err(Error::internal)?;
        let mut next = KeyFile::create(&self.next(), env).map_err(Error::internal)?;
        vault.rewrap(&permit, caller, next.clone().bound_for(&self.current())).await?;
        self.retire(&old).and_then(|()| next.move_to(&self.current())).map_err(|cause| {
            let told = format!(
                "The new key file is in use, but could not be put in its place: {cause}. It lies in {}; the next start \
                 tries again.",
                self.next().display()
            );
            Error::new(Kind::Unavailable, told)
        })?;
        let retired = self.retired(&old.fingerprint());
        Ok(Replaced { fingerprint: next.fingerprint(), file: self.current(), retired })
    }

    fn retire(&self, old: &KeyFile) -> Result<(), KeyFileError> {
        let retired = self.retired(&old.fingerprint());
        match std::fs::hard_link(self.current(), &retired) {
            Err(cause) if cause.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(KeyFileError::Io { path: retired, cause })
            }
            _ => Ok(()),
        }
    }
}

/// What came of replacing the key file.
#[derive(Debug)]
pub(crate) struct Replaced {
    /// The new key's imprint.
    pub(crate) fingerprint: String,
    /// The new key file.
    pub(crate) file: PathBuf,
    /// Where the old one lies now.
    pub(crate) retired: PathBuf,
}
