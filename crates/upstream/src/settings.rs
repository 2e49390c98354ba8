//! What an upstream is, as the configuration says it.

use std::{path::PathBuf, time::Duration};

use palisade_config::{HostName, SiteConfig, UpstreamAddress, UpstreamHost, WebOrigin};

/// An upstream: where it is, and how it is to be spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// The addresses that serve the same application.
    pub addresses: Vec<UpstreamAddress>,
    /// Whom to believe about an `https://` address: the certificates of this file; without one, those of the system.
    pub ca: Option<PathBuf>,
    /// The name that an `https://` address has to prove; without one, the host of the address.
    pub server_name: Option<HostName>,
    /// Speak HTTP/2: by ALPN on `https://`, by prior knowledge elsewhere.
    pub http2: bool,
    /// The Host that the upstream sees.
    pub host: UpstreamHost,
    /// Who gets the next request, where there are several addresses.
    pub balance: Balance,
    /// How long each phase may take.
    pub timeouts: UpstreamTimeouts,
    /// The most connections in use at each address, those of WebSockets and streams of events apart; so many are kept open
    /// for the next request, too.
    pub connections: usize,
    /// The most WebSockets and streams of events open at each address.
    pub open_streams: usize,
    /// Asks each address in turn whether it is well.
    pub health: Option<HealthCheck>,
    /// Whether WebSockets are passed through.
    pub websockets: bool,
    /// The hosts of the site: whose pages may open a WebSocket, and whose redirects stay on it.
    pub hosts: Vec<HostName>,
    /// What becomes of the cookies that the upstream sets.
    pub cookies: CookieRules,
    /// Other origins whose pages may read answers in their readers' name.
    pub cors_origins: Vec<WebOrigin>,
}

/// How one of several addresses is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// The one with the fewest requests under way.
    #[default]
    LeastOutstanding,
    /// One after the other.
    RoundRobin,
}

/// The phases of a request to the upstream, and how long each may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamTimeouts {
    /// Name, connection and TLS handshake.
    pub connect: Duration,
    /// From the last byte of the request to the head of the answer.
    pub answer: Duration,
    /// The longest pause in either body.
    pub pause: Duration,
    /// The longest silence of a WebSocket, or of a stream of events.
    pub quiet: Duration,
    /// How long a connection is kept for a next request.
    pub idle: Duration,
}

/// Whether an address is well is found out by asking it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// What is asked for. An answer from 200 to 399 is a good one.
    pub path: String,
    /// How often.
    pub every: Duration,
    /// So many bad answers in a row take an address out.
    pub fall: u32,
    /// So many good ones in a row bring it back.
    pub rise: u32,
}

/// What becomes of the cookies that the upstream sets: `Secure`, `HttpOnly` and `SameSite=Lax` are added, `Domain` goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieRules {
    /// Names that the application's own scripts read: no `HttpOnly` is added to these.
    pub for_scripts: Vec<String>,
}

impl UpstreamSettings {
    /// The upstream of a guarded site; `None` where the site's app is built in.
    #[must_use]
    pub fn of(site: &SiteConfig) -> Option<Self> {
        let config = site.upstream.as_ref()?;
        let usual = UpstreamTimeouts::default();
        let health = |path| HealthCheck::new(path, config.health_interval());
        let for_scripts = site.preset.script_cookies().iter().map(ToString::to_string);
        Some(Self {
            addresses: config.to.clone(),
            ca: config.ca.clone(),
            server_name: config.server_name.clone(),
            http2: config.http2,
            host: config.host,
            balance: Balance::default(),
            timeouts: UpstreamTimeouts {
                connect: config.connect_time(),
                answer: config.answer_time(),
                pause: config.pause_time(),
                quiet: usual.quiet.max(config.pause_time()),
                idle: usual.idle,
            },
            connections: config.connections,
            open_streams: config.open_streams,
            health: config.health.as_ref().map(|path| health(path.as_str())),
            websockets: site.allows_websockets(),
            hosts: site.hosts.clone(),
            cookies: CookieRules { for_scripts: for_scripts.chain(site.script_cookies.iter().cloned()).collect() },
            cors_origins: site.cors_origins.clone(),
        })
    }

    /// These addresses, and defaults for all the rest.
    #[must_use]
    pub fn to(addresses: Vec<UpstreamAddress>) -> Self {
        Self {
            addresses,
            ca: None,
            server_name: None,
            http2: false,
            host: UpstreamHost::Keep,
            balance: Balance::default(),
            timeouts: UpstreamTimeouts::default(),
            connections: 256,
            open_streams: 4_096,
            health: None,
            websockets: true,
            hosts: Vec::new(),
            cookies: CookieRules::default(),
            cors_origins: Vec::new(),
        }
    }
}

impl Default for UpstreamTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(60),
            pause: Duration::from_secs(60),
            quiet: Duration::from_secs(600),
            idle: Duration::from_secs(30),
        }
    }
}

impl HealthCheck {
    /// This path, this often, with the usual thresholds.
    #[must_use]
    pub fn new(path: impl Into<String>, every: Duration) -> Self {
        Self { path: path.into(), every, fall: 3, rise: 2 }
    }
}
