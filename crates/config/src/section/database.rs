//! `[database]`

use std::{fmt, time::Duration};

use palisade_base::{Secret, SecretString};
use palisade_store::{DatabaseUrl, PoolConfig, ServerAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::reference::section;

section! {
    /// The database. Without a URL it is embedded: one SQLite file in the data directory.
    "[database]" DatabaseConfig {
        /// `postgresql://user:password@host/db?sslmode=verify-full` or `sqlite:///path/to/file`. The environment's DATABASE_URL stands before this.
        url: Option<DatabaseUrlText> = None,
        /// The schema owner's URL, which only `setup` and `migrate` use. The environment's PALISADE_OWNER_DATABASE_URL stands before this.
        owner_url: Option<DatabaseUrlText> = None,
        /// The most connections in all.
        max_connections: u32 = 16,
        /// How long a request waits for a free connection before it is told to try again, in milliseconds.
        acquire_timeout_ms: u64 = 5_000,
    }
}

impl DatabaseConfig {
    /// The pool's settings as the store takes them.
    #[must_use]
    pub const fn pool(&self) -> PoolConfig {
        PoolConfig {
            max_connections: self.max_connections,
            acquire_timeout: Duration::from_millis(self.acquire_timeout_ms),
        }
    }
}

/// A database URL that was checked when it was read. It may hold a password, so it does not print.
#[derive(Clone)]
pub struct DatabaseUrlText(SecretString);

impl DatabaseUrlText {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong and how to write it; never the URL itself.
    pub fn parse(text: &str) -> Result<Self, String> {
        DatabaseUrl::parse(text).map_err(|e| e.to_string())?;
        Ok(Self(Secret::new(text.to_owned())))
    }

    /// The URL as the store takes it.
    ///
    /// # Errors
    /// As [`DatabaseUrlText::parse`].
    pub fn to_url(&self) -> Result<DatabaseUrl, palisade_store::DatabaseUrlError> {
        DatabaseUrl::parse(self.0.expose())
    }

    /// What it says of the way to its server; `None` where it names the embedded database.
    #[must_use]
    pub fn access(&self) -> Option<ServerAccess> {
        // It was read once already, so it can be read.
        ServerAccess::of(self.0.expose()).ok().flatten()
    }
}

impl PartialEq for DatabaseUrlText {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }
}

impl fmt::Debug for DatabaseUrlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrlText(withheld)")
    }
}

impl<'de> Deserialize<'de> for DatabaseUrlText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl Serialize for DatabaseUrlText {
    /// For the reference of defaults only, where no URL is set: a URL never goes out.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("withheld")
    }
}
