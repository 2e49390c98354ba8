//! Which certificate a handshake gets.

use std::{collections::HashMap, fmt, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::challenge::Challenges;

/// The protocol by which a CA looks for our certificate of proof (RFC 8737). A connection that speaks it carries no
/// requests.
pub const ACME_TLS_ALPN: &[u8] = b"acme-tls/1";

/// What handshakes read: one load of a pointer, no lock. Connections that are open keep the certificate that they have,
/// new ones get the new.
pub(crate) struct Serving {
    pub(crate) table: ArcSwap<Table>,
    pub(crate) challenges: Arc<Challenges>,
}

/// Certificates by host.
pub(crate) struct Table {
    /// By the name as the TLS library gives it: in lower case.
    pub(crate) by_name: HashMap<String, Arc<CertifiedKey>>,
    /// For clients that name no host, or none of ours: they are told so by HTTP (421), not by a broken handshake.
    pub(crate) default: Arc<CertifiedKey>,
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Serving")
    }
}

impl ResolvesServerCert for Serving {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name();
        if asks_for_proof(&hello) {
            return name.and_then(|name| self.challenges.proof(name));
        }
        let table = self.table.load();
        let own = name.and_then(|name| table.by_name.get(name));
        Some(Arc::clone(own.unwrap_or(&table.default)))
    }
}

/// A CA offers this protocol and no other. Who offers others beside it is answered in one of those, as anybody.
fn asks_for_proof(hello: &ClientHello<'_>) -> bool {
    let Some(mut offered) = hello.alpn() else { return false };
    offered.next() == Some(ACME_TLS_ALPN) && offered.next().is_none()
}
