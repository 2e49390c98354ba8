//! What the console's pages are given.

use std::sync::Arc;

use palisade_bans::Bans;
use palisade_base::Instant;
use palisade_certificates::Certificates;
use palisade_counters::LimitBoard;
use palisade_identity::Identity;
use palisade_posture::Posture;
use palisade_store::Store;
use palisade_trail::Trail;
use serde::{Serialize, Serializer};

/// A site as pages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteLabel {
    /// The name that grants and roles have: `console`, `kpi`.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Where a built-in app is that does not share the console's host, no slash at the end.
    pub url: Option<String>,
}

impl SiteLabel {
    /// The site of this name, as people call it.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into(), url: None }
    }

    /// It has a host of its own, beside the console's.
    #[must_use]
    pub fn at(self, url: Option<String>) -> Self {
        Self { url, ..self }
    }
}

/// A guarded site, as far as signing in goes on to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardedSite {
    /// The name that grants and roles have.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The address that people reach it at, no slash at the end.
    pub base_url: String,
    /// The roles that open it, one of them. None: everybody with a user may sign in there.
    pub roles: Vec<String>,
}

/// What the console is told about the place it works in.
#[derive(Clone, Debug)]
pub struct ConsoleConfig {
    /// The address that people reach the console at, as links are written: `https://kpi.example:8443`, no slash at the end.
    pub base_url: String,
    /// The sites that roles are for, in the order that pages list them.
    pub sites: Vec<SiteLabel>,
    /// The guarded sites, and the built-in ones on other hosts: where a sign-on may go on to.
    pub guarded: Vec<GuardedSite>,
    /// Opening a one-time sign-in link signs in at once. For the demo only: elsewhere the page asks first, because
    /// programs that look at mails open links too.
    pub links_open_at_once: bool,
}

/// How a site stands, as pages and commands show it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SiteReport {
    /// Its name.
    pub name: String,
    /// The hosts that it answers to.
    pub hosts: Vec<String>,
    /// What stands behind it: a built-in app's name, or `upstream`.
    pub app: String,
    /// The addresses of a guarded application.
    pub upstream: Vec<UpstreamReport>,
    /// The preset.
    pub preset: String,
    /// The certificate of each host.
    pub certificates: Vec<CertificateReport>,
    /// `open` or `required` for a guarded site; built-in ones ask anyway.
    pub sign_in: String,
    /// The security headers in force, with their values.
    pub headers: Vec<(String, String)>,
    /// The largest body of a request, in bytes; `None`: whatever the application takes.
    pub body_bytes: Option<u64>,
    /// Whether WebSockets go through.
    pub websockets: bool,
    /// The paths by which people sign in to a guarded site.
    pub ways_in: Vec<String>,
    /// What somebody should know about its configuration.
    pub warnings: Vec<String>,
}

/// How an address of a guarded application is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpstreamReport {
    /// The address.
    pub address: String,
    /// Whether it answers.
    pub state: UpstreamState,
    /// Since when it has answered, or not answered, as it does now.
    pub since: Option<At>,
    /// Requests under way.
    pub outstanding: usize,
    /// Failures in a row, up to now.
    pub failures: u32,
    /// What went wrong last.
    pub last_error: Option<UpstreamTrouble>,
}

/// Whether an application answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpstreamState {
    /// Nobody has asked it anything yet.
    NotAsked,
    /// It answers.
    Answers,
    /// The last request got no answer; it is too early to say more.
    LastFailed,
    /// It does not answer.
    Silent,
}

/// An error of a guarded application's, for whoever looks after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpstreamTrouble {
    /// What went wrong.
    pub what: String,
    /// When.
    pub at: At,
}

/// An instant in a report; programs are told it as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At(pub Instant);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The certificate of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateReport {
    /// The host.
    pub host: String,
    /// Where it comes from: `files`, `self-signed`, `local-ca` or `acme`.
    pub source: String,
    /// When it ends.
    pub ends: At,
    /// Whole days until then.
    pub days_left: i64,
}

/// What is in force at the moment, as the server tells it.
pub trait SiteReports: Send + Sync {
    /// Every site.
    fn sites(&self) -> Vec<SiteReport>;
    /// The file that says so.
    fn file(&self) -> String;
    /// The limits in force, and what they have refused lately.
    fn limits(&self) -> LimitBoard;
}

/// The state of every handler here.
#[derive(Clone)]
pub struct ConsoleState {
    /// Users, sessions, roles, settings.
    pub identity: Identity,
    /// Who is shut out, and the jails.
    pub bans: Bans,
    /// The trail.
    pub trail: Trail,
    /// The store: reading the trail is written into the trail.
    pub store: Store,
    /// The certificates of the sites.
    pub certificates: Certificates,
    /// What is in force.
    pub posture: Posture,
    /// The place.
    pub config: Arc<ConsoleConfig>,
    /// The sites, as they are at the moment.
    pub sites: Arc<dyn SiteReports>,
}

impl ConsoleState {
    /// The present instant.
    pub(crate) fn now(&self) -> Instant {
        self.store.env().now()
    }

    /// What people call a site.
    pub(crate) fn site_label<'a>(&'a self, name: &'a str) -> &'a str {
        self.config.sites.iter().find(|site| site.name == name).map_or(name, |site| site.label.as_str())
    }
}
