//! `[tls]`

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::reference::section;

section! {
    /// The certificate. Without files a self-signed one is made on first start, and anew before it runs out.
    "[tls]" TlsConfig {
        /// The certificate with its chain, PEM.
        certificate: Option<PathBuf> = None,
        /// Its private key, PEM, mode 0600.
        key: Option<PathBuf> = None,
        /// How many days before its end a self-signed certificate is made anew.
        renew_days: u16 = 30,
    }
}

/// A site's own certificate.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SiteTlsConfig {
    /// The certificate with its chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM, mode 0600.
    pub key: PathBuf,
}
