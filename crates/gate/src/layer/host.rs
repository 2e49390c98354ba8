//! Finds the site that a request is for, by its host; and sees that the TLS handshake was for the same site.

use std::sync::Arc;

use crate::{
    host_header,
    pipeline::{self, Next},
    request::{HostFact, KnownHost, LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, mut passage: Passage, next: Next) -> LayerFuture {
    passage.facts.host = find(&shared, &passage);
    pipeline::run(next, passage)
}

fn find(shared: &Shared, passage: &Passage) -> HostFact {
    let Some((host, authority)) = host_header::host_of(&passage.request) else { return HostFact::Unreadable };
    let Some(site) = shared.sites.find(&host) else { return HostFact::Unknown };
    // A connection that was made for one site carries no requests to another: their certificates, and one day their
    // client certificates, may differ (RFC 9110, section 7.4).
    let handshake = passage.facts.connection.tls.as_ref().and_then(|tls| tls.server_name.as_ref());
    let same = handshake.is_none_or(|name| shared.sites.find(name).is_some_and(|other| Arc::ptr_eq(other, site)));
    if same {
        HostFact::Known(Arc::new(KnownHost { site: Arc::clone(site), host, authority }))
    } else {
        HostFact::Unknown
    }
}
