//! One address of an upstream, as requests and redirects name it.

use http::HeaderValue;
use palisade_config::{HostName, UpstreamAddress};

/// The Host header of a request that is for this address itself.
pub(crate) fn host_header(address: &UpstreamAddress) -> HeaderValue {
    let written = match address {
        UpstreamAddress::Unix(_) => "localhost".to_owned(),
        UpstreamAddress::Tcp { tls: false, host, port: 80 } | UpstreamAddress::Tcp { tls: true, host, port: 443 } => {
            host.to_string()
        }
        UpstreamAddress::Tcp { host, port, .. } => format!("{host}:{port}"),
    };
    HeaderValue::from_str(&written).unwrap_or(HeaderValue::from_static("localhost"))
}

/// Whether a URL with this host and port leads to the address.
pub(crate) fn is_at(address: &UpstreamAddress, name: &HostName, number: u16) -> bool {
    matches!(address, UpstreamAddress::Tcp { host, port, .. } if host == name && *port == number)
}

/// Its port, where it has one.
pub(crate) const fn port_of(address: &UpstreamAddress) -> Option<u16> {
    match address {
        UpstreamAddress::Tcp { port, .. } => Some(*port),
        UpstreamAddress::Unix(_) => None,
    }
}
