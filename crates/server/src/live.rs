//! What is in force at the moment, for commands and pages: a reload puts another in its place.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use palisade_base::Env;
use palisade_certificates::{CertificateStatus, Certificates};
use palisade_config::{Backend, Config, LimitConfig, SiteConfig};
use palisade_console::{CertificateReport, SiteReport, SiteReports, UpstreamReport};
use palisade_gate::{BoundAddresses, header_values};
use palisade_upstream::{AddressHealth, Upstream};

/// The guarded applications, by the names of their sites.
pub(crate) type Upstreams = BTreeMap<String, Arc<Upstream>>;

/// A configuration in force, and what was made for it.
#[derive(Default)]
pub(crate) struct InForce {
    pub(crate) config: Arc<Config>,
    pub(crate) bound: BoundAddresses,
    pub(crate) upstreams: Upstreams,
}

/// What is in force at the moment.
pub struct Live {
    now: RwLock<Arc<InForce>>,
    certificates: Certificates,
    env: Env,
}

impl Live {
    pub(crate) fn new(config: Arc<Config>, certificates: Certificates, env: Env) -> Self {
        let now = InForce { config, ..InForce::default() };
        Self { now: RwLock::new(Arc::new(now)), certificates, env }
    }

    pub(crate) fn get(&self) -> Arc<InForce> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, next: InForce) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    /// Addresses of guarded applications that get no requests.
    pub(crate) fn problems(&self) -> Vec<String> {
        let ill = |(site, upstream): (&String, &Arc<Upstream>)| {
            let addresses = upstream.health().into_iter().filter(|address| !address.healthy);
            addresses.map(|address| format!("{site}: {} does not answer", address.address)).collect::<Vec<_>>()
        };
        self.get().upstreams.iter().flat_map(ill).collect()
    }
}

impl SiteReports for Live {
    fn sites(&self) -> Vec<SiteReport> {
        let (now, certificates) = (self.get(), self.certificates.status());
        let report = |(number, site)| self.report(&now, &certificates, number, site);
        now.config.sites.iter().enumerate().map(report).collect()
    }

    fn file(&self) -> String {
        self.get().config.path().display().to_string()
    }

    fn limits(&self) -> Vec<[String; 3]> {
        let config = Arc::clone(&self.get().config);
        let limits = &config.limits;
        let rate = |requests: u32, seconds: u32, burst: u32| match burst {
            0 => format!("{requests} in {seconds} s"),
            burst => format!("{requests} in {seconds} s, and {burst} more at once"),
        };
        let row = |name: &str, of: &str, much| [name.to_owned(), of.to_owned(), much];
        let of_config =
            |limit: &LimitConfig| row(&limit.name, &scope_of(limit), rate(limit.requests, limit.seconds, limit.burst));
        let mut rows = vec![
            row(
                "user",
                "each user, API key, or address that has not signed in",
                rate(limits.user.requests, limits.user.seconds, 0),
            ),
            row("api", "each address, to /api/", rate(limits.api.requests, limits.api.seconds, limits.api.burst)),
            row(
                "login",
                "each address, on every way in",
                rate(limits.login.requests, limits.login.seconds, limits.login.burst),
            ),
        ];
        rows.extend(config.limit.iter().map(of_config));
        rows
    }
}

/// What a limit of the operator's own holds for, in words.
fn scope_of(limit: &LimitConfig) -> String {
    let mut words = format!("each {}", limit.by.as_str());
    if let Some(site) = &limit.site {
        words.push_str(&format!(", on {site}"));
    }
    let methods: Vec<&str> = limit.methods.iter().map(palisade_config::MethodName::as_str).collect();
    if !methods.is_empty() {
        words.push_str(&format!(", {}", methods.join(" ")));
    }
    if let Some(path) = &limit.path {
        words.push_str(&format!(", to {path}"));
    }
    words
}

impl Live {
    fn report(&self, now: &InForce, held: &[CertificateStatus], number: usize, site: &SiteConfig) -> SiteReport {
        let config = &now.config;
        let health = now.upstreams.get(&site.name).map(|upstream| upstream.health()).unwrap_or_default();
        let own = held.iter().filter(|status| site.hosts.contains(&status.host));
        let app = match site.backend() {
            Backend::BuiltIn(app) => app.as_str(),
            Backend::Upstream(_) => "upstream",
        };
        let ways_in = if site.is_guarded() { site.all_ways_in().map(str::to_owned).collect() } else { Vec::new() };
        let sign_in = if site.is_guarded() { site.access.sign_in.as_str() } else { "built in" };
        SiteReport {
            name: site.name.clone(),
            hosts: site.hosts.iter().map(ToString::to_string).collect(),
            app: app.to_owned(),
            upstream: health.into_iter().map(upstream_report).collect(),
            preset: site.preset.as_str().to_owned(),
            certificates: own.map(|status| self.certificate(status)).collect(),
            sign_in: sign_in.to_owned(),
            headers: header_values(&config.headers_of(site)),
            body_bytes: site.body_bytes(&config.sizes),
            websockets: site.allows_websockets(),
            ways_in,
            warnings: warnings_of(config, number),
        }
    }

    fn certificate(&self, status: &CertificateStatus) -> CertificateReport {
        CertificateReport {
            host: status.host.to_string(),
            source: status.source.as_str().to_owned(),
            ends: status.facts.not_after,
            days_left: status.days_left(self.env.now()),
        }
    }
}

/// The warnings that are about this site.
fn warnings_of(config: &Config, number: usize) -> Vec<String> {
    let about = config.warnings_about_site(number);
    about.into_iter().map(|finding| format!("{}. {}", finding.what, finding.hint)).collect()
}

fn upstream_report(health: AddressHealth) -> UpstreamReport {
    let AddressHealth { address, healthy, failures, outstanding, .. } = health;
    UpstreamReport { address, healthy, outstanding, failures }
}
