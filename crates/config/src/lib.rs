#![doc = include_str!("../README.md")]

mod check;
mod config;
mod difference;
mod error;
mod file;
mod host;
mod network;
mod public_name;
mod reference;
mod section;
mod text;

pub use config::Config;
pub use error::{ConfigError, Finding, Place, Severity};
pub use file::read_file;
pub use host::{HostName, HostNameError};
pub use network::{Network, TrustedNetwork};
pub use reference::{KeyReference, Section, SectionReference, render_reference};
pub use section::{
    acme::{AcmeChallenge, AcmeConfig, AcmeDirectory, ExternalAccountConfig, MailAddress},
    company::{CompanyConfig, TimeZoneName},
    console::ConsoleConfig,
    database::{DatabaseConfig, DatabaseUrlText},
    firewall::{FirewallConfig, OpenPort, Transport},
    headers::{FrameOptions, HeaderOverrides, HeaderText, HeadersConfig, ReferrerPolicy},
    helper::HelperConfig,
    jail::LogJailConfig,
    jails::{IncrementConfig, JailsConfig, SignInJailConfig},
    limit::{LimitBy, LimitConfig, MethodName},
    limits::{LimitsConfig, RateConfig, WindowConfig},
    listen::ListenConfig,
    log::{LogConfig, LogFormat, LogLevel},
    machine::HostConfig,
    seal::{SealConfig, SyslogAddress},
    site::{
        App, Backend, CertificateSource, SiteConfig,
        access::{AccessConfig, IdentityForm, RuleConfig, SignIn},
        bench::BenchConfig,
        database::SiteDatabaseConfig,
        failed_when::{AnswerStatus, FailedWhen, FailedWhenConfig, RedirectPrefix},
        origin::WebOrigin,
        path::PathPrefix,
        preset::Preset,
        upstream::{UpstreamAddress, UpstreamConfig, UpstreamHost},
    },
    sizes::SizesConfig,
    timeouts::TimeoutsConfig,
    tls::{SiteTlsConfig, TlsConfig},
};
