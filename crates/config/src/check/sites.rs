//! Sites: names, hosts, what stands behind each, and the console's place among them.

use std::{collections::BTreeMap, net::SocketAddr};

use super::{Checker, hsts};
use crate::{App, Backend, HostName, SiteConfig, UpstreamAddress, UpstreamConfig, config::CONSOLE_SITE};

/// What roles of the built-in apps are kept under, so that no guarded site can take them over by its name.
const BUILT_IN_NAMES: [&str; 2] = ["kpi", CONSOLE_SITE];

pub(super) fn check(checker: &mut Checker<'_>) {
    let config = checker.config;
    if config.sites.is_empty() && config.console.host.is_none() {
        let hint = "Add one: [[site]] with name = \"kpi\" and hosts = [\"kpi.example.com\"].";
        checker.report("", "there is no site", hint);
    }
    let (mut names, mut hosts) = (BTreeMap::new(), BTreeMap::new());
    for (number, site) in config.sites.iter().enumerate() {
        let at = format!("site.{number}");
        check_name(checker, &at, site);
        if names.insert(&site.name, number).is_some() {
            let what = format!("two sites are called {:?}", site.name);
            checker.report(&format!("{at}.name"), what, "Give each its own name.");
        }
        check_hosts(checker, &at, site, &mut hosts);
        check_backend(checker, &at, site);
        hsts::warn(checker, &at, site);
    }
    check_console(checker);
    warn_of_missing_console(checker);
}

fn check_name(checker: &mut Checker<'_>, at: &str, site: &SiteConfig) {
    let (at, name) = (format!("{at}.name"), site.name.as_str());
    if !is_short_name(name) {
        let hint = "Write name = \"kpi\": 1 to 40 lower-case letters, digits and hyphens.";
        checker.report(&at, format!("{name:?} can't be a site's name"), hint);
    } else if site.is_guarded() && BUILT_IN_NAMES.contains(&name) {
        let what = format!("a guarded site can't be called {name:?}: the built-in app's roles have that name");
        checker.report(&at, what, format!("Call it \"guarded-{name}\", for example."));
    } else if name == CONSOLE_SITE && site.app != Some(App::Console) {
        let hint = "Give it another name, or app = \"console\".";
        checker.report(&at, format!("only the console's own site can be called {name:?}"), hint);
    }
}

/// Names of sites and limits.
pub(super) fn is_short_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('-')
}

fn check_hosts<'a>(
    checker: &mut Checker<'a>,
    at: &str,
    site: &'a SiteConfig,
    hosts: &mut BTreeMap<&'a HostName, &'a String>,
) {
    if site.hosts.is_empty() {
        let what = format!("the site {:?} has no hosts", site.name);
        checker.report(at, what, "Write hosts = [\"kpi.example.com\"].");
    }
    for (place, host) in site.hosts.iter().enumerate() {
        if let Some(owner) = hosts.insert(host, &site.name) {
            let what = format!("the host {host} belongs to the site {owner:?} already");
            checker.report(&format!("{at}.hosts.{place}"), what, "A host is listed once, in one site.");
        }
    }
}

fn check_backend(checker: &mut Checker<'_>, at: &str, site: &SiteConfig) {
    let Backend::Upstream(upstream) = site.backend() else {
        for (key, set) in [
            ("rule", !site.rule.is_empty()),
            ("ways_in", !site.ways_in.is_empty()),
            ("failed_when", site.failed_when.is_some()),
            ("cors_origins", !site.cors_origins.is_empty()),
            ("websockets", site.websockets == Some(true)),
        ] {
            if set {
                let what = format!("{key} is for guarded sites, and {:?} is a built-in app", site.name);
                checker.report(
                    &format!("{at}.{key}"),
                    what,
                    "Take it out, or write upstream = \"http://127.0.0.1:8000\".",
                );
            }
        }
        return;
    };
    if let Some(app) = site.app {
        let what = format!("the site {:?} has an app ({}) and an upstream", site.name, app.as_str());
        let hint = "Keep one: app for what is built in, upstream for an application that runs already.";
        checker.report(&format!("{at}.app"), what, hint);
    }
    check_upstream(checker, &format!("{at}.upstream"), upstream);
}

fn check_upstream(checker: &mut Checker<'_>, at: &str, upstream: &UpstreamConfig) {
    if upstream.to.is_empty() {
        checker.report(at, "the upstream has no address", "Write to = [\"http://127.0.0.1:8000\"].");
    }
    for (number, address) in upstream.to.iter().enumerate() {
        let place = format!("{at}.to.{number}");
        if upstream.to[..number].contains(address) {
            checker.report(&place, format!("{address} is named twice"), "Name each address once.");
        }
        if is_ours(checker, address) {
            let what = format!("{address} is Palisade itself: each request would come back for ever");
            checker.report(&place, what, "Name the address that the application listens on, behind Palisade.");
        }
    }
    let tls = upstream.to.iter().any(UpstreamAddress::is_tls);
    for (key, set) in [("ca", upstream.ca.is_some()), ("server_name", upstream.server_name.is_some())] {
        if set && !tls {
            let what = format!("{key} is for https:// addresses, and the upstream has none");
            checker.report(&format!("{at}.{key}"), what, "Take it out, or write the address with https://.");
        }
    }
    let ranges = [
        ("health_seconds", u64::from(upstream.health_seconds), 1, 3_600),
        ("connect_ms", upstream.connect_ms, 50, 600_000),
        ("answer_ms", upstream.answer_ms, 50, 3_600_000),
        ("pause_ms", upstream.pause_ms, 50, 3_600_000),
        ("connections", upstream.connections as u64, 1, 65_536),
        ("open_streams", upstream.open_streams as u64, 1, 1_000_000),
    ];
    for (key, value, least, most) in ranges {
        checker.range(&format!("{at}.{key}"), value, least, most);
    }
}

/// Whether an upstream's address is one that we listen on, as far as the text shows.
fn is_ours(checker: &Checker<'_>, address: &UpstreamAddress) -> bool {
    let UpstreamAddress::Tcp { host, port, .. } = address else { return false };
    let config = checker.config;
    let listen = &config.listen;
    let mut ours = listen.https.iter().chain(&listen.http).chain(&listen.operations);
    let public = *port == config.public_port() && config.sites.iter().any(|site| site.hosts.contains(host));
    public || ours.any(|listener| listener.port() == *port && reaches(listener, host))
}

/// Whether somebody who calls this host gets to the listener, its port aside.
fn reaches(listener: &SocketAddr, host: &HostName) -> bool {
    let local_name = host.to_string() == "localhost";
    match host.address() {
        Some(ip) => {
            ip == listener.ip() || (listener.ip().is_unspecified() && (ip.is_loopback() || ip.is_unspecified()))
        }
        None => local_name && (listener.ip().is_unspecified() || listener.ip().is_loopback()),
    }
}

fn check_console(checker: &mut Checker<'_>) {
    let config = checker.config;
    let console = &config.console;
    if let Some(host) = &console.host
        && let Some(site) = config.sites.iter().find(|site| site.hosts.contains(host))
        && site.is_guarded()
    {
        let what = format!("the console's host {host} belongs to the guarded site {:?}", site.name);
        let hint = "Give the console a host of its own: the pages of a guarded application must never reach into it.";
        checker.report("console.host", what, hint);
    }
    let own: Vec<&SiteConfig> = config.sites.iter().filter(|site| site.app == Some(App::Console)).collect();
    if let (Some(host), Some(site)) = (&console.host, own.first())
        && !site.hosts.contains(host)
    {
        let what = format!("the console has a site already, {:?}, which does not answer to {host}", site.name);
        checker.report("console.host", what, "Add the host to that site, or take one of the two out.");
    }
    let (host, party) = (config.console_host().map(ToString::to_string), &console.relying_party);
    if let (Some(host), Some(party)) = (host, party.as_ref().map(ToString::to_string))
        && host != party
        && !host.ends_with(&format!(".{party}"))
    {
        let what = format!("passkeys of {party} can't be used at {host}");
        checker.report("console.relying_party", what, "It is the console's host, or a domain above it.");
    }
}

fn warn_of_missing_console(checker: &mut Checker<'_>) {
    if !checker.config.sites.is_empty() && checker.config.console_host().is_none() {
        let what = "no console is served: every site is guarded, and the console has no host";
        let hint =
            "Commands at this host work without it. For the pages write [console] with host = \"guard.example.com\".";
        checker.warn("console", what, hint);
    }
}
