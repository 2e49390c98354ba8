//! `palisade.toml` as types: one section, one file, one struct, each with its defaults and its words.
//!
//! [`Config::load`] reads and checks the text, [`Config::check`] looks at the world (files, modes, the database's URL)
//! without serving. Errors say file, line and column, what is wrong and what to do. Nothing here reads a global: the
//! environment is handed in ([`Config::with_environment`]).

mod check;
mod config;
mod error;
mod host;
mod network;
mod reference;
mod section;

pub use config::Config;
pub use error::{ConfigError, Finding};
pub use host::{HostName, HostNameError};
pub use network::{Network, TrustedNetwork};
pub use reference::{KeyReference, Section, SectionReference, render_reference};
pub use section::{
    company::{CompanyConfig, TimeZoneName},
    console::ConsoleConfig,
    database::{DatabaseConfig, DatabaseUrlText},
    headers::{FrameOptions, HeaderOverrides, HeaderText, HeadersConfig, ReferrerPolicy},
    limits::{LimitsConfig, RateConfig, WindowConfig},
    listen::ListenConfig,
    log::{LogConfig, LogFormat, LogLevel},
    seal::{SealConfig, SyslogAddress},
    site::{App, SiteConfig},
    sizes::SizesConfig,
    timeouts::TimeoutsConfig,
    tls::{SiteTlsConfig, TlsConfig},
};
