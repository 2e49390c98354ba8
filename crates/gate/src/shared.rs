//! What all requests share: made from the configuration, and made anew when that is read again.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use arc_swap::ArcSwap;
use palisade_bans::Bans;
use palisade_base::{
    AddressKey, Env,
    auth::{Authenticator, SiteSessions},
};
use palisade_certificates::Certificates;
use palisade_config::{Config, HostName};
use palisade_counters::{ConnectionLimiter, LimitBoard};
use palisade_web::RenderState;

use crate::{
    denials::Denials,
    elsewhere::Parties,
    layer::response_headers::HeaderSet,
    limits::Limits,
    metrics::Metrics,
    readiness::Readiness,
    request::Facts,
    sites::{Site, SiteState, Sites},
    standing::Rounds,
    wire::{HeadLimits, WireLimits},
};

/// What is in force at the moment. A request loads it once, so that no request sees two configurations.
pub(crate) type Current = Arc<ArcSwap<Shared>>;

pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) env: Env,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) site_sessions: Arc<dyn SiteSessions>,
    pub(crate) bans: Bans,
    pub(crate) sites: Sites,
    pub(crate) certificates: Certificates,
    /// For answers that belong to no site.
    pub(crate) default_headers: HeaderSet,
    pub(crate) default_render: RenderState,
    pub(crate) limits: Arc<Limits>,
    board: LimitBoard,
    pub(crate) connections: ConnectionLimiter<AddressKey>,
    pub(crate) denials: Arc<Denials>,
    /// What stays open.
    pub(crate) rounds: Arc<Rounds>,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Readiness,
    pub(crate) wire: WireLimits,
    /// The port that redirects name; known once the listeners are bound.
    https_port: AtomicU16,
}

impl Shared {
    pub(crate) fn new(parts: crate::GateParts) -> Self {
        let config = parts.config;
        let limits = &config.limits;
        Self {
            bans: parts.bans,
            sites: Sites::new(parts.sites),
            certificates: parts.certificates,
            default_headers: HeaderSet::new(&config.headers),
            default_render: RenderState::new(config.company.name.clone()),
            limits: Arc::new(Limits::new(&config, &parts.limits)),
            board: parts.limits,
            connections: ConnectionLimiter::new(limits.max_connections, limits.max_connections_per_address),
            denials: Arc::new(Denials::new(parts.trail, limits.tracked_addresses)),
            rounds: Arc::default(),
            metrics: Metrics::default(),
            readiness: parts.readiness,
            wire: wire_limits(&config),
            https_port: AtomicU16::new(config.listen.public_https_port.unwrap_or(443)),
            authenticator: parts.authenticator,
            site_sessions: parts.site_sessions,
            env: parts.env,
            config,
        }
    }

    /// The same gate under another configuration: what was counted, refused and measured lives on.
    pub(crate) fn renewed(&self, config: Arc<Config>, sites: Vec<Site>) -> Self {
        let limits = &config.limits;
        self.connections.resize(limits.max_connections, limits.max_connections_per_address);
        Self {
            sites: Sites::new(sites),
            default_headers: HeaderSet::new(&config.headers),
            default_render: RenderState::new(config.company.name.clone()),
            bans: self.bans.clone(),
            certificates: self.certificates.clone(),
            limits: Arc::new(Limits::carried_over(&self.limits, &config, &self.board)),
            board: self.board.clone(),
            connections: self.connections.clone(),
            denials: Arc::clone(&self.denials),
            rounds: Arc::clone(&self.rounds),
            metrics: self.metrics.clone(),
            readiness: self.readiness.clone(),
            wire: wire_limits(&config),
            https_port: AtomicU16::new(config.listen.public_https_port.unwrap_or_else(|| self.https_port())),
            authenticator: Arc::clone(&self.authenticator),
            site_sessions: Arc::clone(&self.site_sessions),
            env: self.env.clone(),
            config,
        }
    }

    pub(crate) fn is_trusted_proxy(&self, address: IpAddr) -> bool {
        self.config.trusted_proxies.iter().any(|network| network.contains(address))
    }

    pub(crate) fn is_allow_listed(&self, address: IpAddr) -> bool {
        self.config.limits.allow_list.iter().any(|network| network.contains(address))
    }

    /// Whether no limit holds for this request. A forwarded one is never exempt: everything behind a local proxy comes
    /// from loopback.
    pub(crate) fn is_exempt(&self, facts: &Facts) -> bool {
        !facts.client.forwarded && self.is_allow_listed(facts.client.address)
    }

    /// Where people sign in for this site, and between whom its identity tokens speak; `None` where that is the site
    /// itself, and where no console is served.
    pub(crate) fn parties<'a>(&self, site: &'a SiteState) -> Option<&'a Parties> {
        let elsewhere = site.elsewhere.as_ref()?;
        let parties = elsewhere.parties.get_or_init(|| {
            let console = self.url_of(self.config.console_host()?);
            let issuer = self.config.console.issuer.clone().unwrap_or_else(|| console.clone());
            Some(Parties { audience: self.url_of(elsewhere.host.as_ref()?), issuer, console })
        });
        parties.as_ref()
    }

    /// The address of a host of ours, as people reach it.
    pub(crate) fn url_of(&self, host: &HostName) -> String {
        format!("https://{}", host.authority(self.https_port()))
    }

    pub(crate) fn https_port(&self) -> u16 {
        self.https_port.load(Ordering::Relaxed)
    }

    /// The port that was bound, unless the configuration names the one that people use.
    pub(crate) fn note_https_port(&self, bound: u16) {
        self.https_port.store(self.config.listen.public_https_port.unwrap_or(bound), Ordering::Relaxed);
    }
}

fn wire_limits(config: &Config) -> WireLimits {
    let sizes = &config.sizes;
    let head = HeadLimits {
        bytes: sizes.headers_kib.saturating_mul(1_024),
        headers: sizes.header_count,
        uri: sizes.uri_bytes,
    };
    WireLimits { head, head_time: config.timeouts.headers() }
}
