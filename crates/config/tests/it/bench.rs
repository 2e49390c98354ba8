//! Benches of guarded Frappe sites: what is taken, and what is refused with its place and what to do.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use palisade_config::Config;
use tempfile::TempDir;

const SITE: &str = "[[site]]\nname = \"tems\"\nhosts = [\"tems.example.com\"]\nupstream = \"http://127.0.0.1:8000\"\n";
const REST: &str = "[helper]\nsocket = \"/run/palisade/helper.sock\"\n[console]\nhost = \"guard.example.com\"\n";

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("palisade.toml"), text).map_err(|error| error.to_string())
}

#[test]
fn a_bench_has_the_sites_name_unless_it_has_its_own() {
    let config = parse(&format!("{SITE}preset = \"frappe\"\n[site.bench]\n{REST}")).unwrap();
    assert_eq!(config.sites[0].bench_name(), Some("tems"));
    let config = parse(&format!("{SITE}preset = \"frappe\"\nbench = {{ name = \"fleet\" }}\n{REST}")).unwrap();
    assert_eq!(config.sites[0].bench_name(), Some("fleet"));
    assert_eq!(parse(&format!("{SITE}{REST}")).unwrap().sites[0].bench_name(), None);
}

#[test]
fn a_bench_of_what_is_no_frappe_site_is_refused_with_its_place() {
    let strict = parse(&format!("{SITE}[site.bench]\n{REST}")).unwrap_err();
    assert!(
        strict.contains("palisade.toml:5") && strict.contains("bench is for guarded sites with preset \"frappe\""),
        "{strict}"
    );
    let built_in = "[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example.com\"]\npreset = \"frappe\"\n[site.bench]\n";
    assert!(parse(built_in).unwrap_err().contains("and \"kpi\" is none"));
    let path = parse(&format!("{SITE}preset = \"frappe\"\nbench = {{ path = \"/srv/frappe\" }}\n{REST}")).unwrap_err();
    assert!(path.contains("unknown field `path`"), "what root writes to is named in root's file alone: {path}");
    let name = parse(&format!("{SITE}preset = \"frappe\"\nbench = {{ name = \"../etc\" }}\n{REST}")).unwrap_err();
    assert!(name.contains("\"../etc\" can't be a bench's name"), "{name}");
}

#[test]
fn a_bench_that_nobody_can_look_at_is_warned_of() {
    let config =
        parse(&format!("{SITE}preset = \"frappe\"\n[site.bench]\n[console]\nhost = \"g.example.com\"\n")).unwrap();
    let warnings: Vec<String> = config.warnings().into_iter().map(|finding| finding.what).collect();
    assert!(warnings.iter().any(|what| what.contains("there is no helper")), "{warnings:?}");
}

#[test]
fn a_token_that_others_can_read_or_that_is_none_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tems.token");
    let text = format!("{SITE}preset = \"frappe\"\nbench = {{ token_file = {path:?} }}\n{REST}");
    let findings = || -> Vec<String> {
        let findings = parse(&text).unwrap().findings().into_iter().map(|finding| finding.what);
        findings.filter(|what| what.contains("tems.token")).collect()
    };
    assert!(findings()[0].contains("can't be read"));
    let write = |content: &str, mode| {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    };
    write("1f2e3d4c5b6a798:8a7b6c5d4e3f210\n", 0o644);
    assert!(findings()[0].contains("can be read by others (mode 0644)"));
    for bad in ["", "only-a-key", "a:b:c", "key:secret\r\nX-Admin: 1"] {
        write(bad, 0o600);
        assert!(findings()[0].contains("holds no API token"), "{bad:?}");
    }
    write("1f2e3d4c5b6a798:8a7b6c5d4e3f210\n", 0o600);
    assert_eq!(findings(), Vec::<String>::new());
}
