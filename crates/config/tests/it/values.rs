//! Defaults, overrides, and the page that lists them.

use std::path::Path;

use palisade_config::{Config, FrameOptions, LogFormat, render_reference};

fn parse(text: &str) -> Config {
    Config::parse(Path::new("palisade.toml"), text).unwrap()
}

const SITE: &str = "[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example.com\"]\n";

/// covers T4.1 (part), T4.2 (part), T4.3 (part)
#[test]
fn the_guides_limits_are_the_defaults() {
    let limits = parse(SITE).limits;
    assert_eq!((limits.user.requests, limits.user.seconds), (100, 60));
    assert_eq!((limits.api.requests, limits.api.seconds, limits.api.burst), (10, 1, 20));
    assert_eq!((limits.login.requests, limits.login.seconds, limits.login.burst), (5, 60, 5));
    let allowed: Vec<String> = limits.allow_list.iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["127.0.0.1", "::1"]);
}

/// covers T1.3 (part), T1.4 (part), T1.5 (part), T1.7 (part)
#[test]
fn a_site_changes_single_headers() {
    let text = "[headers]\nxss_protection = \"0\"\n[[site]]\nname = \"kpi\"\nhosts = [\"k.example\"]\n\
                headers = { frame_options = \"DENY\", hsts_preload = false }\n";
    let config = parse(text);
    let headers = config.headers_of(&config.sites[0]);
    assert_eq!(headers.frame_options, FrameOptions::Deny);
    assert_eq!(headers.xss_protection.as_str(), "0");
    assert_eq!(headers.referrer_policy.as_str(), "strict-origin-when-cross-origin");
    assert_eq!(headers.hsts_value().as_deref(), Some("max-age=31536000; includeSubDomains"));
    assert_eq!(config.headers.hsts_value().as_deref(), Some("max-age=31536000; includeSubDomains; preload"));
    assert_eq!(config.headers.frame_options.as_str(), "SAMEORIGIN");
}

#[test]
fn a_full_file_is_read() {
    let text = "data_dir = \"/srv/palisade\"\ntrusted_proxies = [\"10.0.3.0/28\", \"2001:db8::7\"]\n\
        [company]\nname = \"Hands\"\ntime_zone = \"Europe/London\"\n\
        [listen]\nhttps = [\"0.0.0.0:8443\"]\nhttp = []\n\
        [[site]]\nname = \"kpi\"\nhosts = [\"KPI.Example.com.\", \"[2001:db8::1]\"]\napp = \"kpi\"\n\
        [console]\nrelying_party = \"example.com\"\n\
        [database]\nurl = \"postgresql://u:p@h/d?sslmode=require\"\nmax_connections = 8\n\
        [log]\nformat = \"json\"\n[seal]\nfiles = [\"/mnt/far/seals\"]\nsyslog = [\"udp://192.0.2.7:514\"]\n";
    let config = parse(text);
    assert_eq!(config.console_host().map(ToString::to_string).as_deref(), Some("kpi.example.com"));
    assert_eq!(config.sites[0].hosts[1].to_string(), "[2001:db8::1]");
    assert!(config.trusted_proxies[0].contains("::ffff:10.0.3.9".parse().unwrap()));
    assert!(!config.trusted_proxies[0].contains("10.0.3.16".parse().unwrap()));
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.database.pool().max_connections, 8);
    assert_eq!(config.seal.syslog[0].to_string(), "udp://192.0.2.7:514");
    assert_eq!(config.company.time_zone.zone().iana_name(), Some("Europe/London"));
}

/// Written in IPv6 form they would never match: clients' addresses are compared as IPv4.
#[test]
fn ipv4_in_ipv6_form_is_ipv4_wherever_a_network_stands() {
    let config = parse(&format!(
        "trusted_proxies = [\"::ffff:10.0.3.0/124\"]\n{SITE}[limits]\nallow_list = [\"::ffff:198.51.100.7\"]\n\
         [jails]\nnever = [\"::ffff:192.0.2.0/120\"]\n"
    ));
    assert!(config.trusted_proxies[0].contains("10.0.3.9".parse().unwrap()));
    assert!(!config.trusted_proxies[0].contains("10.0.3.16".parse().unwrap()));
    assert!(config.limits.allow_list[0].contains("198.51.100.7".parse().unwrap()));
    assert!(config.jails.never[0].contains("::ffff:192.0.2.255".parse().unwrap()));
    assert_eq!(config.jails.never[0].to_string(), "192.0.2.0/24");
}

#[test]
fn a_jail_of_ones_own_has_the_guides_numbers() {
    let config = parse(&format!(
        "{SITE}[[jail]]\nname = \"app\"\nlogs = [\"/var/log/app.log\"]\nfailregex = ['from <HOST>$']\n"
    ));
    let jail = &config.jail[0];
    assert_eq!((jail.max_tries, jail.find_seconds, jail.ban_seconds, jail.shadow), (5, 600, 3_600, false));
    let longer = parse(&format!(
        "{SITE}[[jail]]\nname = \"app\"\nlogs = [\"/var/log/app.log\"]\nfailregex = ['from <HOST>$']\nban_seconds = 60\n"
    ));
    assert_eq!(config.differences(&longer), ["jail.app.ban_seconds: 3600 → 60"]);
    assert!(config.needs_restart(&longer).is_empty());
}

/// covers K3.1 (part)
#[test]
fn the_environments_database_stands_before_the_files() {
    let config = parse(&format!("{SITE}[database]\nurl = \"sqlite:///file.db\"\n"));
    let url = |config: &Config| match config.database.url.as_ref().unwrap().to_url().unwrap() {
        palisade_store::DatabaseUrl::Sqlite(path) => path.display().to_string(),
        palisade_store::DatabaseUrl::Postgres(options) => options.get_host().to_owned(),
    };
    assert_eq!(url(&config), "/file.db");
    let environment = |name: &str| (name == "DATABASE_URL").then(|| "postgresql://u@db.example/d".to_owned());
    assert_eq!(url(&config.clone().with_environment(environment).unwrap()), "db.example");
    assert_eq!(url(&config.with_environment(|_| Some(String::new())).unwrap()), "/file.db");
}

#[test]
fn the_demo_serves_this_machine_only() {
    let config = Config::demo("127.0.0.1:8443".parse().unwrap(), Path::new("/tmp/demo"));
    let hosts: Vec<String> = config.sites[0].hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["localhost", "127.0.0.1", "[::1]"]);
    assert!(config.listen.http.iter().all(|address| address.ip().is_loopback()));
    assert!(config.listen.operations.unwrap().ip().is_loopback());
}

#[test]
fn the_reference_page_is_the_one_that_the_program_makes() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md")).unwrap();
    let made = render_reference(&Config::reference());
    assert!(page == made, "run: cargo run -p palisade-config --example reference > docs/configuration.md");
}

#[test]
fn the_difference_of_two_configurations_is_told_by_name() {
    let guarded = "[[site]]\nname = \"tems\"\nhosts = [\"tems.example.com\"]\nupstream = \"http://127.0.0.1:8000\"\n";
    let old = parse(&format!("{guarded}{SITE}"));
    let new = parse(&format!("{SITE}{guarded}preset = \"frappe\"\nbody_mib = 100\n[limits]\nmax_connections = 99\n"));
    assert_eq!(
        old.differences(&new),
        [
            "limits.max_connections: 4096 → 99",
            "site.tems.body_mib: 100 added",
            "site.tems.preset: \"strict\" → \"frappe\"",
        ]
    );
    assert_eq!(new.differences(&parse(guarded))[1], "site.kpi: taken out");
    assert!(old.differences(&old).is_empty());
}

/// covers T1.10 (part)
#[test]
fn what_is_taken_in_at_the_start_needs_a_restart() {
    let old = parse(SITE);
    let needs = |text: &str| -> Vec<String> {
        old.needs_restart(&parse(text)).into_iter().map(|finding| finding.what).collect()
    };
    assert!(needs(&format!("{SITE}[limits]\nmax_connections = 99\n")).is_empty());
    assert_eq!(needs(&format!("data_dir = \"/srv\"\n{SITE}")), ["data_dir can't be changed while the server runs"]);
    assert_eq!(
        needs(&format!("{SITE}[database]\nurl = \"sqlite:///other.db\"\n")),
        ["database can't be changed while the server runs"]
    );
    assert_eq!(
        needs(&format!("{SITE}[console]\nhost = \"guard.example.com\"\n")),
        ["console can't be changed while the server runs"]
    );
}
