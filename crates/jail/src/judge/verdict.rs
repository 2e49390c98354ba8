//! What is said about a line.

use std::{fmt, net::IpAddr};

use palisade_base::Instant;

/// Whose failure a line tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An address; IPv4 in IPv6 form is given as IPv4.
    Address(IpAddr),
    /// An address with a prefix length, where the filter reads one.
    Network(IpAddr, u8),
    /// A host name. Names are not looked up: whoever holds the name's zone could have anybody banned.
    Name(String),
    /// Something else that the filter tells failures apart by.
    Id(String),
}

impl Host {
    /// The address, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) | Self::Network(address, _) => Some(*address),
            Self::Name(_) | Self::Id(_) => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Network(address, length) => write!(f, "{address}/{length}"),
            Self::Name(text) | Self::Id(text) => f.write_str(text),
        }
    }
}

/// A failure that a line, or the last of several lines, tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whose it is.
    pub host: Host,
    /// When it was.
    pub at: Instant,
    /// Which of the filter's rules found it, counted from 0.
    pub rule: usize,
    /// As whom they tried, where the filter reads it.
    pub user: Option<String>,
    /// The lines that show it, without control characters and not longer than fit on a page.
    pub evidence: Vec<String>,
}

/// What a filter says about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing of interest.
    Pass,
    /// A rule matches, and so does the filter's `ignoreregex`.
    Ignored,
    /// Part of an exchange that has not failed, or not yet.
    Pending,
    /// Somebody failed.
    Failure(Failure),
    /// The rule could mean any of these addresses. Nobody is to blame; the filter needs mending.
    Ambiguous {
        /// Which rule, counted from 0; `None` for the prefix.
        rule: Option<usize>,
        /// The addresses.
        addresses: Vec<IpAddr>,
    },
    /// A rule matches, but there is no whole address or name where it looks for one.
    NoAddress {
        /// Which rule, counted from 0.
        rule: usize,
    },
    /// The line is too long, or an expression needs too many steps for it. It was not judged.
    GaveUp,
}
