//! `[[site]]`

pub(crate) mod access;
pub(crate) mod bench;
pub(crate) mod database;
pub(crate) mod failed_when;
pub(crate) mod origin;
pub(crate) mod path;
pub(crate) mod preset;
pub(crate) mod upstream;

use serde::{Deserialize, Serialize};

use self::{
    access::{AccessConfig, RuleConfig},
    bench::BenchConfig,
    database::SiteDatabaseConfig,
    failed_when::{FailedWhen, FailedWhenConfig},
    origin::WebOrigin,
    path::PathPrefix,
    preset::Preset,
    upstream::UpstreamConfig,
};
use super::{sizes::SizesConfig, tls::TlsConfig};
use crate::{HeaderOverrides, HostName, SiteTlsConfig, reference::section};

section! {
    /// A site: host names and the app behind them, which is built in (`app`) or runs already (`upstream`: a guarded site). Write one block per site.
    "[[site]]" SiteConfig {
        /// Its short name, in roles, logs and commands: lower-case letters, digits and hyphens.
        name: String = String::new(),
        /// The host names that it answers to. The first is the one that links and redirects use.
        hosts: Vec<HostName> = Vec::new(),
        /// The built-in app: `kpi`, or `console` for sign-in and administration alone. Not set, and no `upstream` either: `kpi`.
        app: Option<App> = None,
        /// The application that is guarded: `"http://127.0.0.1:8000"`, `"https://10.0.0.7"`, `"unix:/run/app.sock"`, or a table (see `[site.upstream]`).
        #[serde(deserialize_with = "upstream::text_or_table")]
        upstream: Option<UpstreamConfig> = None,
        /// Headers, ways in, static files and cookies as a kind of application needs them: `strict`, `frappe` (Frappe and ERPNext, the TEMS guide's headers) or `kpi` (the KPI guide's).
        preset: Preset = Preset::Strict,
        /// Headers that differ from the preset's on this site.
        headers: HeaderOverrides = HeaderOverrides::default(),
        /// A certificate of its own: `tls = { certificate = "…", key = "…" }`. Not set: the one of `[tls]`.
        tls: Option<SiteTlsConfig> = None,
        /// Where the certificate comes from: `files`, `self-signed`, `local-ca` or `acme`. Not set: `files` where `tls` or `[tls]` names some, else `self-signed`.
        certificate: Option<CertificateSource> = None,
        /// The largest body of a request, in MiB, in place of `[sizes]` `body_kib`. 0: no limit but the upstream's own.
        body_mib: Option<u32> = None,
        /// Whether WebSocket connections go through. Not set: yes for a guarded site.
        websockets: Option<bool> = None,
        /// Further paths by which people sign in, beside the preset's: what is tried there is counted and limited.
        ways_in: Vec<PathPrefix> = Vec::new(),
        /// Which answers to a try to sign in at a guarded site count as a failed one: `{ statuses = [401, 403] }`, a redirect to what begins like `location = "/login?error"`, or an HTML page with status 200 (`form_again = true`). What is left out is as usual: 401 and 403, no redirect, `form_again` with preset `kpi` alone. `{ statuses = [], form_again = false }` counts none.
        failed_when: Option<FailedWhenConfig> = None,
        /// Further cookies of the application that its scripts read, beside the preset's. All others are hidden from scripts (HttpOnly).
        script_cookies: Vec<String> = Vec::new(),
        /// Other sites whose pages may read a guarded application's answers in their readers' name (CORS with credentials): `"https://shop.example.com"`. Whatever the application itself says, no other site may.
        cors_origins: Vec<WebOrigin> = Vec::new(),
        /// The bench of a guarded Frappe site; see `[site.bench]`.
        bench: Option<BenchConfig> = None,
        /// Who gets to a guarded site; see `[site.access]`.
        access: AccessConfig = AccessConfig::default(),
        /// The database of a guarded application; see `[site.database]`.
        database: Option<SiteDatabaseConfig> = None,
        /// Rules for single paths of a guarded site; see `[[site.rule]]`.
        rule: Vec<RuleConfig> = Vec::new(),
    }
}

/// A built-in app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum App {
    /// The built-in KPI system. The console is part of it unless it has a host of its own.
    Kpi,
    /// The console alone.
    Console,
}

/// What stands behind a site.
#[derive(Clone, Copy, Debug)]
pub enum Backend<'a> {
    /// An app of the program's own.
    BuiltIn(App),
    /// An application that runs already: the site is guarded.
    Upstream(&'a UpstreamConfig),
}

/// Where a site's certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateSource {
    /// Files of the operator's.
    Files,
    /// Made here, trusted by nobody else.
    SelfSigned,
    /// Made by a CA of the company's own, which Palisade keeps; its root is installed on the devices.
    LocalCa,
    /// Ordered from a CA, by ACME.
    Acme,
}

impl CertificateSource {
    /// As written in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::SelfSigned => "self-signed",
            Self::LocalCa => "local-ca",
            Self::Acme => "acme",
        }
    }
}

impl std::fmt::Display for CertificateSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl App {
    /// As written in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kpi => "kpi",
            Self::Console => "console",
        }
    }
}

impl SiteConfig {
    /// What stands behind it. An upstream wins where both are named, which the check refuses.
    #[must_use]
    pub fn backend(&self) -> Backend<'_> {
        match (&self.upstream, self.app) {
            (Some(upstream), _) => Backend::Upstream(upstream),
            (None, app) => Backend::BuiltIn(app.unwrap_or(App::Kpi)),
        }
    }

    /// Whether it is an application of somebody else's.
    #[must_use]
    pub const fn is_guarded(&self) -> bool {
        self.upstream.is_some()
    }

    /// Where its certificate comes from.
    #[must_use]
    pub fn certificate_source(&self, tls: &TlsConfig) -> CertificateSource {
        let files = self.tls.is_some() || (tls.certificate.is_some() && tls.key.is_some());
        let usual = if files { CertificateSource::Files } else { CertificateSource::SelfSigned };
        self.certificate.unwrap_or(usual)
    }

    /// The largest body of a request, in bytes; `None`: whatever the upstream takes.
    #[must_use]
    pub fn body_bytes(&self, sizes: &SizesConfig) -> Option<u64> {
        match self.body_mib {
            Some(0) => None,
            Some(mib) => Some(u64::from(mib) * 1_048_576),
            None => Some((sizes.body_kib as u64).saturating_mul(1_024)),
        }
    }

    /// Whether WebSocket connections go through.
    #[must_use]
    pub fn allows_websockets(&self) -> bool {
        self.websockets.unwrap_or(self.is_guarded())
    }

    /// Every path by which people sign in to a guarded site: the preset's, and the site's own.
    pub fn all_ways_in(&self) -> impl Iterator<Item = &str> {
        self.preset.ways_in().iter().copied().chain(self.ways_in.iter().map(PathPrefix::as_str))
    }

    /// Which answers of a guarded application to a try to sign in tell that it failed.
    #[must_use]
    pub fn failed_when(&self) -> FailedWhen {
        FailedWhen::of(self.failed_when.as_ref(), self.preset)
    }

    /// Whether scripts may read this cookie of the application's.
    #[must_use]
    pub fn scripts_may_read(&self, cookie: &str) -> bool {
        self.preset.script_cookies().contains(&cookie) || self.script_cookies.iter().any(|own| own == cookie)
    }
}
