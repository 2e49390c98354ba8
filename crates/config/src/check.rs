//! Checks beyond the types: first what the text alone shows, then what the machine has.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use crate::{
    Config, ConfigError,
    error::{Finding, Place},
};

/// A step into the file: a key, or the number of a list's element.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}
use Step::{Index, Key};

/// Collects what is wrong.
pub(crate) struct Checker<'a> {
    config: &'a Config,
    findings: Vec<Finding>,
}

impl<'a> Checker<'a> {
    pub(crate) const fn new(config: &'a Config) -> Self {
        Self { config, findings: Vec::new() }
    }

    /// What can be known from the text.
    pub(crate) fn text_alone(mut self) -> Self {
        self.check_sites();
        self.check_console();
        self.check_tls_pair();
        self.check_listeners();
        self.check_numbers();
        self
    }

    /// What the files and directories show.
    pub(crate) fn provisioned(mut self) -> Self {
        self.check_data_dir();
        let tls = &self.config.tls;
        if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
            self.check_readable(&[Key("tls"), Key("certificate")], certificate);
            self.check_private(&[Key("tls"), Key("key")], key);
        }
        for (number, site) in self.config.sites.iter().enumerate() {
            if let Some(tls) = &site.tls {
                let at = |key| [Key("site"), Index(number), Key("tls"), Key(key)];
                self.check_readable(&at("certificate"), &tls.certificate);
                self.check_private(&at("key"), &tls.key);
            }
        }
        self
    }

    pub(crate) fn finish(mut self) -> Result<(), ConfigError> {
        if self.findings.is_empty() {
            return Ok(());
        }
        self.findings.sort_by_key(|finding| finding.place.as_ref().map(|place| (place.line, place.column)));
        Err(ConfigError { path: self.config.source().path.clone(), findings: self.findings })
    }

    fn report(&mut self, at: &[Step<'_>], what: impl Into<String>, hint: impl Into<String>) {
        let place = locate(&self.config.source().text, at);
        self.findings.push(Finding { place, what: what.into(), hint: hint.into() });
    }

    fn check_sites(&mut self) {
        if self.config.sites.is_empty() {
            self.report(
                &[],
                "there is no site",
                "Add one: [[site]] with name = \"kpi\" and hosts = [\"kpi.example.com\"].",
            );
        }
        let (mut names, mut hosts) = (BTreeMap::new(), BTreeMap::new());
        for (number, site) in self.config.sites.iter().enumerate() {
            let at = [Key("site"), Index(number)];
            if !is_site_name(&site.name) {
                let hint = "Write name = \"kpi\": 1 to 40 lower-case letters, digits and hyphens.";
                self.report(&[at[0], at[1], Key("name")], format!("{:?} can't be a site's name", site.name), hint);
            } else if names.insert(&site.name, number).is_some() {
                let what = format!("two sites are called {:?}", site.name);
                self.report(&[at[0], at[1], Key("name")], what, "Give each its own name.");
            }
            if site.hosts.is_empty() {
                let what = format!("the site {:?} has no hosts", site.name);
                self.report(&at, what, "Write hosts = [\"kpi.example.com\"].");
            }
            for (place, host) in site.hosts.iter().enumerate() {
                if let Some(owner) = hosts.insert(host, &site.name) {
                    let what = format!("the host {host} belongs to the site {owner:?} already");
                    let at = [at[0], at[1], Key("hosts"), Index(place)];
                    self.report(&at, what, "A host is listed once, in one site.");
                }
            }
        }
    }

    fn check_console(&mut self) {
        let console = &self.config.console;
        if let Some(host) = &console.host
            && !self.config.sites.iter().any(|site| site.hosts.contains(host))
        {
            let hint = "Add it to the hosts of the site that the console is part of, or leave it out.";
            self.report(&[Key("console"), Key("host")], format!("no site answers to the console's host {host}"), hint);
        }
        let (host, party) = (self.config.console_host().map(ToString::to_string), &console.relying_party);
        if let (Some(host), Some(party)) = (host, party.as_ref().map(ToString::to_string))
            && host != party
            && !host.ends_with(&format!(".{party}"))
        {
            let what = format!("passkeys of {party} can't be used at {host}");
            self.report(
                &[Key("console"), Key("relying_party")],
                what,
                "It is the console's host, or a domain above it.",
            );
        }
    }

    fn check_tls_pair(&mut self) {
        let tls = &self.config.tls;
        let (there, missing) = match (&tls.certificate, &tls.key) {
            (Some(_), None) => ("certificate", "key"),
            (None, Some(_)) => ("key", "certificate"),
            _ => return,
        };
        let hint = format!("Add {missing} = \"…\", or leave out both: then a self-signed certificate is made.");
        self.report(&[Key("tls"), Key(there)], format!("{there} is set, {missing} is not"), hint);
    }

    fn check_listeners(&mut self) {
        let listen = &self.config.listen;
        if listen.https.is_empty() {
            let what = "there is no address for HTTPS";
            self.report(&[Key("listen"), Key("https")], what, "Write https = [\"[::]:443\"].");
        }
        let https = listen.https.iter().enumerate().map(|(n, a)| ("https", n, *a));
        let http = listen.http.iter().enumerate().map(|(n, a)| ("http", n, *a));
        let operations = listen.operations.iter().map(|a| ("operations", 0, *a));
        let mut taken = BTreeMap::new();
        for (key, number, address) in https.chain(http).chain(operations).filter(|(_, _, a)| a.port() != 0) {
            if let Some(other) = taken.insert(address, key) {
                let at = if key == "operations" {
                    vec![Key("listen"), Key(key)]
                } else {
                    vec![Key("listen"), Key(key), Index(number)]
                };
                self.report(
                    &at,
                    format!("{address} is taken by {other} already"),
                    "Give each listener its own address or port.",
                );
            }
        }
    }

    fn check_numbers(&mut self) {
        let (limits, sizes, database) = (&self.config.limits, &self.config.sizes, &self.config.database);
        let numbers = [
            (["limits", "tracked_addresses"], limits.tracked_addresses, 1_000, 10_000_000),
            (["limits", "max_connections"], limits.max_connections, 16, 1_000_000),
            (["limits", "max_connections_per_address"], limits.max_connections_per_address, 1, 1_000_000),
            (["sizes", "headers_kib"], sizes.headers_kib, 2, 256),
            (["sizes", "header_count"], sizes.header_count, 16, 1_000),
            (["sizes", "uri_bytes"], sizes.uri_bytes, 256, 60_000),
            (["sizes", "body_kib"], sizes.body_kib, 64, 4_194_304),
            (["sizes", "http2_streams"], sizes.http2_streams as usize, 1, 1_000),
            (["sizes", "http2_pending_resets"], sizes.http2_pending_resets, 1, 1_000),
            (["database", "max_connections"], database.max_connections as usize, 2, 1_000),
        ];
        for ([section, key], value, least, most) in numbers {
            if !(least..=most).contains(&value) {
                self.report(
                    &[Key(section), Key(key)],
                    format!("{key} is {value}"),
                    format!("It can be {least} to {most}."),
                );
            }
        }
        let timeouts = &self.config.timeouts;
        let times = [
            ("handshake_ms", timeouts.handshake_ms),
            ("headers_ms", timeouts.headers_ms),
            ("body_pause_ms", timeouts.body_pause_ms),
            ("request_ms", timeouts.request_ms),
            ("idle_ms", timeouts.idle_ms),
            ("stalled_ms", timeouts.stalled_ms),
        ];
        for (key, value) in times {
            if !(50..=3_600_000).contains(&value) {
                let hint = "It can be 50 to 3600000 milliseconds (one hour).";
                self.report(&[Key("timeouts"), Key(key)], format!("{key} is {value}"), hint);
            }
        }
    }

    fn check_data_dir(&mut self) {
        let path = &self.config.data_dir;
        let at = [Key("data_dir")];
        match fs::metadata(path) {
            Err(error) => {
                let hint = format!("Make it: install -d -m 0700 {}", path.display());
                self.report(&at, format!("the data directory {} can't be used: {error}", path.display()), hint);
            }
            Ok(found) if !found.is_dir() => {
                let what = format!("{} is no directory", path.display());
                self.report(&at, what, "Name a directory that Palisade may keep its data in.");
            }
            Ok(found) if found.permissions().mode() & 0o007 != 0 => {
                let what = format!("everybody on this host can reach into the data directory {}", path.display());
                self.report(&at, what, format!("Run: chmod 0700 {}", path.display()));
            }
            Ok(_) => {}
        }
    }

    fn check_readable(&mut self, at: &[Step<'_>], path: &Path) -> bool {
        match File::open(path).and_then(|file| file.metadata()) {
            Ok(found) if found.is_file() => true,
            Ok(_) => {
                self.report(at, format!("{} is no file", path.display()), "Name the PEM file itself.");
                false
            }
            Err(error) => {
                let what = format!("{} can't be read: {error}", path.display());
                self.report(at, what, "Check the path, and that Palisade's user may read it.");
                false
            }
        }
    }

    fn check_private(&mut self, at: &[Step<'_>], path: &Path) {
        if !self.check_readable(at, path) {
            return;
        }
        let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode() & 0o777);
        if mode & 0o077 != 0 {
            let what = format!("the private key {} can be read by others (mode {mode:04o})", path.display());
            self.report(at, what, format!("Run: chmod 0600 {}", path.display()));
        }
    }
}

fn is_site_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('-')
}

/// Finds the value in the text, or the nearest thing around it that is there.
fn locate(text: &str, at: &[Step<'_>]) -> Option<Place> {
    let table = toml::de::DeTable::parse(text).ok()?;
    let (mut found, mut here) = (None, toml::de::DeValue::Table(table.into_inner()));
    for step in at {
        let next = match (step, &mut here) {
            (Key(key), toml::de::DeValue::Table(table)) => {
                let name = table.keys().find(|name| name.get_ref() == key).cloned();
                name.and_then(|name| table.remove(&name))
            }
            (Index(number), toml::de::DeValue::Array(list)) => list.get(*number).cloned(),
            _ => None,
        };
        let Some(next) = next else { break };
        found = Some(Place::locate(text, next.span()));
        here = next.into_inner();
    }
    found
}
