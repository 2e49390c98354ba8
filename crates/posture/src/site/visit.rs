//! One visit to a site: all that is asked of it, once for all checks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use palisade_base::Instant;

use super::{
    SiteFacts,
    old_tls::{self, OldTls},
    wire::{self, Answer, Handshake, Protocol},
};

/// A page that no application has: an answer of another kind than the first page's.
pub(super) const MISSING: &str = "/palisade-verify/no-such-page";
/// A path with a query, to see whether a redirect keeps both.
pub(super) const QUERY: &str = "/palisade-verify?kept=yes";
/// A name that is nobody's (RFC 6761).
pub(super) const FOREIGN: &str = "elsewhere.invalid";

/// What a visitor was answered. What did not answer says why.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    /// When it was.
    pub(super) at: Instant,
    /// The first page, over HTTP/2.
    pub(super) front: Result<(Handshake, Answer), String>,
    /// A page that is not there, over HTTP/1.1.
    pub(super) missing: Result<(Handshake, Answer), String>,
    /// Plain HTTP, by the site's name; `None` where nothing listens for it.
    pub(super) plain: Option<Result<Answer, String>>,
    /// Plain HTTP, by a foreign name.
    pub(super) plain_foreign: Option<Result<Answer, String>>,
    /// What became of a client that knows no newer version than this.
    pub(super) old: Vec<(&'static str, Result<OldTls, String>)>,
}

impl Visit {
    /// Every answer over TLS, with a word for where it came from.
    pub(super) fn answers(&self) -> Result<[(&'static str, &Answer); 2], String> {
        let (_, front) = self.front.as_ref().map_err(Clone::clone)?;
        let (_, missing) = self.missing.as_ref().map_err(Clone::clone)?;
        Ok([("/ over HTTP/2", front), ("a page that is not there, over HTTP/1.1", missing)])
    }
}

/// Goes there.
pub(super) async fn pay(facts: &SiteFacts, at: Instant) -> Visit {
    let plain = async |host: &str| match facts.http {
        Some(door) => Some(wire::get_plain(facts, door, host, QUERY).await),
        None => None,
    };
    let host = facts.host.to_string();
    let (front, missing, plain_own, plain_foreign, old) = tokio::join!(
        wire::get(facts, Protocol::Http2, "/"),
        wire::get(facts, Protocol::Http1, MISSING),
        plain(&host),
        plain(FOREIGN),
        old_tls::try_all(facts),
    );
    Visit { at, front, missing, plain: plain_own, plain_foreign, old }
}

/// Where this machine reaches what is listened for: who listens everywhere is met on loopback.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
