//! Guarded sites: what is taken, and what is refused with its place and what to do.

use std::{path::Path, time::Duration};

use palisade_config::{
    App, Backend, CertificateSource, Config, IdentityForm, PathPrefix, Severity, SignIn, UpstreamAddress, UpstreamHost,
};

const SITE: &str = "[[site]]\nname = \"tems\"\nhosts = [\"tems.example.com\"]\n";

fn parse(text: &str) -> Config {
    Config::parse(Path::new("palisade.toml"), text).unwrap()
}

fn message(text: &str) -> String {
    Config::parse(Path::new("palisade.toml"), text).unwrap_err().to_string()
}

#[test]
fn one_line_names_the_application() {
    let config = parse(&format!("{SITE}upstream = \"http://127.0.0.1:8000\"\n"));
    let site = &config.sites[0];
    let Backend::Upstream(upstream) = site.backend() else { panic!("it is guarded") };
    assert_eq!(upstream.to[0].to_string(), "http://127.0.0.1:8000");
    assert_eq!((upstream.connect_time(), upstream.host), (Duration::from_secs(3), UpstreamHost::Keep));
    assert!(site.allows_websockets());
    assert_eq!(site.access.sign_in, SignIn::Open);
    assert!(site.access.identity_forms().is_empty());
    assert_eq!(site.certificate_source(&config.tls), CertificateSource::SelfSigned);
    assert_eq!(site.body_bytes(&config.sizes), Some(16_640 * 1_024));
}

#[test]
fn a_table_says_all_that_there_is_to_say() {
    let text = format!(
        "{SITE}certificate = \"acme\"\nbody_mib = 100\nwebsockets = false\n\
         [site.upstream]\nto = [\"https://app1:8443\", \"https://[2001:db8::7]\", \"unix:/run/app.sock\"]\n\
         ca = \"/etc/ca.pem\"\nserver_name = \"app.internal\"\nhttp2 = true\nhealth = \"/api/method/ping\"\nhost = \"own\"\n\
         [site.access]\nsign_in = \"required\"\nroles = [\"Staff\", \"Admin\"]\napi_paths = [\"/api/method/\"]\n\
         [[site.rule]]\npath = \"/app/user\"\nnetworks = [\"10.0.0.0/8\"]\nroles = [\"Admin\"]\n\
         [[site.rule]]\npath = \"/hooks\"\nsign_in = \"open\"\n\
         [[limit]]\nname = \"uploads\"\nsite = \"tems\"\npath = \"/api/method/upload_file\"\nmethods = [\"POST\"]\nrequests = 5\nburst = 5\n\
         [console]\nhost = \"guard.example.com\"\n[acme]\nagree_to_terms = true\n"
    );
    let config = parse(&text);
    let site = &config.sites[0];
    let upstream = site.upstream.as_ref().unwrap();
    let addresses: Vec<String> = upstream.to.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["https://app1:8443", "https://[2001:db8::7]:443", "unix:/run/app.sock"]);
    assert_eq!(upstream.health.as_ref().unwrap().as_str(), "/api/method/ping");
    assert_eq!(site.access.identity_forms(), [IdentityForm::Jwt]);
    assert_eq!(site.access.api_paths[0].as_str(), "/api/method");
    assert_eq!(site.rule.len(), 2);
    assert_eq!(site.body_bytes(&config.sizes), Some(104_857_600));
    assert_eq!(site.certificate_source(&config.tls), CertificateSource::Acme);
    assert_eq!(config.limit[0].rate().requests, 5);
    assert!(!site.allows_websockets());
}

#[test]
fn a_host_of_its_own_makes_the_console_a_site() {
    let guarded = format!("{SITE}upstream = \"http://127.0.0.1:8000\"\n");
    let config = parse(&format!("{guarded}[console]\nhost = \"guard.example.com\"\n"));
    assert_eq!(config.sites.len(), 2);
    assert!(matches!(config.sites[1].backend(), Backend::BuiltIn(App::Console)));
    assert_eq!(config.console_site().unwrap().name, "console");
    assert_eq!(config.console_host().unwrap().to_string(), "guard.example.com");
    let alone = parse("[console]\nhost = \"guard.example.com\"\n");
    assert_eq!(alone.sites.len(), 1);
    let named = parse("[[site]]\nname = \"console\"\nhosts = [\"g.example.com\"]\napp = \"console\"\n");
    assert_eq!(named.console_host().unwrap().to_string(), "g.example.com");
    assert_eq!(
        named.warnings(),
        parse("[[site]]\nname = \"console\"\nhosts = [\"g.example.com\"]\napp = \"console\"\n").warnings()
    );
}

#[test]
fn without_a_host_for_the_console_there_is_none_and_that_is_said() {
    let config = parse(&format!("{SITE}headers = {{ hsts_preload = false }}\nupstream = \"http://127.0.0.1:8000\"\n"));
    assert!(config.console_host().is_none());
    let warnings = config.warnings();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].severity, Severity::Warning);
    assert_eq!(warnings[0].what, "no console is served: every site is guarded, and the console has no host");
}

/// covers T1.7 (part)
#[test]
fn hsts_that_binds_other_names_is_a_warning_and_no_error() {
    let frappe =
        format!("{SITE}preset = \"frappe\"\nupstream = \"http://127.0.0.1:8000\"\n[console]\nhost = \"10.0.0.7\"\n");
    let warnings = parse(&frappe).warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(
        warnings[0].what,
        "Strict-Transport-Security of tems.example.com says preload, and browsers' list takes whole domains only: once \
         example.com is in it, every name below example.com is bound to HTTPS"
    );
    assert_eq!(warnings[0].place.as_ref().unwrap().line, 3);
    let apex = frappe.replace("tems.example.com", "example.com").replace("frappe", "kpi");
    assert!(parse(&apex).warnings()[0].what.contains("refuse plain HTTP to mail.example.com"));
    assert!(parse(&frappe.replace("frappe", "kpi")).warnings().is_empty());
    assert!(parse(&frappe.replace("tems.example.com", "tems.local")).warnings().is_empty());
}

#[test]
fn what_is_wrong_with_an_upstream_is_told_with_its_place() {
    let cases = [
        (
            "upstream = \"127.0.0.1:8000\"",
            "4:12: \"127.0.0.1:8000\" is no address of an application",
            "Write http://127.0.0.1:8000",
        ),
        ("upstream = \"ftp://127.0.0.1\"", "4:12: an application can't be reached by \"ftp\"", "Write http://"),
        ("upstream = \"http://127.0.0.1:8000/app\"", "4:12: \"http://127.0.0.1:8000/app\" has a path", "Leave it out"),
        ("upstream = \"http://127.0.0.1:0\"", "4:12: \"http://127.0.0.1:0\" has no port", "A port is 1 to 65535"),
        ("upstream = \"http://127.0.0.1:+80\"", "4:12: \"http://127.0.0.1:+80\" has no port", "A port is 1 to 65535"),
        ("upstream = \"unix:app.sock\"", "4:12: \"unix:app.sock\" names no unix socket", "an absolute path"),
        ("upstream = { to = [] }", "4:12: the upstream has no address", "Write to = ["),
        ("upstream = { to = [\"http://a\", \"http://a:80\"] }", "4:32: http://a:80 is named twice", "once"),
        ("upstream = { too = [\"http://a\"] }", "4:14: unknown field `too`", "Correct the spelling"),
        ("upstream = { to = [\"http://a\"], ca = \"ca.pem\" }", "4:38: ca is for https:// addresses", "https://"),
        ("upstream = { to = [\"http://a\"], connect_ms = 1 }", "4:46: connect_ms is 1", "50 to 600000"),
        (
            "upstream = \"http://a\"\napp = \"kpi\"",
            "5:7: the site \"tems\" has an app (kpi) and an upstream",
            "Keep one",
        ),
        ("upstream = 8000", "4:12: invalid type: integer `8000`, expected an address such as", "quotation marks"),
        ("upstream = \"https://tems.example.com\"", "4:12: https://tems.example.com:443 is Palisade itself", "behind"),
        ("upstream = \"https://127.0.0.1\"", "4:12: https://127.0.0.1:443 is Palisade itself", "behind"),
        ("upstream = \"http://localhost\"", "4:12: http://localhost:80 is Palisade itself", "behind"),
        ("upstream = \"http://127.0.0.1:9440\"", "4:12: http://127.0.0.1:9440 is Palisade itself", "behind"),
        (
            "upstream = \"http://a\"\ncors_origins = [\"http://shop.example.com\"]",
            "5:16: \"http://shop.example.com\" can be forged",
            "\"https://shop.example.com\"",
        ),
        ("cors_origins = [\"https://shop.example.com\"]", "4:16: cors_origins is for guarded sites", "Take it out"),
    ];
    for (line, what, hint) in cases {
        let found = message(&format!("{SITE}{line}\n"));
        assert!(found.starts_with(&format!("palisade.toml:{what}")), "{line}\n{found}");
        assert!(found.contains(hint), "{line}\n{found}");
    }
}

#[test]
fn a_password_in_an_upstreams_address_is_never_repeated() {
    let found = message(&format!("{SITE}upstream = \"http://u:hunter2@127.0.0.1:8000\"\n"));
    assert!(!found.contains("hunter2"), "{found}");
    assert!(found.contains("has a user or a password in it"), "{found}");
}

#[test]
fn what_is_wrong_with_rules_and_limits_is_told_with_its_place() {
    let guarded = format!("{SITE}upstream = \"http://127.0.0.1:8000\"\n");
    let cases = [
        ("[[site.rule]]\npath = \"app\"", "6:8: \"app\" is no path of a site", "Begin it with a slash"),
        ("[[site.rule]]\npath = \"/a%2Fb\"", "6:8: \"/a%2Fb\" is encoded", "Write the letters themselves"),
        ("[[site.rule]]\npath = \"/a/../b\"", "6:8: \"/a/../b\" is not written in its plain form", "Leave out"),
        ("[[site.rule]]\npath = \"/a?b=1\"", "6:8: \"/a?b=1\" is more than a path", "Leave out"),
        ("[[site.rule]]\npath = \"/a\"", "5:1: the rule for /a says nothing", "Add networks"),
        (
            "[[site.rule]]\npath = \"/a\"\nroles = [\"Boss\"]\n[console]\nhost = \"g.example.com\"",
            "7:10: the site \"tems\" has no role \"Boss\"",
            "Its roles are: User.",
        ),
        (
            "[[site.rule]]\npath = \"/a\"\nsign_in = \"open\"\n[[site.rule]]\npath = \"/a/b\"\nsign_in = \"open\"",
            "9:8: the rule for /a/b never decides: /a stands before it",
            "narrower",
        ),
        ("[[site.rule]]\npath = \"/a\"\nnetwork = []", "7:1: unknown field `network`", "Correct the spelling"),
        (
            "[site.access]\nsign_in = \"required\"",
            "6:11: people can't sign in before \"tems\": no console is served",
            "[console]",
        ),
        ("[site.access]\nsignin = \"required\"", "6:1: unknown field `signin`", "Correct the spelling"),
        (
            "[[limit]]\nname = \"up\"\nsite = \"tem\"\nrequests = 5",
            "7:8: there is no site \"tem\"",
            "The sites are: tems.",
        ),
        ("[[limit]]\nname = \"up\"", "5:1: requests is 0", "It can be 1 to 10000."),
        (
            "[[limit]]\nname = \"up\"\nrequests = 1\nby = \"network\"",
            "8:6: the limit \"up\" counts by network and names none",
            "Add networks",
        ),
        (
            "[[limit]]\nname = \"login\"\nrequests = 1",
            "6:8: \"login\" is the name of a limit that is there already",
            "[limits]",
        ),
        (
            "[[limit]]\nname = \"up\"\nrequests = 1\nmethods = [\"post\"]",
            "8:11: \"post\" is no method that is served",
            "capital",
        ),
        (
            "certificate = \"files\"",
            "5:15: the site \"tems\" takes its certificate from files, and none are named",
            "tls =",
        ),
        ("[listen]\nproxy_protocol = true", "6:18: proxy_protocol is on, and nobody is trusted", "trusted_proxies"),
    ];
    for (lines, what, hint) in cases {
        let found = message(&format!("{guarded}{lines}\n"));
        assert!(found.starts_with(&format!("palisade.toml:{what}")), "{lines}\n{found}");
        assert!(found.contains(hint), "{lines}\n{found}");
    }
}

#[test]
fn names_of_built_in_apps_are_not_for_guarded_sites() {
    for name in ["kpi", "console"] {
        let text =
            format!("[[site]]\nname = \"{name}\"\nhosts = [\"a.example.com\"]\nupstream = \"http://127.0.0.1:8000\"\n");
        let found = message(&text);
        assert!(found.starts_with(&format!("palisade.toml:2:8: a guarded site can't be called {name:?}")), "{found}");
    }
    let found = message("[[site]]\nname = \"console\"\nhosts = [\"a.example.com\"]\n");
    assert!(found.contains("only the console's own site can be called \"console\""), "{found}");
}

#[test]
fn what_is_for_guarded_sites_is_refused_at_a_built_in_one() {
    for (line, key) in [
        ("websockets = true", "websockets"),
        ("ways_in = [\"/enter\"]", "ways_in"),
        ("[[site.rule]]\npath = \"/a\"\nnetworks = [\"10.0.0.0/8\"]", "rule"),
    ] {
        let found = message(&format!("{SITE}{line}\n"));
        assert!(found.contains(&format!("{key} is for guarded sites, and \"tems\" is a built-in app")), "{found}");
    }
}

#[test]
fn a_path_covers_itself_and_what_is_below_it() {
    let path = PathPrefix::parse("/app/user/").unwrap();
    for covered in ["/app/user", "/app/user/", "/app/user/7"] {
        assert!(path.covers(covered), "{covered}");
    }
    for other in ["/app/users", "/app", "/", "/x/app/user"] {
        assert!(!path.covers(other), "{other}");
    }
    assert!(PathPrefix::parse("/").unwrap().covers("/anything"));
}

proptest::proptest! {
    /// An address that is taken is written in one way, and read again it is the same.
    #[test]
    fn an_upstreams_address_survives_being_written(text in "(http|https|unix|HTTP|ws)(://|:)[a-z0-9.\\[\\]:@/ ]{0,24}") {
        if let Ok(address) = UpstreamAddress::parse(&text) {
            proptest::prop_assert_eq!(UpstreamAddress::parse(&address.to_string()).unwrap(), address);
        }
    }
}

#[test]
fn the_database_of_a_guarded_application_is_named_once_and_wholly() {
    let guarded = format!("{SITE}upstream = \"http://127.0.0.1:8000\"\n");
    let config = parse(&format!("{guarded}[site.database]\nuser = \"erpnext_user\"\nname = \"erpnext_db\"\n"));
    let database = config.sites[0].database.as_ref().unwrap();
    let names = (database.user.as_str(), database.host.as_str(), database.name.as_str());
    assert_eq!(names, ("erpnext_user", "localhost", "erpnext_db"));
    let wrong = |keys: &str| message(&format!("{guarded}[site.database]\n{keys}"));
    assert!(wrong("user = \"erpnext_user\"\n").contains("name is missing"));
    assert!(wrong("user = \"root\"\nname = \"erpnext_db\"\n").contains("root is no application's user"));
    assert!(wrong("user = \"a\"\nname = \"MySQL\"\n").contains("the server's own"));
    assert!(wrong("user = \"a\\nb\"\nname = \"b\"\n").contains("can't be the user"));
    let built_in = message(&format!("{SITE}[site.database]\nuser = \"a\"\nname = \"b\"\n"));
    assert!(built_in.contains("database is for guarded sites"), "{built_in}");
}
