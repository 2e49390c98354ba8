//! The whole file.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    AccessConfig, AcmeConfig, App, Backend, BenchConfig, CompanyConfig, ConfigError, ConsoleConfig, DatabaseConfig,
    DatabaseUrlText, FirewallConfig, HeadersConfig, HelperConfig, HostConfig, HostName, JailsConfig, LimitConfig,
    LimitsConfig, ListenConfig, LogConfig, LogJailConfig, RuleConfig, SealConfig, Section, SectionReference,
    SiteConfig, SiteDatabaseConfig, SizesConfig, TimeoutsConfig, TlsConfig, TrustedNetwork, UpstreamConfig, check,
    error::{Finding, Place, Severity},
    file::read_file,
    reference::KeyReference,
};

/// The name of the console where it is a site of its own.
pub(crate) const CONSOLE_SITE: &str = "console";

/// Everything that `palisade.toml` says.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where keys, certificates and the embedded database are kept. Only Palisade's own user may read it.
    pub data_dir: PathBuf,
    /// Networks of your own proxies, which may say for whom they forward.
    pub trusted_proxies: Vec<TrustedNetwork>,
    /// `[company]`
    pub company: CompanyConfig,
    /// `[listen]`
    pub listen: ListenConfig,
    /// `[[site]]`
    #[serde(rename = "site")]
    pub sites: Vec<SiteConfig>,
    /// `[console]`
    pub console: ConsoleConfig,
    /// `[tls]`
    pub tls: TlsConfig,
    /// `[acme]`
    pub acme: AcmeConfig,
    /// `[database]`
    pub database: DatabaseConfig,
    /// `[headers]`
    pub headers: HeadersConfig,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[[limit]]`
    pub limit: Vec<LimitConfig>,
    /// `[jails]`
    pub jails: JailsConfig,
    /// `[[jail]]`
    pub jail: Vec<LogJailConfig>,
    /// `[sizes]`
    pub sizes: SizesConfig,
    /// `[timeouts]`
    pub timeouts: TimeoutsConfig,
    /// `[log]`
    pub log: LogConfig,
    /// `[seal]`
    pub seal: SealConfig,
    /// `[helper]`
    pub helper: HelperConfig,
    /// `[firewall]`
    pub firewall: FirewallConfig,
    /// `[host]`
    pub host: HostConfig,
    #[serde(skip)]
    source: Source,
}

/// Where the configuration came from, so that later findings can name line and column.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: Arc<str>,
}

impl std::fmt::Debug for Source {
    /// The path alone: the text may hold the database's password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.fmt(f)
    }
}

impl Default for Source {
    fn default() -> Self {
        Self { path: PathBuf::from("palisade.toml"), text: Arc::from("") }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("/var/lib/palisade"),
            trusted_proxies: Vec::new(),
            company: CompanyConfig::default(),
            listen: ListenConfig::default(),
            sites: Vec::new(),
            console: ConsoleConfig::default(),
            tls: TlsConfig::default(),
            acme: AcmeConfig::default(),
            database: DatabaseConfig::default(),
            headers: HeadersConfig::default(),
            limits: LimitsConfig::default(),
            limit: Vec::new(),
            jails: JailsConfig::default(),
            jail: Vec::new(),
            sizes: SizesConfig::default(),
            timeouts: TimeoutsConfig::default(),
            log: LogConfig::default(),
            seal: SealConfig::default(),
            helper: HelperConfig::default(),
            firewall: FirewallConfig::default(),
            host: HostConfig::default(),
            source: Source::default(),
        }
    }
}

impl Config {
    /// Reads the file, and checks all that can be known from the text alone.
    ///
    /// # Errors
    /// The file can't be read, or what is wrong in it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = read_text(path).map_err(|error| ConfigError {
            path: path.to_owned(),
            findings: vec![Finding::error(
                None,
                format!("the file can't be read: {error}"),
                "Name another with --config, or make one with `palisade setup`.",
            )],
        })?;
        Self::parse(path, &text)
    }

    /// As [`Config::load`], from a text; `path` is what errors name.
    ///
    /// # Errors
    /// What is wrong in it.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let place = error.span().map(|span| Place::locate(text, span));
            ConfigError { path: path.to_owned(), findings: vec![Finding::from_message(error.message(), place)] }
        })?;
        config.source = Source { path: path.to_owned(), text: Arc::from(text) };
        config.refuse_errors(check::text_alone(&config))?;
        config.add_console_site();
        Ok(config)
    }

    /// A host that is the console's and no site's is a site of its own: the console alone.
    fn add_console_site(&mut self) {
        if let Some(host) = self.console.host.clone()
            && !self.sites.iter().any(|site| site.hosts.contains(&host))
        {
            let hosts = vec![host];
            self.sites.push(SiteConfig {
                name: CONSOLE_SITE.to_owned(),
                hosts,
                app: Some(App::Console),
                ..SiteConfig::default()
            });
        }
    }

    fn refuse_errors(&self, mut findings: Vec<Finding>) -> Result<(), ConfigError> {
        findings.retain(|finding| finding.severity == Severity::Error);
        if findings.is_empty() { Ok(()) } else { Err(ConfigError::new(self.source.path.clone(), findings)) }
    }

    /// Looks at everything that the configuration names, without serving: files, their modes, the data directory.
    ///
    /// # Errors
    /// All that is wrong, not only the first.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.refuse_errors(self.findings())
    }

    /// As [`Config::check`], with warnings too.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = check::text_alone(self);
        findings.extend(check::provisioned(self));
        findings
    }

    /// What somebody should know about it, as far as the text alone shows.
    #[must_use]
    pub fn warnings(&self) -> Vec<Finding> {
        let mut findings = check::text_alone(self);
        findings.retain(|finding| finding.severity == Severity::Warning);
        findings
    }

    /// As [`Config::warnings`], those that are about one site (by its number, from 0).
    #[must_use]
    pub fn warnings_about_site(&self, number: usize) -> Vec<Finding> {
        let lines =
            |at: usize| self.place(&format!("site.{at}")).filter(|_| at < self.sites.len()).map(|place| place.line);
        let (Some(first), next) = (lines(number), lines(number + 1).unwrap_or(usize::MAX)) else { return Vec::new() };
        let mut findings = self.warnings();
        findings.retain(|finding| finding.place.as_ref().is_some_and(|place| (first..next).contains(&place.line)));
        findings
    }

    /// The place of a value in the file, or of the nearest thing around it that is there. `at` is its way with dots:
    /// `tls.key`, `site.0.hosts.1` (numbers from 0).
    #[must_use]
    pub fn place(&self, at: &str) -> Option<Place> {
        check::locate(&self.source.text, at)
    }

    /// Takes DATABASE_URL and PALISADE_OWNER_DATABASE_URL from the environment, which stand before the file's.
    ///
    /// # Errors
    /// A URL that can't be used.
    pub fn with_environment(mut self, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let read = |name: &'static str| match lookup(name).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => DatabaseUrlText::parse(&text).map(Some).map_err(|message| ConfigError {
                path: PathBuf::from(format!("environment variable {name}")),
                findings: vec![Finding::from_message(&message, None)],
            }),
        };
        let (url, owner_url) = (read("DATABASE_URL")?, read("PALISADE_OWNER_DATABASE_URL")?);
        self.database.url = url.or(self.database.url);
        self.database.owner_url = owner_url.or(self.database.owner_url);
        Ok(self)
    }

    /// The demo's configuration: the KPI app on `listen`, for names and addresses of this machine only, in `data_dir`.
    #[must_use]
    pub fn demo(listen: SocketAddr, data_dir: &Path) -> Self {
        let local = ["localhost", "127.0.0.1", "::1"];
        let mut hosts: Vec<HostName> = local.iter().filter_map(|host| HostName::parse(host).ok()).collect();
        if !listen.ip().is_unspecified() && !listen.ip().is_loopback() {
            hosts.extend(HostName::parse(&listen.ip().to_string()));
        }
        let loopback = SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
        Self {
            data_dir: data_dir.to_owned(),
            sites: vec![SiteConfig { name: "kpi".to_owned(), hosts, ..SiteConfig::default() }],
            listen: ListenConfig {
                https: vec![listen],
                http: vec![SocketAddr::new(listen.ip(), 0)],
                operations: Some(loopback),
                ..ListenConfig::default()
            },
            ..Self::default()
        }
    }

    /// The file that it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The host that people sign in at. `None` where there is neither a built-in site nor a host for the console.
    #[must_use]
    pub fn console_host(&self) -> Option<&HostName> {
        self.console.host.as_ref().or_else(|| self.console_site()?.hosts.first())
    }

    /// The site that the console is part of: the one that has its host, else the first that is built in.
    #[must_use]
    pub fn console_site(&self) -> Option<&SiteConfig> {
        match &self.console.host {
            Some(host) => self.sites.iter().find(|site| site.hosts.contains(host)),
            None => {
                let own = self.sites.iter().find(|site| site.app == Some(App::Console));
                own.or_else(|| self.sites.iter().find(|site| !site.is_guarded()))
            }
        }
    }

    /// Whether one of the sites serves this built-in app.
    #[must_use]
    pub fn serves(&self, wanted: App) -> bool {
        self.sites.iter().any(|site| matches!(site.backend(), Backend::BuiltIn(app) if app == wanted))
    }

    /// The guarded sites.
    pub fn guarded_sites(&self) -> impl Iterator<Item = (&SiteConfig, &UpstreamConfig)> {
        self.sites.iter().filter_map(|site| site.upstream.as_ref().map(|upstream| (site, upstream)))
    }

    /// The headers of a site: its preset's, and its own words.
    #[must_use]
    pub fn headers_of(&self, site: &SiteConfig) -> HeadersConfig {
        site.preset.headers(&self.headers).with(&site.headers)
    }

    /// The port that people use for HTTPS.
    #[must_use]
    pub fn public_port(&self) -> u16 {
        let bound = || self.listen.https.first().map(SocketAddr::port);
        self.listen.public_https_port.or_else(bound).unwrap_or(443)
    }

    /// Every section, for the reference page.
    #[must_use]
    pub fn reference() -> Vec<SectionReference> {
        vec![
            top_reference(),
            CompanyConfig::reference(),
            ListenConfig::reference(),
            SiteConfig::reference(),
            UpstreamConfig::reference(),
            BenchConfig::reference(),
            AccessConfig::reference(),
            SiteDatabaseConfig::reference(),
            RuleConfig::reference(),
            ConsoleConfig::reference(),
            TlsConfig::reference(),
            AcmeConfig::reference(),
            DatabaseConfig::reference(),
            HeadersConfig::reference(),
            LimitsConfig::reference(),
            LimitConfig::reference(),
            JailsConfig::reference(),
            LogJailConfig::reference(),
            SizesConfig::reference(),
            TimeoutsConfig::reference(),
            LogConfig::reference(),
            SealConfig::reference(),
            HelperConfig::reference(),
            FirewallConfig::reference(),
            HostConfig::reference(),
        ]
    }
}

fn read_text(path: &Path) -> std::io::Result<String> {
    String::from_utf8(read_file(path)?).map_err(|error| {
        let line =
            error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        std::io::Error::new(std::io::ErrorKind::InvalidData, format!("line {line} is not UTF-8 text"))
    })
}

fn top_reference() -> SectionReference {
    let key =
        |name, about: &str, default: String| KeyReference { name, about: about.to_owned(), default: Some(default) };
    let defaults = Config::default();
    SectionReference {
        header: "palisade.toml",
        about: "These stand at the top of the file, before any section.".to_owned(),
        keys: vec![
            key(
                "data_dir",
                "Where keys, certificates and the embedded database are kept. Only Palisade's own user may read it.",
                format!("{:?}", defaults.data_dir.display().to_string()),
            ),
            key(
                "trusted_proxies",
                "Networks of your own proxies, which may say for whom they forward. 0.0.0.0/0 and ::/0 are refused.",
                "[]".to_owned(),
            ),
        ],
    }
}
