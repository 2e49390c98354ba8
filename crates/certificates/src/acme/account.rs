//! The account at a CA: registered once, its key kept.

use std::{
    fs,
    path::{Path, PathBuf},
};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use palisade_config::{AcmeConfig, ExternalAccountConfig};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{client::CaClient, failure::Failed};
use crate::disk;

/// What is kept of an account. It holds the account's key, so it has no `Debug`.
#[derive(Serialize, Deserialize)]
struct Kept {
    contact: Vec<String>,
    credentials: AccountCredentials,
}

/// The account at this directory; registered now if there is none.
pub(super) async fn open(acme: &AcmeConfig, directory: &str, dir: &Path) -> Result<Account, Failed> {
    let path = path_of(dir, directory);
    let contact: Vec<String> = acme.contact.iter().map(|address| format!("mailto:{}", address.as_str())).collect();
    let Some(kept) = read(&path)? else { return register(acme, directory, &contact, &path).await };
    let client = Box::new(CaClient::new(acme.ca.as_deref())?);
    // What is kept again below has to be read twice: credentials can't be copied.
    let again = read(&path)?;
    let account = Account::builder_with_http(client).from_credentials(kept.credentials).await?;
    if kept.contact != contact
        && let Some(again) = again
    {
        let list: Vec<&str> = contact.iter().map(String::as_str).collect();
        account.update_contacts(&list).await?;
        write(&path, &Kept { contact, credentials: again.credentials })?;
    }
    Ok(account)
}

/// Puts an account that the CA does not know out of the way: the next order registers a new one.
pub(super) fn forget(directory: &str, dir: &Path) {
    let path = path_of(dir, directory);
    match fs::rename(&path, path.with_extension("unknown")) {
        Ok(()) => tracing::warn!(path = %path.display(), "the CA does not know our account: a new one is registered"),
        Err(error) => tracing::error!(path = %path.display(), %error, "an unknown account can't be put out of the way"),
    }
}

async fn register(acme: &AcmeConfig, directory: &str, contact: &[String], path: &Path) -> Result<Account, Failed> {
    if !acme.agree_to_terms {
        return Err(Failed::new("nobody agreed to the CA's terms of service: agree_to_terms under [acme]"));
    }
    let list: Vec<&str> = contact.iter().map(String::as_str).collect();
    let new = NewAccount { contact: &list, terms_of_service_agreed: true, only_return_existing: false };
    let binding = acme.external_account.as_ref().map(binding).transpose()?;
    let builder = Account::builder_with_http(Box::new(CaClient::new(acme.ca.as_deref())?));
    let (account, credentials) = builder.create(&new, directory.to_owned(), binding.as_ref()).await?;
    write(path, &Kept { contact: contact.to_owned(), credentials })?;
    tracing::info!(directory, path = %path.display(), "registered an account at the CA");
    Ok(account)
}

/// Each directory has an account of its own: one for orders, one for dry runs.
fn path_of(dir: &Path, directory: &str) -> PathBuf {
    let mark = HEXLOWER.encode(&Sha256::digest(directory)[..8]);
    dir.join(format!("account-{mark}.json"))
}

fn read(path: &Path) -> Result<Option<Kept>, Failed> {
    if !path.exists() {
        return Ok(None);
    }
    let unusable = |why: String| {
        Failed::new(format!(
            "the account {} can't be used: {why}; move it away, then a new one is registered",
            path.display()
        ))
    };
    let text = Zeroizing::new(disk::read(path).map_err(|error| unusable(error.to_string()))?);
    serde_json::from_slice(&text).map(Some).map_err(|error| unusable(error.to_string()))
}

fn write(path: &Path, kept: &Kept) -> Result<(), Failed> {
    let text = Zeroizing::new(serde_json::to_vec(kept).map_err(|error| Failed::new(error.to_string()))?);
    disk::write(path, &text, disk::PRIVATE).map_err(|error| Failed::new(error.to_string()))
}

fn binding(config: &ExternalAccountConfig) -> Result<ExternalAccountKey, Failed> {
    let path = config.key_file.display();
    let text = disk::read(&config.key_file).map(Zeroizing::new);
    let text =
        text.map_err(|error| Failed::new(format!("the external account's key {path} can't be read: {error}")))?;
    let key = BASE64URL_NOPAD.decode(without_padding(text.trim_ascii())).map(Zeroizing::new);
    let key =
        key.map_err(|error| Failed::new(format!("the external account's key {path} is no base64url: {error}")))?;
    Ok(ExternalAccountKey::new(config.key_id.clone(), &key))
}

/// Base64 comes with padding or without.
fn without_padding(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|b| *b != b'=').map_or(0, |at| at + 1);
    &text[..end]
}
