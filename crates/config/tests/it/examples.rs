//! The examples that ship are files that serve takes.

use std::path::Path;

use palisade_config::{App, Backend, CertificateSource, Config};

fn example(name: &str) -> Config {
    Config::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)).unwrap()
}

#[test]
fn the_tems_example_guards_the_guides_site_in_six_lines() {
    let config = example("tems.toml");
    let (site, upstream) = config.guarded_sites().next().unwrap();
    assert_eq!(upstream.to[0].to_string(), "http://127.0.0.1:8000");
    assert_eq!(site.certificate_source(&config.tls), CertificateSource::Acme);
    let policy = config.headers_of(site).content_security_policy;
    assert!(policy.as_str().contains("script-src 'self' 'unsafe-inline' 'unsafe-eval'"), "{}", policy.as_str());
    assert!(config.console_host().is_none());
}

#[test]
fn what_the_tems_example_leaves_out_is_sound_once_it_is_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tems.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let start = text.find("# What follows is optional.").unwrap();
    let sections: String = text[start..]
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.starts_with('[') || (line.contains(" = ") && !line.contains("(at the site)")))
        .map(|line| format!("{line}\n"))
        .collect();
    // Tables of the site stand with the site, so the site's own lines come first again.
    let site = text[..start].replace("[acme]", &format!("{sections}[acme]"));
    let config = Config::parse(Path::new("tems.toml"), &site).unwrap();
    assert_eq!(config.console_host().unwrap().to_string(), "guard.example.com");
    assert_eq!((config.limit.len(), config.sites[0].rule.len()), (1, 1));
}

#[test]
fn the_kpi_example_serves_the_built_in_app_without_preload() {
    let config = example("kpi.toml");
    assert!(matches!(config.sites[0].backend(), Backend::BuiltIn(App::Kpi)));
    assert_eq!(
        config.headers_of(&config.sites[0]).hsts_value().as_deref(),
        Some("max-age=31536000; includeSubDomains")
    );
    assert_eq!(config.console_host().unwrap().to_string(), "kpi.example.com");
}
