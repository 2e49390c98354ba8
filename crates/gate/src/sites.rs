//! The sites, by the hosts that they answer to.

use std::{collections::HashMap, sync::Arc};

use axum::Router;
use palisade_config::{Config, HeadersConfig, HostName, SiteConfig};
use palisade_web::{RenderState, SiteFrame};

use crate::{layer::response_headers::HeaderSet, ways_in::WaysIn};

/// A site as the gate is given it.
pub struct Site {
    /// Its short name: what roles, logs and [`palisade_base::auth::Authenticator::identify`] call it.
    pub name: String,
    /// The hosts that it answers to; the first is the one for links.
    pub hosts: Vec<HostName>,
    /// Its security headers.
    pub headers: HeadersConfig,
    /// What its pages have in common.
    pub frame: SiteFrame,
    /// The name on bare error pages.
    pub title: String,
    /// The app.
    pub router: Router,
    /// How people sign in, where the site is guarded.
    pub ways_in: Option<WaysIn>,
}

impl Site {
    /// The site as configured, with what its pages have in common, and its app.
    #[must_use]
    pub fn new(config: &Config, site: &SiteConfig, frame: SiteFrame, router: Router) -> Self {
        Self {
            name: site.name.clone(),
            hosts: site.hosts.clone(),
            headers: config.headers_of(site),
            title: frame.navigation.site_name.clone(),
            frame,
            router,
            ways_in: site.is_guarded().then(|| WaysIn::of(site)),
        }
    }
}

/// A site as requests need it.
pub(crate) struct SiteState {
    pub(crate) name: String,
    pub(crate) headers: HeaderSet,
    pub(crate) frame: SiteFrame,
    pub(crate) render: RenderState,
    pub(crate) router: Router,
    /// How people sign in, where the site is guarded; the built-in sites' ways in are known.
    pub(crate) ways_in: Option<Arc<WaysIn>>,
}

/// All sites by host.
pub(crate) struct Sites(HashMap<HostName, Arc<SiteState>>);

impl Sites {
    pub(crate) fn new(sites: Vec<Site>) -> Self {
        let mut by_host = HashMap::new();
        for site in sites {
            let state = Arc::new(SiteState {
                name: site.name,
                headers: HeaderSet::new(&site.headers),
                frame: site.frame,
                render: RenderState::new(site.title),
                router: site.router,
                ways_in: site.ways_in.map(Arc::new),
            });
            by_host.extend(site.hosts.into_iter().map(|host| (host, Arc::clone(&state))));
        }
        Self(by_host)
    }

    pub(crate) fn find(&self, host: &HostName) -> Option<&Arc<SiteState>> {
        self.0.get(host)
    }
}
