//! `[[site]]`

use serde::{Deserialize, Serialize};

use crate::{HeaderOverrides, HostName, SiteTlsConfig, reference::section};

section! {
    /// A site: host names and the app behind them. Write one block per site.
    "[[site]]" SiteConfig {
        /// Its short name, in roles, logs and commands: lower-case letters, digits and hyphens.
        name: String = String::new(),
        /// The host names that it answers to. The first is the one that links and redirects use.
        hosts: Vec<HostName> = Vec::new(),
        /// The app: `kpi`.
        app: App = App::Kpi,
        /// Headers that differ from `[headers]` on this site.
        headers: HeaderOverrides = HeaderOverrides::default(),
        /// A certificate of its own: `tls = { certificate = "…", key = "…" }`. Not set: the one of `[tls]`.
        tls: Option<SiteTlsConfig> = None,
    }
}

/// What stands behind a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum App {
    /// The built-in KPI system.
    Kpi,
}
