//! What each preset stands for, word by word.

use std::path::Path;

use palisade_config::{Config, Preset};

fn site(preset: &str, more: &str) -> Config {
    let text = format!(
        "[[site]]\nname = \"erp\"\nhosts = [\"erp.example.com\"]\nupstream = \"http://127.0.0.1:8000\"\npreset = \"{preset}\"\n{more}"
    );
    Config::parse(Path::new("palisade.toml"), &text).unwrap()
}

/// covers T1.2 (part), T1.3 (part), T1.4 (part), T1.5 (part), T1.6 (part), T1.7 (part)
#[test]
fn frappe_stands_for_the_headers_of_the_tems_guide() {
    let config = site("frappe", "");
    let headers = config.headers_of(&config.sites[0]);
    assert_eq!(headers.frame_options.as_str(), "SAMEORIGIN");
    assert_eq!(headers.xss_protection.as_str(), "1; mode=block");
    assert_eq!(headers.referrer_policy.as_str(), "strict-origin-when-cross-origin");
    assert_eq!(
        headers.content_security_policy.as_str(),
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: https:; font-src 'self' data:; connect-src 'self' wss:; frame-ancestors 'self';"
    );
    assert_eq!(headers.hsts_value().unwrap(), "max-age=31536000; includeSubDomains; preload");
    let unnamed =
        [&headers.permissions_policy, &headers.cross_origin_opener_policy, &headers.cross_origin_resource_policy];
    assert!(unnamed.iter().all(|text| text.as_str().is_empty()));
}

/// covers K0.3 (part)
#[test]
fn kpi_stands_for_the_headers_of_the_kpi_guide() {
    let config = site("kpi", "");
    let headers = config.headers_of(&config.sites[0]);
    assert_eq!(
        headers.content_security_policy.as_str(),
        "default-src 'self'; script-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
         font-src 'self'; connect-src 'self'"
    );
    assert_eq!(headers.hsts_value().unwrap(), "max-age=31536000; includeSubDomains");
    assert_eq!((headers.frame_options.as_str(), headers.xss_protection.as_str()), ("SAMEORIGIN", "1; mode=block"));
}

#[test]
fn a_site_changes_single_headers_of_its_preset_and_the_general_section_none() {
    let more = "headers = { hsts_preload = false, cross_origin_opener_policy = \"same-origin-allow-popups\" }\n\
                [headers]\nframe_options = \"DENY\"\n";
    let config = site("frappe", more);
    let headers = config.headers_of(&config.sites[0]);
    assert_eq!(headers.hsts_value().unwrap(), "max-age=31536000; includeSubDomains");
    assert_eq!(headers.cross_origin_opener_policy.as_str(), "same-origin-allow-popups");
    assert_eq!(headers.frame_options.as_str(), "SAMEORIGIN");
    let strict = site("strict", "[headers]\nframe_options = \"DENY\"\n");
    assert_eq!(strict.headers_of(&strict.sites[0]).frame_options.as_str(), "DENY");
}

#[test]
fn ways_in_and_cookies_are_the_presets_and_the_sites_own() {
    let config = site("frappe", "ways_in = [\"/partner/enter/\"]\nscript_cookies = [\"theme\"]\n");
    let site = &config.sites[0];
    let ways_in: Vec<&str> = site.all_ways_in().collect();
    assert!(ways_in.contains(&"/api/method/login") && ways_in.contains(&"/login"));
    assert_eq!(ways_in.last(), Some(&"/partner/enter"));
    for readable in ["user_id", "full_name", "theme"] {
        assert!(site.scripts_may_read(readable), "{readable}");
    }
    for hidden in ["sid", "session", "csrftoken"] {
        assert!(!site.scripts_may_read(hidden), "{hidden}");
    }
    assert!(Preset::Strict.script_cookies().contains(&"csrftoken"));
}
