//! `[seal]`

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{reference::section, text::checked_text};

section! {
    /// Where the trail's seals go besides the database. Only a seal that has left this host proves something against whoever owns it.
    "[seal]" SealConfig {
        /// Files that seals are appended to: on another disk, a mounted share.
        files: Vec<PathBuf> = Vec::new(),
        /// Syslog servers: `udp://192.0.2.7:514` or `tcp://logs.example.com:601`, RFC 5424.
        syslog: Vec<SyslogAddress> = Vec::new(),
    }
}

/// A syslog server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct SyslogAddress {
    /// Over TCP; otherwise UDP.
    pub tcp: bool,
    /// Host and port.
    pub authority: String,
}

impl SyslogAddress {
    /// Reads `udp://HOST:PORT` or `tcp://HOST:PORT`.
    ///
    /// # Errors
    /// How to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} is no syslog address\n  Write udp://HOST:PORT or tcp://HOST:PORT.");
        let (scheme, authority) = text.split_once("://").ok_or_else(bad)?;
        let (host, port) = authority.rsplit_once(':').ok_or_else(bad)?;
        crate::HostName::parse(host).map_err(|_| bad())?;
        port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(bad)?;
        match scheme {
            "udp" | "tcp" => Ok(Self { tcp: scheme == "tcp", authority: authority.to_owned() }),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for SyslogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tcp { "tcp" } else { "udp" }, self.authority)
    }
}

checked_text!(SyslogAddress, String, |address| address.to_string());
