//! Each site, as a client meets it.

use std::sync::Arc;

use palisade_config::SiteConfig;
use palisade_posture::{
    Check,
    site::{SiteFacts, checks as checks_of},
};

use super::Everything;
use crate::live::InForce;

pub(super) fn checks(all: &Everything) -> Vec<Arc<dyn Check>> {
    let now = all.live.get();
    let root = all.certificates.local_root();
    let facts = now.config.sites.iter().filter_map(|site| facts_of(&now, site, root.clone()));
    facts.flat_map(|facts| checks_of(&facts, &all.env)).collect()
}

/// `None` where nothing is listened for: then there is no client either.
fn facts_of(now: &InForce, site: &SiteConfig, own_root: Option<String>) -> Option<SiteFacts> {
    let config = &now.config;
    let from_here = |network: &palisade_config::TrustedNetwork| network.net().addr().is_loopback();
    Some(SiteFacts {
        name: site.name.clone(),
        host: site.hosts.first()?.clone(),
        https: *now.bound.https.first()?,
        http: now.bound.http.first().copied(),
        public_port: config.public_port(),
        proxy_protocol: config.listen.proxy_protocol && config.trusted_proxies.iter().any(from_here),
        preset: site.preset,
        guarded: site.is_guarded(),
        own_root,
    })
}
