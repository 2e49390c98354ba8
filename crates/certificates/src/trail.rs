//! What is written into the trail about certificates.

use async_trait::async_trait;
use palisade_base::{Authority, Caller, Category, Resource, TrailEntry};
use palisade_store::Store;
use serde_json::json;

use crate::Facts;

/// Where entries go. A certificate changes outside of the database, so its entry can't be in one transaction with it;
/// one that can't be written is logged, and never keeps a site from being served.
#[async_trait]
pub trait CertificateTrail: Send + Sync {
    /// Writes an entry.
    async fn record(&self, entry: TrailEntry);
}

#[async_trait]
impl CertificateTrail for Store {
    async fn record(&self, entry: TrailEntry) {
        let action = entry.action;
        if let Err(error) = self.append(&[entry]).await {
            tracing::error!(%error, action, "what became of a certificate could not be written to the trail");
        }
    }
}

/// The program itself, looking after certificates.
pub(crate) fn job() -> Caller {
    Caller::job("certificates", Authority::default())
}

/// An event about the certificate of a site; of all sites where none is named.
pub(crate) fn entry(caller: &Caller, action: &'static str, site: Option<&str>) -> TrailEntry {
    let resource = site.map_or(Resource::whole("certificate"), |site| Resource::new("certificate", site));
    TrailEntry::new(Category::Configuration, caller, action, resource)
}

/// A certificate took the place of another, or of none.
pub(crate) fn replaced(entry: TrailEntry, before: Option<&Facts>, after: &Facts) -> TrailEntry {
    let fingerprint = |facts: &Facts| json!(facts.fingerprint);
    entry
        .changed("fingerprint", before.map_or(json!(null), fingerprint), fingerprint(after))
        .note("issuer", after.issuer.as_str())
        .note("names", after.names.clone())
        .note("not_after", after.not_after.to_string())
}
