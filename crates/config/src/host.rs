//! Names of hosts, in one spelling.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use serde::{Deserialize, Serialize};
use thiserror::Error as ThisError;

use crate::text::checked_text;

/// The name of a host as sites and requests are compared by: lower case, no trailing dot, no port; or a bare address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(Host);

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Host {
    Name(String),
    Address(IpAddr),
}

/// The text is no host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum HostNameError {
    /// Nothing is there.
    #[error("the host name is empty\n  Write a name such as kpi.example.com.")]
    Empty,
    /// More than 253 characters, or a part of more than 63.
    #[error("the host name is too long\n  A name has at most 253 characters, each part between dots at most 63.")]
    TooLong,
    /// A character that names do not have.
    #[error(
        "a host name has letters a-z, digits, dots and hyphens only\n  \
         Leave out scheme, port and path; write a name with other letters in its xn-- form."
    )]
    BadCharacter,
    /// A part is empty, or starts or ends with a hyphen, or the name ends like a number without being an address.
    #[error(
        "this is neither a host name nor an address\n  Write a name such as kpi.example.com, or an address such as 192.0.2.7."
    )]
    BadForm,
}

impl HostName {
    /// Reads a name (`KPI.example.com.`), an IPv4 address, or an IPv6 address with or without brackets; never a port.
    ///
    /// # Errors
    /// See [`HostNameError`].
    pub fn parse(text: &str) -> Result<Self, HostNameError> {
        if text.is_empty() {
            return Err(HostNameError::Empty);
        }
        if let Some(address) = parse_ipv6(text)? {
            return Ok(Self(Host::Address(IpAddr::V6(address))));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        check_labels(name)?;
        match name.parse::<Ipv4Addr>() {
            Ok(address) => Ok(Self(Host::Address(IpAddr::V4(address)))),
            // Some clients read 127.1 or 0x7f000001 as an address; such a text names nothing here.
            Err(_) if ends_in_a_number(name) => Err(HostNameError::BadForm),
            Err(_) => Ok(Self(Host::Name(name.to_ascii_lowercase()))),
        }
    }

    /// How HTTPS requests name it: with the port where that is not the usual one, 443.
    #[must_use]
    pub fn authority(&self, https_port: u16) -> String {
        match https_port {
            443 => self.to_string(),
            port => format!("{self}:{port}"),
        }
    }

    /// The address, where it is one and no name.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self.0 {
            Host::Name(_) => None,
            Host::Address(address) => Some(address),
        }
    }
}

fn parse_ipv6(text: &str) -> Result<Option<Ipv6Addr>, HostNameError> {
    match text.strip_prefix('[') {
        Some(rest) => {
            let bare = rest.strip_suffix(']').ok_or(HostNameError::BadForm)?;
            bare.parse().map(Some).map_err(|_| HostNameError::BadForm)
        }
        // Most likely a scheme or a port was written along.
        None if text.contains(':') => text.parse().map(Some).map_err(|_| HostNameError::BadCharacter),
        None => Ok(None),
    }
}

fn check_labels(name: &str) -> Result<(), HostNameError> {
    if name.len() > 253 || name.split('.').any(|label| label.len() > 63) {
        return Err(HostNameError::TooLong);
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
        return Err(HostNameError::BadCharacter);
    }
    let bad = |label: &str| label.is_empty() || label.starts_with('-') || label.ends_with('-');
    if name.split('.').any(bad) { Err(HostNameError::BadForm) } else { Ok(()) }
}

fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|b| b.is_ascii_digit()) || hex.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl fmt::Display for HostName {
    /// As in a URL: IPv6 addresses in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V4(v4)) => v4.fmt(f),
            Host::Address(IpAddr::V6(v6)) => write!(f, "[{v6}]"),
        }
    }
}

checked_text!(HostName, HostNameError, |host| host.to_string());
