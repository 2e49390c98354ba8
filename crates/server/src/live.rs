//! What is in force at the moment, for commands and pages: a reload puts another in its place.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use palisade_base::{Env, Instant, Span};
use palisade_certificates::{CertificateStatus, Certificates};
use palisade_config::{Backend, Config, SiteConfig};
use palisade_console::{
    At, CertificateReport, SiteReport, SiteReports, UpstreamReport, UpstreamState, UpstreamTrouble,
};
use palisade_counters::LimitBoard;
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
    limits: LimitBoard,
    env: Env,
}

impl Live {
    pub(crate) fn new(config: Arc<Config>, certificates: Certificates, limits: LimitBoard, env: Env) -> Self {
        let now = InForce { config, ..InForce::default() };
        Self { now: RwLock::new(Arc::new(now)), certificates, limits, env }
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
            let health = upstream.health().into_iter();
            let silent = health.filter(|address| state_of(address) == UpstreamState::Silent);
            silent.map(|address| format!("{site}: {} does not answer", address.address)).collect::<Vec<_>>()
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

    fn limits(&self) -> LimitBoard {
        self.limits.clone()
    }
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
            upstream: health.into_iter().map(|health| upstream_report(health, self.env.now())).collect(),
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
            ends: At(status.facts.not_after),
            days_left: status.days_left(self.env.now()),
        }
    }
}

/// The warnings that are about this site.
fn warnings_of(config: &Config, number: usize) -> Vec<String> {
    let about = config.warnings_about_site(number);
    about.into_iter().map(|finding| format!("{}. {}", finding.what, finding.hint)).collect()
}

/// So many failures in a row are no accident.
const SILENT: u32 = 3;

const fn state_of(health: &AddressHealth) -> UpstreamState {
    match (health.asked, health.healthy, health.failures) {
        (false, _, _) => UpstreamState::NotAsked,
        (true, false, _) | (true, true, SILENT..) => UpstreamState::Silent,
        (true, true, 0) => UpstreamState::Answers,
        (true, true, _) => UpstreamState::LastFailed,
    }
}

fn upstream_report(health: AddressHealth, now: Instant) -> UpstreamReport {
    let ago = |past: Duration| At(now - Span::micros(i64::try_from(past.as_micros()).unwrap_or(i64::MAX)));
    UpstreamReport {
        state: state_of(&health),
        since: health.steady_for.map(ago),
        outstanding: health.outstanding,
        failures: health.failures,
        last_error: health.last_trouble.map(|(past, what)| UpstreamTrouble {
            // The address stands beside it.
            what: what.strip_prefix(&format!("{} ", health.address)).unwrap_or(&what).to_owned(),
            at: ago(past),
        }),
        address: health.address,
    }
}
