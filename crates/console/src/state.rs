//! What the console's pages are given.

use std::sync::Arc;

use palisade_base::Instant;
use palisade_identity::Identity;
use palisade_store::Store;
use palisade_trail::Trail;

/// A site as pages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteLabel {
    /// The name that grants and roles have: `console`, `kpi`.
    pub name: String,
    /// What people call it.
    pub label: String,
}

impl SiteLabel {
    /// The site of this name, as people call it.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into() }
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
    /// The guarded sites: where a sign-on may go on to.
    pub guarded: Vec<GuardedSite>,
    /// Opening a one-time sign-in link signs in at once. For the demo only: elsewhere the page asks first, because
    /// programs that look at mails open links too.
    pub links_open_at_once: bool,
}

/// The state of every handler here.
#[derive(Clone)]
pub struct ConsoleState {
    /// Users, sessions, roles, settings.
    pub identity: Identity,
    /// The trail.
    pub trail: Trail,
    /// The store: reading the trail is written into the trail.
    pub store: Store,
    /// The place.
    pub config: Arc<ConsoleConfig>,
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
