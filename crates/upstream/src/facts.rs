//! What the gate knows about a request, and the upstream is told.

use std::net::IpAddr;

use palisade_base::RequestId;

/// What the gate knows about a request, and the upstream is told by headers.
#[derive(Clone, Copy, Debug)]
pub struct ForwardFacts<'a> {
    /// The client's address.
    pub client: IpAddr,
    /// The other end of the connection: a trusted proxy, where it is not the client.
    pub peer: IpAddr,
    /// The host that was asked for, with its port where that is not 443.
    pub authority: &'a str,
    /// The same as the client wrote it, whatever the port: what a browser compares a page's origin with.
    pub asked: &'a str,
    /// Whether the request came over TLS.
    pub secure: bool,
    /// The request's id.
    pub request: RequestId,
}

impl ForwardFacts<'_> {
    /// `https` or `http`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}
