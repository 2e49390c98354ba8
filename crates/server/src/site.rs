//! What stands behind a site's host: the built-in app and the console, in one frame.

use std::sync::Arc;

use anyhow::Context as _;
use axum::{
    extract::{RawQuery, State},
    http::{Uri, uri::PathAndQuery},
    response::Redirect,
};
use palisade_config::{App, Backend, Config, HostName, SignIn, SiteConfig};
use palisade_console::{ConsoleConfig, ConsoleState, GuardedSite, SiteLabel};
use palisade_gate::{SignInElsewhere, Site, SiteApp};
use palisade_identity::permissions::CONSOLE;
use palisade_kpi::KpiState;
use palisade_upstream::{Upstream, UpstreamSettings};
use palisade_web::{Access, CsrfKey, Navigation, Routes, Search, SiteFrame, assets, see_other};

use crate::{
    System,
    declaration::{KPI, declarations},
    live::Upstreams,
};

/// Where a site signs its people in and out that does so elsewhere: the gate's own paths.
const SIGN_IN: &str = "/.palisade/sign-in";
const SIGN_OUT: &str = "/.palisade/sign-out";
/// The vault's name for the key of form tokens.
const CSRF_KEY: &str = "web-csrf";

/// Sites, and the applications behind those that are guarded.
pub(crate) struct Built {
    pub(crate) sites: Vec<Site>,
    pub(crate) upstreams: Upstreams,
}

/// Every site of the configuration. An application that is the same as before keeps its connections and its health.
pub(crate) async fn build_all(system: &System, before: &Upstreams, links_open_at_once: bool) -> anyhow::Result<Built> {
    let (mut sites, mut upstreams) = (Vec::new(), Upstreams::new());
    for config in &system.config.sites {
        let upstream = upstream_of(config, before)?;
        upstreams.extend(upstream.clone().map(|upstream| (config.name.clone(), upstream)));
        sites.push(build(system, config, upstream, links_open_at_once).await?);
    }
    Ok(Built { sites, upstreams })
}

fn upstream_of(config: &SiteConfig, before: &Upstreams) -> anyhow::Result<Option<Arc<Upstream>>> {
    let Some(settings) = UpstreamSettings::of(config) else { return Ok(None) };
    // The CA's file may say something else now, so what is checked by it is made anew.
    let same = before.get(&config.name).filter(|old| *old.settings() == settings && settings.ca.is_none());
    Ok(Some(match same {
        Some(old) => Arc::clone(old),
        None => Arc::new(Upstream::new(settings).with_context(|| format!("the site {:?}", config.name))?),
    }))
}

/// The site that the configuration describes, with its app.
async fn build(
    system: &System,
    config: &SiteConfig,
    upstream: Option<Arc<Upstream>>,
    links_open_at_once: bool,
) -> anyhow::Result<Site> {
    let secret = system.vault.secret(CSRF_KEY, 32).await?;
    let key: &[u8; 32] = secret.expose().as_slice().try_into().context("the key of form tokens has not 32 bytes")?;
    let frame = SiteFrame { csrf: CsrfKey::new(key), navigation: Arc::new(navigation(&system.config)) };
    let app = match (upstream, config.app) {
        (Some(upstream), _) => SiteApp::Upstream(upstream),
        (None, Some(App::Console)) => SiteApp::BuiltIn(console_alone(system, links_open_at_once).into_router()),
        (None, _) if is_beside_console(&system.config, config) => {
            SiteApp::BuiltIn(kpi_beside_console(system).into_router())
        }
        (None, _) => SiteApp::BuiltIn(routes(system, links_open_at_once).into_router()),
    };
    let site = Site::new(&system.config, config, frame, app);
    let elsewhere =
        site.elsewhere.or_else(|| is_beside_console(&system.config, config).then(|| SignInElsewhere::of(config)));
    let site = Site { elsewhere, ..site };
    Ok(Site { name: site_name(config).to_owned(), title: system.config.company.name.clone(), ..site })
}

/// Every route of the KPI site, with what each asks of its visitors.
#[must_use]
pub fn routes(system: &System, links_open_at_once: bool) -> Routes {
    assets::routes()
        .merge(palisade_kpi::routes(KpiState { records: system.records.clone() }))
        .merge(palisade_console::routes(console_state(system, links_open_at_once)))
}

/// The KPI app beside a console on a host of its own: people sign in there, and what is the console's leads there.
fn kpi_beside_console(system: &System) -> Routes {
    assets::routes()
        .merge(palisade_kpi::routes(KpiState { records: system.records.clone() }))
        .merge(console_elsewhere(base_url(&system.config)))
}

/// The addresses that every page's frame knows, where the console is on another host.
fn console_elsewhere(base: String) -> Routes {
    Routes::new(Arc::<str>::from(base))
        .get("/sign-in", Access::Public, async |RawQuery(query): RawQuery| {
            see_other(query.map_or(SIGN_IN.to_owned(), |query| format!("{SIGN_IN}?{query}")))
        })
        .post("/sign-out", Access::Public, async || Redirect::temporary(SIGN_OUT))
        .get("/account", Access::Public, at_console)
        .get("/account/{*rest}", Access::Public, at_console)
        .get("/admin", Access::Public, at_console)
        .get("/admin/{*rest}", Access::Public, at_console)
        .finish()
}

async fn at_console(State(base): State<Arc<str>>, uri: Uri) -> Redirect {
    Redirect::to(&format!("{base}{}", uri.path_and_query().map_or("/", PathAndQuery::as_str)))
}

/// The console as a site of its own: its first page is the account.
fn console_alone(system: &System, links_open_at_once: bool) -> Routes {
    let home = Routes::new(()).get("/", Access::Public, async || see_other("/account"));
    assets::routes().merge(home).merge(palisade_console::routes(console_state(system, links_open_at_once)))
}

fn console_state(system: &System, links_open_at_once: bool) -> ConsoleState {
    ConsoleState {
        identity: system.identity.clone(),
        bans: system.bans.clone(),
        trail: system.trail.clone(),
        store: system.store.clone(),
        certificates: system.certificates.clone(),
        posture: system.posture.clone(),
        config: Arc::new(console_config(&system.config, links_open_at_once)),
        sites: Arc::clone(&system.live) as Arc<dyn palisade_console::SiteReports>,
    }
}

fn console_config(config: &Config, links_open_at_once: bool) -> ConsoleConfig {
    let sites = declarations(config).into_iter().map(|declared| {
        let url = url_elsewhere(config, &declared.site);
        SiteLabel::new(declared.site, declared.label).at(url)
    });
    let built_in = config.sites.iter().filter(|site| is_beside_console(config, site));
    let guarded = config.guarded_sites().map(|(site, _)| guarded_site(config, site));
    let guarded = guarded.chain(built_in.map(|site| built_in_site(config, site)));
    ConsoleConfig { base_url: base_url(config), sites: sites.collect(), guarded: guarded.collect(), links_open_at_once }
}

/// Whether the app of a built-in site is not where the console is: its people sign in there, as a guarded site's do.
fn is_beside_console(config: &Config, site: &SiteConfig) -> bool {
    matches!(site.backend(), Backend::BuiltIn(App::Kpi))
        && config.console_site().is_some_and(|console| console.name != site.name)
}

/// Where a built-in app is, if it is not on the console's host.
fn url_elsewhere(config: &Config, name: &str) -> Option<String> {
    let site = config.sites.iter().find(|site| is_beside_console(config, site) && site_name(site) == name)?;
    site.hosts.first().map(|host| url_of(config, host))
}

/// A built-in site, as signing in goes on to it. Its pages say themselves what each asks for.
fn built_in_site(config: &Config, site: &SiteConfig) -> GuardedSite {
    let (name, base_url) = (site_name(site).to_owned(), url_elsewhere(config, site_name(site)).unwrap_or_default());
    let declared = declarations(config).into_iter().find(|declared| declared.site == name);
    let label = declared.map_or_else(|| name.clone(), |declared| declared.label.into_owned());
    GuardedSite { name, label, base_url, roles: Vec::new() }
}

fn guarded_site(config: &Config, site: &SiteConfig) -> GuardedSite {
    let asks = site.access.sign_in == SignIn::Required;
    GuardedSite {
        name: site.name.clone(),
        label: site.name.clone(),
        base_url: site.hosts.first().map(|host| url_of(config, host)).unwrap_or_default(),
        // An open site lets everybody in who wants to be known there; its rules decide about single paths.
        roles: if asks { site.access.roles.clone() } else { Vec::new() },
    }
}

/// What roles and grants call a site: a built-in app by its own name, whatever the site is called; a guarded one by its
/// site's.
pub(crate) fn site_name(site: &SiteConfig) -> &str {
    match site.backend() {
        Backend::BuiltIn(App::Kpi) => KPI,
        Backend::BuiltIn(App::Console) => CONSOLE,
        Backend::Upstream(_) => &site.name,
    }
}

/// The address that people reach the console at, without a slash at the end.
pub(crate) fn base_url(config: &Config) -> String {
    config.console_host().map(|host| url_of(config, host)).unwrap_or_default()
}

/// The address of a host, as people reach it.
fn url_of(config: &Config, host: &HostName) -> String {
    format!("https://{}", host.authority(config.public_port()))
}

fn navigation(config: &Config) -> Navigation {
    let navigation = Navigation::new(config.company.name.clone(), config.company.time_zone.zone().clone());
    if !config.serves(App::Kpi) {
        return navigation.with(palisade_console::navigation());
    }
    let mut navigation = navigation.with(palisade_kpi::navigation()).with(palisade_console::navigation());
    navigation.search = Some(Search {
        path: "/employees",
        label: "Search employees",
        permission: Some((
            palisade_base::Permission::new(palisade_kpi::types::EMPLOYEE.verbs.read.permission),
            palisade_base::Scope::Own,
        )),
    });
    navigation
}
