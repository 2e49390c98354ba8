//! `[host]`

use std::path::PathBuf;

use crate::reference::section;

section! {
    /// What `palisade verify` looks at on this machine, beside what it finds by itself.
    "[host]" HostConfig {
        /// Folders of guarded sites, such as "/srv/frappe-bench/sites/tems.example": nobody else may write there, or read what is private.
        guarded_files: Vec<PathBuf> = Vec::new(),
        /// Who encrypts the volume of a database elsewhere (managed PostgreSQL), in your own words: "RDS with the KMS key db-prod". It is shown as your statement.
        database_encrypted_by: Option<String> = None,
        /// Who encrypts the volume under the data directory where it can't be seen from here (in a container), in your own words.
        volume_encrypted_by: Option<String> = None,
    }
}
