//! Every message word by word: it is all that somebody has at two in the morning.

use std::path::Path;

use palisade_config::Config;

fn message(text: &str) -> String {
    Config::parse(Path::new("palisade.toml"), text).unwrap_err().to_string()
}

const SITE: &str = "[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example.com\"]\n";

#[test]
fn an_unknown_key_is_named_with_its_place() {
    let text = format!("{SITE}\n[listen]\nhttsp = [\"[::]:443\"]\n");
    assert_eq!(
        message(&text),
        "palisade.toml:6:1: unknown field `httsp`, expected one of `https`, `http`, `operations`, `public_https_port`, `proxy_protocol`\n\
         \x20 |\n\
         6 | httsp = [\"[::]:443\"]\n\
         \x20 | ^^^^^\n\
         \x20 Correct the spelling or take the key out; docs/configuration.md lists every key."
    );
}

#[test]
fn trusting_everybody_is_refused_with_the_reason() {
    for everybody in ["0.0.0.0/0", "::/0", "0.0.0.0/1"] {
        let text = format!("trusted_proxies = [\"10.0.3.7\", \"{everybody}\"]\n{SITE}");
        let found = message(&text);
        let start = format!(
            "palisade.toml:1:19: {everybody} would trust (almost) everybody: any client could claim any address, and limits and bans would mean nothing\n"
        );
        assert!(found.starts_with(&start), "{found}");
        assert!(found.ends_with("Name the addresses of your own proxies, such as 10.0.3.7 or 10.0.3.0/28."), "{found}");
    }
}

/// Attack on oneself: one line that quietly takes every limit and ban away.
#[test]
fn exempting_everybody_is_refused_with_file_and_line() {
    for everybody in ["0.0.0.0/0", "::/0", "128.0.0.0/1", "2000::/3", "::ffff:0.0.0.0/96"] {
        for (section, key) in [("limits", "allow_list"), ("jails", "never"), ("jails", "company_networks")] {
            let found = message(&format!("{SITE}[{section}]\n{key} = [\"10.0.0.0/8\",\n\"{everybody}\"]\n"));
            assert!(found.starts_with("palisade.toml:6:1: "), "{found}");
            assert!(found.contains("is (almost) everybody: "), "{found}");
            assert!(found.ends_with("Name the networks themselves, such as 198.51.100.0/24."), "{found}");
        }
    }
}

#[test]
fn a_network_that_nobody_is_in_is_refused() {
    let found = message(&format!("{SITE}[jails]\nnever = [\"::/80\"]\n"));
    assert!(found.starts_with("palisade.toml:5:9: ::/80 holds all IPv4 addresses in their IPv6 form"), "{found}");
    assert!(found.ends_with("Write the IPv4 network, such as 10.0.0.0/8."), "{found}");
    let found = message(&format!("{SITE}[jails]\nnever = [\"::ffff:10.0.0.1/104\"]\n"));
    assert!(found.contains("Write 10.0.0.0/8 for the network, or 10.0.0.1 for the one address."), "{found}");
}

#[test]
fn a_jail_of_ones_own_is_told_what_it_lacks() {
    let jail = |text: &str| message(&format!("{SITE}[[jail]]\n{text}\n"));
    let sound = "logs = [\"/var/log/a.log\"]\nfailregex = ['from <HOST>$']\n";
    for (text, expected) in [
        (format!("name = \"App 1\"\n{sound}"), "5:8: \"App 1\" can't be a jail's name"),
        (format!("name = \"sign-in\"\n{sound}"), "5:8: \"sign-in\" is the name of bans that are not a log file's"),
        (format!("name = \"a\"\n{sound}[[jail]]\nname = \"a\"\n{sound}"), "9:8: two jails are called \"a\""),
        ("name = \"a\"\nfailregex = ['<HOST>']".to_owned(), "4:1: the jail \"a\" names no log files"),
        (
            "name = \"a\"\nlogs = [\"/var/log/a.log\"]".to_owned(),
            "4:1: the jail \"a\" does not say what a failure looks like",
        ),
        (
            format!("name = \"a\"\nfilter = \"/etc/fail2ban/filter.d/sshd.conf\"\n{sound}"),
            "8:13: the jail \"a\" has a filter and a failregex",
        ),
        (
            "name = \"a\"\nlogs = [\"/a\"]\nfailregex = ['x <HOST>',\n\"a\\nb\"]".to_owned(),
            "8:1: an entry of failregex is empty, or more than one line",
        ),
        (format!("name = \"a\"\n{sound}max_tries = 0"), "8:13: max_tries is 0"),
        (format!("name = \"a\"\n{sound}ban_seconds = 31536001"), "8:15: ban_seconds is 31536001"),
        (format!("name = \"a\"\n{sound}increment = {{ factor = 0.0 }}"), "8:13: factor is 0"),
        (format!("name = \"a\"\n{sound}findtime = 600"), "8:1: unknown field `findtime`"),
    ] {
        let found = jail(&text);
        assert!(found.starts_with(&format!("palisade.toml:{expected}")), "{expected}\n{found}");
    }
}

#[test]
fn what_every_answer_would_be_is_no_sign_of_a_failed_try() {
    let site = |text: &str| {
        message(&format!(
            "[[site]]\nname = \"a\"\nhosts = [\"a.example\"]\nupstream = \"http://127.0.0.1:9\"\n{text}\n"
        ))
    };
    for (text, expected) in [
        ("failed_when = { location = \"/\" }", "every redirect begins with \"/\", that of a sign-in too"),
        ("failed_when = { location = \"login\" }", "\"login\" is no path of a site"),
        ("failed_when = { statuses = [42] }", "42 is no status of an answer"),
        ("failed_when = { status = [401] }", "unknown field `status`"),
    ] {
        let found = site(text);
        assert!(found.starts_with("palisade.toml:5:") && found.contains(expected), "{expected}\n{found}");
    }
    let built_in = message(&format!("{SITE}failed_when = {{ statuses = [401] }}\n"));
    assert!(built_in.contains("failed_when is for guarded sites"), "{built_in}");
}

#[test]
fn a_host_in_two_sites_is_found_where_it_is_repeated() {
    let text = format!("{SITE}\n[[site]]\nname = \"other\"\nhosts = [\"a.example.com\", \"KPI.example.com.\"]\n");
    assert_eq!(
        message(&text),
        "palisade.toml:7:27: the host kpi.example.com belongs to the site \"kpi\" already\n\
         \x20 |\n\
         7 | hosts = [\"a.example.com\", \"KPI.example.com.\"]\n\
         \x20 |                           ^^^^^^^^^^^^^^^^^^\n\
         \x20 A host is listed once, in one site."
    );
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let text = "[tls]\ncertificate = \"cert.pem\"\n\n[sizes]\nbody_kib = 1\n";
    assert_eq!(
        message(text),
        "palisade.toml: there is no site\n\
         \x20 Add one: [[site]] with name = \"kpi\" and hosts = [\"kpi.example.com\"].\n\n\
         palisade.toml:2:15: certificate is set, key is not\n\
         \x20 |\n\
         2 | certificate = \"cert.pem\"\n\
         \x20 |               ^^^^^^^^^^\n\
         \x20 Add key = \"…\", or leave out both: then a self-signed certificate is made.\n\n\
         palisade.toml:5:12: body_kib is 1\n\
         \x20 |\n\
         5 | body_kib = 1\n\
         \x20 |            ^\n\
         \x20 It can be 64 to 4194304."
    );
}

#[test]
fn a_password_in_a_url_is_never_repeated() {
    let text = format!("{SITE}\n[database]\nurl = \"postgresql://u:hunter2@h/d?sslmod=require\"\n");
    let found = message(&text);
    assert!(!found.contains("hunter2"), "{found}");
    assert_eq!(
        found,
        "palisade.toml:6:7: DATABASE_URL: the parameter sslmod is not known\n\
         \x20 Known are sslmode, sslrootcert, sslcert, sslkey and application_name."
    );
    let config = Config::parse(Path::new("p"), &text.replace("sslmod=", "sslmode=")).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let from_environment = Config::parse(Path::new("p"), SITE)
        .unwrap()
        .with_environment(|name| (name == "DATABASE_URL").then(|| "mysql://u:hunter2@h/d".to_owned()))
        .unwrap_err()
        .to_string();
    assert_eq!(
        from_environment,
        "environment variable DATABASE_URL: DATABASE_URL: mysql: is not a database that Palisade knows\n\
         \x20 Use postgresql://… for PostgreSQL, or sqlite:///… for the embedded database."
    );
}

#[test]
fn other_mistakes_say_what_to_do() {
    let cases = [
        ("[listen\n", ":1:8: ", "This line is not TOML"),
        ("[listen]\nhttps = \"[::]:443\"\n", ":2:9: invalid type: string", "Texts stand in quotation marks"),
        ("[listen]\nhttps = [\"443\"]\n", ":2:10: invalid socket address", "Write address and port: 127.0.0.1:8443"),
        ("[company]\ntime_zone = \"Middle/Earth\"\n", ":2:13: \"Middle/Earth\" is no time zone", "Write its IANA name"),
        ("[log]\nlevel = \"loud\"\n", ":2:9: unknown variant `loud`", "Use one of the values that are listed."),
        ("[limits]\nuser = { requests = 0, seconds = 60 }\n", ":2:8: requests is 0", "It can be 1 to 10000."),
        (
            "[limits]\nallow_list = [\"10.0.0.1/8\"]\n",
            ":2:14: 10.0.0.1/8 has bits beyond its length",
            "Write 10.0.0.0/8 for the network",
        ),
        ("[seal]\nsyslog = [\"logs\"]\n", ":2:10: \"logs\" is no syslog address", "Write udp://HOST:PORT"),
        (
            "[headers]\nxss_protection = \"1\\r\\nSet-Cookie: a\"\n",
            ":2:18: a header's value is printable ASCII",
            "Take out line breaks",
        ),
        (
            "[[site]]\nname = \"kpi\"\nhosts = [\"https://kpi.example.com\"]\n",
            ":3:9: ",
            "Leave out scheme, port and path",
        ),
        (
            "[[site]]\nname = \"k p i\"\nhosts = [\"a.example\"]\n",
            ":2:8: \"k p i\" can't be a site's name",
            "Write name = \"kpi\"",
        ),
        ("[[site]]\nname = \"kpi\"\n", ":1:1: the site \"kpi\" has no hosts", "Write hosts ="),
    ];
    for (text, what, hint) in cases {
        let found = message(text);
        assert!(found.contains(&format!("palisade.toml{what}")), "{text}\n{found}");
        assert!(found.contains(hint), "{text}\n{found}");
    }
}

#[test]
fn console_and_listeners_are_checked_against_the_rest() {
    let guarded = "[[site]]\nname = \"erp\"\nhosts = [\"erp.example.com\"]\nupstream = \"http://127.0.0.1:8000\"\n";
    let found = message(&format!("{guarded}[console]\nhost = \"erp.example.com\"\n"));
    let start = "palisade.toml:6:8: the console's host erp.example.com belongs to the guarded site \"erp\"";
    assert!(found.starts_with(start), "{found}");
    let found = message(&format!("{SITE}[console]\nrelying_party = \"example.org\"\n"));
    assert!(found.contains("passkeys of example.org can't be used at kpi.example.com"), "{found}");
    let found = message(&format!("{SITE}[listen]\nhttps = [\"127.0.0.1:8443\"]\noperations = \"127.0.0.1:8443\"\n"));
    assert!(found.contains("palisade.toml:6:14: 127.0.0.1:8443 is taken by https already"), "{found}");
}

const ACME: &str = "[acme]\nagree_to_terms = true\n";

/// The guide orders a public certificate for tems.local, which no public CA gives.
///
/// covers T2.4
#[test]
fn a_name_that_no_public_ca_certifies_is_refused_with_the_ways_out() {
    let site = "[[site]]\nname = \"tems\"\nhosts = [\"tems.local\"]\n";
    let found = message(&format!("{site}certificate = \"acme\"\n{ACME}"));
    assert_eq!(
        found,
        "palisade.toml:3:10: no public CA gives a certificate for tems.local: .local names belong to nobody in the public DNS\n\
         \x20 |\n\
         3 | hosts = [\"tems.local\"]\n\
         \x20 |          ^^^^^^^^^^^^\n\
         \x20 Write certificate = \"local-ca\" in this site: Palisade then makes the certificate, and `palisade cert root` gives \
         the root to install on your devices. Or give files of your own (tls = { certificate = \"…\", key = \"…\" }), or \
         order from a CA of your own ([acme] directory and ca), or use a name that is yours in the public DNS."
    );
    let ways_out = [
        format!("{site}certificate = \"local-ca\"\n"),
        format!("{site}certificate = \"files\"\ntls = {{ certificate = \"c.pem\", key = \"k.pem\" }}\n"),
        format!("{site}certificate = \"acme\"\n{ACME}directory = \"https://ca.internal/dir\"\nca = \"root.pem\"\n"),
        format!("{}certificate = \"acme\"\n{ACME}", site.replace("tems.local", "tems.example.com")),
    ];
    for way_out in ways_out {
        Config::parse(Path::new("palisade.toml"), &way_out).unwrap();
    }
}

/// covers T2.1 (part)
#[test]
fn what_an_order_needs_is_asked_for() {
    let cases = [
        (
            "",
            "",
            ": nothing is ordered from https://acme-v02.api.letsencrypt.org/directory without agreeing to its terms",
        ),
        (ACME, "[listen]\nhttp = []\n", ": http-01 needs a listener for plain HTTP"),
        (ACME, "challenge = \"dns-01\"\n", ":7:13: dns-01 needs a command that sets the record"),
        (
            ACME,
            "directory = \"http://ca.example.com/dir\"\n",
            ":7:13: \"http://ca.example.com/dir\" is no ACME directory",
        ),
        (ACME, "contact = [\"me\"]\n", ":7:11: \"me\" is no mail address"),
    ];
    for (acme, more, what) in cases {
        let found = message(&format!(
            "{SITE}certificate = \"acme\"\n{}",
            acme.replace("[acme]\n", "\n[acme]\n").trim_start().to_owned() + more
        ));
        assert!(found.contains(what), "{what}\n{found}");
    }
    let found = message(&format!("{SITE}certificate = \"files\"\n"));
    assert!(found.contains(":4:15: the site \"kpi\" takes its certificate from files, and none are named"), "{found}");
    let found = message(&format!("{SITE}certificate = \"acme\"\ntls = {{ certificate = \"c\", key = \"k\" }}\n{ACME}"));
    assert!(found.contains(":4:15: the site \"kpi\" names files and certificate = \"acme\""), "{found}");
}
