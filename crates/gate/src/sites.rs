//! The sites, by the hosts that they answer to.

use std::{collections::HashMap, sync::Arc};

use axum::Router;
use palisade_config::{Config, HeadersConfig, HostName, Preset, SiteConfig};
use palisade_upstream::Upstream;
use palisade_web::{RenderState, SiteFrame};

use crate::{
    access::SiteAccess,
    calls::{Call, Calls},
    elsewhere::SignInElsewhere,
    layer::response_headers::HeaderSet,
    path::{AppReads, PathReading, Target},
    ways_in::WaysIn,
};

/// What answers the requests of a site.
#[derive(Clone)]
pub enum SiteApp {
    /// An app of this program.
    BuiltIn(Router),
    /// An application of its own, which is guarded.
    Upstream(Arc<Upstream>),
}

impl From<Router> for SiteApp {
    fn from(router: Router) -> Self {
        Self::BuiltIn(router)
    }
}

impl From<Arc<Upstream>> for SiteApp {
    fn from(upstream: Arc<Upstream>) -> Self {
        Self::Upstream(upstream)
    }
}

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
    pub app: SiteApp,
    /// Who gets to it, where the site is guarded.
    pub access: Option<SiteAccess>,
    /// Where its people sign in, if that is on the console's host and not on its own.
    pub elsewhere: Option<SignInElsewhere>,
    /// How people sign in, where the site is guarded.
    pub ways_in: Option<WaysIn>,
    /// The largest body of a request, in bytes; `None`: whatever the app takes.
    pub body_bytes: Option<u64>,
    /// What differs because the app is not ours.
    pub guarded: Option<Guarded>,
}

/// What the gate does otherwise for a guarded site.
#[derive(Clone, Debug)]
pub struct Guarded {
    /// How its application reads a path.
    pub(crate) paths: AppReads,
}

impl Guarded {
    fn of(site: &SiteConfig) -> Option<Self> {
        let paths = if site.preset == Preset::Frappe { AppReads::Decoding } else { AppReads::Unknown };
        site.is_guarded().then_some(Self { paths })
    }
}

impl Site {
    /// The site as configured, with what its pages have in common, and its app.
    #[must_use]
    pub fn new(config: &Config, site: &SiteConfig, frame: SiteFrame, app: impl Into<SiteApp>) -> Self {
        Self {
            name: site.name.clone(),
            hosts: site.hosts.clone(),
            headers: config.headers_of(site),
            title: frame.navigation.site_name.clone(),
            frame,
            access: SiteAccess::of(site),
            elsewhere: site.is_guarded().then(|| SignInElsewhere::of(site)),
            ways_in: site.is_guarded().then(|| WaysIn::of(site)),
            app: app.into(),
            body_bytes: site.body_bytes(&config.sizes),
            guarded: Guarded::of(site),
        }
    }
}

/// A site as requests need it.
pub(crate) struct SiteState {
    pub(crate) name: Arc<str>,
    pub(crate) headers: HeaderSet,
    pub(crate) frame: SiteFrame,
    pub(crate) render: RenderState,
    /// Who gets to it, where the site is guarded; the built-in sites' routes say it themselves.
    pub(crate) access: Option<SiteAccess>,
    /// Where its people sign in, if that is another host.
    pub(crate) elsewhere: Option<SignInElsewhere>,
    /// How people sign in, where the site is guarded; the built-in sites' ways in are known.
    pub(crate) ways_in: Option<Arc<WaysIn>>,
    pub(crate) app: SiteApp,
    pub(crate) body_bytes: Option<u64>,
    pub(crate) guarded: Option<Guarded>,
}

impl SiteState {
    /// What a request is for, as the rules and limits for its paths judge it.
    pub(crate) fn target<'a>(&self, path: &'a PathReading, commands: &'a Calls) -> Target<'a> {
        let frappe = self.ways_in.as_ref().is_some_and(|ways| ways.frappe);
        Target { path, call: if frappe { Call::in_path(path.lenient()) } else { None }, commands }
    }
}

/// All sites by host.
pub(crate) struct Sites(HashMap<HostName, Arc<SiteState>>);

impl Sites {
    pub(crate) fn new(sites: Vec<Site>) -> Self {
        let mut by_host = HashMap::new();
        for site in sites {
            let render = RenderState::new(site.title);
            let state = Arc::new(SiteState {
                name: site.name.into(),
                headers: match &site.guarded {
                    Some(_) => HeaderSet::guarding(&site.headers),
                    None => HeaderSet::new(&site.headers),
                },
                frame: site.frame,
                render: if site.access.is_some() { render.guarded() } else { render },
                access: site.access,
                elsewhere: site.elsewhere,
                ways_in: site.ways_in.map(Arc::new),
                app: site.app,
                body_bytes: site.body_bytes,
                guarded: site.guarded,
            });
            by_host.extend(site.hosts.into_iter().map(|host| (host, Arc::clone(&state))));
        }
        Self(by_host)
    }

    pub(crate) fn find(&self, host: &HostName) -> Option<&Arc<SiteState>> {
        self.0.get(host)
    }
}
