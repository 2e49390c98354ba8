//! `[listen]`

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::reference::section;

section! {
    /// Where Palisade listens. Port 0 lets the system choose one.
    "[listen]" ListenConfig {
        /// Addresses for HTTPS (HTTP/1.1 and HTTP/2).
        https: Vec<SocketAddr> = vec![SocketAddr::from((Ipv6Addr::UNSPECIFIED, 443))],
        /// Addresses for plain HTTP, which only sends people on to HTTPS. Empty: none.
        http: Vec<SocketAddr> = vec![SocketAddr::from((Ipv6Addr::UNSPECIFIED, 80))],
        /// The operators' address: /health and /metrics. It has no sign-in, so keep it on loopback or a management network.
        operations: Option<SocketAddr> = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9440))),
        /// The port that people use for HTTPS, where a router maps it. Not set: the port of the first HTTPS address.
        public_https_port: Option<u16> = None,
        /// Connections from `trusted_proxies` begin with a PROXY protocol header (version 1 or 2), which names the client. Others can't send one. The operators' address takes none.
        proxy_protocol: bool = false,
    }
}
