//! `[site.upstream]`: an application that runs already.

use std::{fmt, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de::value::MapAccessDeserializer};

use super::path::PathPrefix;
use crate::{HostName, reference::section, text::checked_text};

section! {
    /// The application behind a guarded site, where a single address does not say enough: `upstream = { to = ["http://10.0.0.1:8000", "http://10.0.0.2:8000"] }`.
    "[site.upstream]" UpstreamConfig {
        /// Its addresses: `http://HOST:PORT`, `https://HOST:PORT` or `unix:/path`. Requests go to those that are well, in turn.
        to: Vec<UpstreamAddress> = Vec::new(),
        /// The CA that its certificate must come from, PEM. Not set: the CAs that this system trusts.
        ca: Option<PathBuf> = None,
        /// The name that its certificate must have. Not set: the host of its address.
        server_name: Option<HostName> = None,
        /// Speaks HTTP/2 to it. Not set: HTTP/1.1.
        http2: bool = false,
        /// A path that is asked for to see whether an address is well. Not set: an address counts as ill while connections to it fail.
        health: Option<PathPrefix> = None,
        /// How often each address is looked at, in seconds.
        health_seconds: u32 = 10,
        /// Which Host the application sees: `keep` (the one that the client asked for) or `own` (that of its address).
        host: UpstreamHost = UpstreamHost::Keep,
        /// How long a connection may take to be made, in milliseconds (504 beyond).
        connect_ms: u64 = 3_000,
        /// How long the application may take to begin its answer, in milliseconds (504 beyond).
        answer_ms: u64 = 60_000,
        /// The longest pause within its answer, in milliseconds.
        pause_ms: u64 = 60_000,
        /// The most connections in use at each address; WebSockets and streams of events count under `open_streams`. Where all are in use, a request waits for `connect_ms` at most (503 beyond). So many are kept open for a next request, too.
        connections: usize = 256,
        /// The most WebSockets and streams of events open at each address (503 beyond).
        open_streams: usize = 4_096,
    }
}

/// Which Host the application sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpstreamHost {
    /// The one that the client asked for.
    Keep,
    /// That of the application's address.
    Own,
}

/// Where an application listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum UpstreamAddress {
    /// A host and a port.
    Tcp {
        /// Over TLS.
        tls: bool,
        /// The host.
        host: HostName,
        /// The port.
        port: u16,
    },
    /// A unix socket.
    Unix(PathBuf),
}

impl UpstreamConfig {
    /// An application at one address, with everything else as usual.
    #[must_use]
    pub fn at(address: UpstreamAddress) -> Self {
        Self { to: vec![address], ..Self::default() }
    }

    /// How long a connection may take to be made.
    #[must_use]
    pub const fn connect_time(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    /// How long the application may take to begin its answer.
    #[must_use]
    pub const fn answer_time(&self) -> Duration {
        Duration::from_millis(self.answer_ms)
    }

    /// The longest pause within its answer.
    #[must_use]
    pub const fn pause_time(&self) -> Duration {
        Duration::from_millis(self.pause_ms)
    }

    /// How often each address is looked at.
    #[must_use]
    pub const fn health_interval(&self) -> Duration {
        Duration::from_secs(self.health_seconds as u64)
    }
}

impl UpstreamAddress {
    /// Reads `http://HOST[:PORT]`, `https://HOST[:PORT]` or `unix:/path`.
    ///
    /// # Errors
    /// What is wrong and how to write it; never a password that stands in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        const HOW: &str = "Write http://127.0.0.1:8000, https://10.0.0.7 or unix:/run/app.sock.";
        if let Some(path) = text.strip_prefix("unix:") {
            return match path.starts_with('/') && path.len() <= 107 && !path.contains('\0') {
                true => Ok(Self::Unix(PathBuf::from(path))),
                false => Err(format!(
                    "{text:?} names no unix socket\n  Write unix: and an absolute path of at most 107 bytes."
                )),
            };
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(format!("{text:?} is no address of an application\n  {HOW}"));
        };
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(format!("an application can't be reached by {scheme:?}\n  {HOW}")),
        };
        if rest.contains('@') {
            return Err("the application's address has a user or a password in it\n  Take it out: who asks is the application's own affair, and this file is no place for passwords.".to_owned());
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(format!(
                "{text:?} has a path\n  Leave it out: a request's own path is what the application sees."
            ));
        }
        let (host, port) = split_port(authority, if tls { 443 } else { 80 })
            .ok_or_else(|| format!("{text:?} has no port that can be used\n  A port is 1 to 65535. {HOW}"))?;
        let host = HostName::parse(host).map_err(|error| format!("{text:?}: {error}"))?;
        Ok(Self::Tcp { tls, host, port })
    }

    /// Whether it is reached over TLS.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        matches!(self, Self::Tcp { tls: true, .. })
    }
}

/// Host and port; `None` where what stands after the colon is no port.
pub(super) fn split_port(authority: &str, usual: u16) -> Option<(&str, u16)> {
    let after_host = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[after_host..].find(':') {
        None => Some((authority, usual)),
        Some(at) => {
            let (host, port) = authority.split_at(after_host + at);
            let digits = port[1..].bytes().all(|b| b.is_ascii_digit());
            let port = port[1..].parse().ok().filter(|port| digits && *port > 0)?;
            Some((host, port))
        }
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { tls, host, port } => write!(f, "{}://{host}:{port}", if *tls { "https" } else { "http" }),
        }
    }
}

checked_text!(UpstreamAddress, String, |address| address.to_string());

/// `upstream = "http://…"`, or a table.
pub(super) fn text_or_table<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UpstreamConfig>, D::Error> {
    struct TextOrTable;

    impl<'de> serde::de::Visitor<'de> for TextOrTable {
        type Value = UpstreamConfig;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an address such as \"http://127.0.0.1:8000\", or a table { to = [\"…\"] }")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            UpstreamAddress::parse(text).map(UpstreamConfig::at).map_err(E::custom)
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            UpstreamConfig::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(TextOrTable).map(Some)
}
