//! `[acme]`

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{reference::section, text::checked_text};

/// Let's Encrypt's directory.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Its directory for trying: what it issues is trusted by nobody, and its limits are wide.
const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

section! {
    /// Certificates from a CA that speaks ACME. A site asks for one by `certificate = "acme"`.
    "[acme]" AcmeConfig {
        /// The CA's directory: Let's Encrypt, or any other's `https://` address.
        directory: AcmeDirectory = AcmeDirectory(LETS_ENCRYPT.to_owned()),
        /// The directory that `palisade cert renew --dry-run` orders from. Not set: Let's Encrypt's staging directory where `directory` is Let's Encrypt, otherwise `directory`; what is issued is thrown away.
        dry_run_directory: Option<AcmeDirectory> = None,
        /// You have read the CA's terms of service and agree to them. Nothing is ordered without.
        agree_to_terms: bool = false,
        /// Mail addresses that the CA may write to.
        contact: Vec<MailAddress> = Vec::new(),
        /// The root certificate of a private CA, PEM: only then are names ordered that no public CA certifies. Not set: the system's roots.
        ca: Option<PathBuf> = None,
        /// How the CA sees that the names are yours: `http-01` (port 80), `tls-alpn-01` (port 443) or `dns-01` (a record set by `dns_command`).
        challenge: AcmeChallenge = AcmeChallenge::Http01,
        /// For `dns-01`: the command that sets and removes the record, by the name that the helper's configuration gives it.
        dns_command: Option<String> = None,
        /// The CA's profile to order, such as `shortlived`. Not set: its default.
        profile: Option<String> = None,
        /// For CAs that bind orders to a contract: `external_account = { key_id = "…", key_file = "…" }`; the file holds the key that the CA gave, base64url.
        external_account: Option<ExternalAccountConfig> = None,
        /// So many days before a certificate's end a failing renewal is a problem that `palisade status` and the page show.
        alert_days: u16 = 14,
    }
}

/// The address of an ACME directory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct AcmeDirectory(String);

/// A mail address, as far as it is looked at: one @ between two texts without blanks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(String);

/// How a CA sees that a name is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AcmeChallenge {
    /// A file below `/.well-known/acme-challenge/`, on port 80.
    #[serde(rename = "http-01")]
    Http01,
    /// A certificate shown in a handshake, on port 443.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// A record in the DNS.
    #[serde(rename = "dns-01")]
    Dns01,
}

/// A contract with a CA.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalAccountConfig {
    /// The key's id, as the CA gave it.
    pub key_id: String,
    /// A file with the key, base64url, mode 0600.
    pub key_file: PathBuf,
}

impl AcmeConfig {
    /// Whether the CA is one that the public trusts, and so certifies public names only.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.ca.is_none()
    }

    /// The directory that dry runs order from.
    #[must_use]
    pub fn directory_for_dry_runs(&self) -> &str {
        match &self.dry_run_directory {
            Some(named) => named.as_str(),
            None if self.directory.0 == LETS_ENCRYPT => LETS_ENCRYPT_STAGING,
            None => self.directory.as_str(),
        }
    }
}

impl AcmeDirectory {
    /// Reads `https://HOST[:PORT]/PATH`.
    ///
    /// # Errors
    /// How to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "{text:?} is no ACME directory\n  Write the CA's address: \"https://ca.example.com/acme/directory\"."
            )
        };
        let rest = text.strip_prefix("https://").ok_or_else(bad)?;
        let plain = text.bytes().all(|b| b.is_ascii_graphic()) && !rest.contains(['@', '#', '?']);
        let authority = rest.split('/').next().unwrap_or_default();
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if !authority.ends_with(']') => port.parse::<u16>().map(|_| host).map_err(|_| bad())?,
            _ => authority,
        };
        if plain && crate::HostName::parse(host).is_ok() { Ok(Self(text.to_owned())) } else { Err(bad()) }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

checked_text!(AcmeDirectory, String, |directory| directory.0);

impl MailAddress {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split_once('@').filter(|(user, host)| !user.is_empty() && !host.is_empty());
        let fits = parts.is_some_and(|(_, host)| !host.contains('@'))
            && text.len() <= 254
            && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b',' | b'?' | b':' | b'<' | b'>'));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{text:?} is no mail address\n  Write contact = [\"admin@example.com\"]."))
        }
    }
}

checked_text!(MailAddress, String, |address| address.0);
