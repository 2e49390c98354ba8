//! Databases: the MariaDB server of guarded sites, by the helper, and the program's own.
//!
//! Reading and deciding are apart: `server.rs`, `rights.rs`, `role.rs` and `url.rs` are functions from facts to sights.

mod mariadb;
mod mender;
mod own;
mod rights;
mod role;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod url;

use std::sync::Arc;

use palisade_config::{Config, Preset};
use palisade_helper::{client::HelperClient, mariadb::Application};
use palisade_store::{Migrator, ServerAccess, Store};

use crate::{Check, Mender};

/// Which databases there are, and the ways to them.
#[derive(Clone)]
pub struct Databases {
    helper: Option<HelperClient>,
    sites: Vec<GuardedSite>,
    store: Store,
    migrator: Migrator,
    /// The variables that can name the program's own database, and what they say where they do.
    urls: Vec<(&'static str, ServerAccess)>,
}

/// A guarded site, and its database where the configuration names it.
#[derive(Clone)]
struct GuardedSite {
    name: String,
    /// Whether it is a kind of application that keeps its data in MariaDB.
    needs_mariadb: bool,
    application: Option<Application>,
}

impl Databases {
    /// As the configuration has them; `migrator` says which tables may only be added to.
    #[must_use]
    pub fn of(config: &Config, store: &Store, migrator: Migrator, helper: Option<&HelperClient>) -> Self {
        let sites = config.guarded_sites().map(|(site, _)| GuardedSite {
            name: site.name.clone(),
            needs_mariadb: site.preset == Preset::Frappe,
            application: site.database.as_ref().map(|database| Application {
                user: database.user.clone(),
                host: database.host.clone(),
                database: database.name.clone(),
            }),
        });
        let urls =
            [("DATABASE_URL", &config.database.url), ("PALISADE_OWNER_DATABASE_URL", &config.database.owner_url)];
        let urls = urls.into_iter().filter_map(|(name, url)| Some((name, url.as_ref()?.access()?)));
        Self { helper: helper.cloned(), sites: sites.collect(), urls: urls.collect(), store: store.clone(), migrator }
    }

    fn applications(&self) -> Vec<Application> {
        self.sites.iter().filter_map(|site| site.application.clone()).collect()
    }
}

/// The checks of all of them. Those of a MariaDB server share one look, so they are made anew for each.
#[must_use]
pub fn checks(databases: &Databases) -> Vec<Arc<dyn Check>> {
    let mut checks = mariadb::checks(databases);
    checks.extend(own::checks(databases));
    checks
}

/// What mends the MariaDB server; `None` where no site has one.
#[must_use]
pub fn mender(databases: &Databases) -> Option<Arc<dyn Mender>> {
    let helper = databases.helper.clone()?;
    let mends = databases.sites.iter().any(|site| site.needs_mariadb || site.application.is_some());
    mends.then(|| Arc::new(mender::MariadbMender::new(helper, databases.applications())) as Arc<dyn Mender>)
}
