//! The machine: what listens, what is encrypted, who may read what, which firewall stands, and what is out of date.
//!
//! Everything here reads below a [`Root`] and judges what was read apart from it. What needs root's rights is asked of the
//! helper; without one it is unseen, and says so.

mod docker;
mod files;
pub mod firewall;
mod helper;
mod listening;
mod look;
mod mandatory;
mod root;
#[cfg(test)]
mod tests;
mod updates;
mod volume;

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use palisade_base::Env;
use palisade_config::Config;
use palisade_helper::client::HelperClient;
use palisade_store::DatabaseUrl;

use crate::{Check, Mender};
use firewall::FirewallMender;
use volume::Stated;

pub use root::Root;

/// Where the database keeps its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabasePlace {
    /// In the data directory: the embedded one.
    Data,
    /// On this machine, in a folder of its own.
    Here(PathBuf),
    /// On another machine, which is named so.
    Elsewhere(String),
}

/// Where PostgreSQL keeps its data on Debian and its like.
const POSTGRES: &str = "/var/lib/postgresql";

impl DatabasePlace {
    /// As the URL says.
    #[must_use]
    pub fn of(url: &DatabaseUrl, config: &Config) -> Self {
        match url {
            DatabaseUrl::Sqlite(file) if file.starts_with(&config.data_dir) => Self::Data,
            DatabaseUrl::Sqlite(file) => Self::Here(file.parent().unwrap_or(file).to_owned()),
            DatabaseUrl::Postgres(options) => {
                let host = options.get_host().trim_matches(['[', ']']);
                let is_own = host.parse::<IpAddr>().map_or(host == "localhost", |address| address.is_loopback());
                if is_own || host.starts_with('/') || options.get_socket().is_some() {
                    Self::Here(POSTGRES.into())
                } else {
                    Self::Elsewhere(host.to_owned())
                }
            }
        }
    }
}

/// The machine, and how to look at it.
#[derive(Clone)]
pub struct Host {
    /// Where its files begin.
    pub root: Root,
    /// What is meant to be in force.
    pub config: Arc<Config>,
    /// Where the database is.
    pub database: DatabasePlace,
    /// Who sees and does what only root may.
    pub helper: Option<HelperClient>,
    /// What time it is.
    pub env: Env,
}

/// The checks of the machine.
#[must_use]
pub fn checks(host: &Host) -> Vec<Arc<dyn Check>> {
    let (root, config) = (&host.root, &host.config);
    let stated =
        Stated { volume: config.host.volume_encrypted_by.clone(), database: config.host.database_encrypted_by.clone() };
    let mut checks = vec![firewall::check(host), mandatory::check(root.clone())];
    checks.extend(listening::checks(root, config));
    checks.extend(volume::checks(root, &config.data_dir, host.database.clone(), stated));
    checks.extend(files::checks(root, config));
    checks.extend(updates::checks(host));
    checks.extend(docker::checks(host));
    checks
}

/// What can be mended of the machine.
#[must_use]
pub fn menders(host: &Host) -> Vec<Arc<dyn Mender>> {
    vec![Arc::new(FirewallMender::new(host.clone()))]
}
