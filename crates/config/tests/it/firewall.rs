//! What is refused of a firewall that would lock somebody out, or nobody.

use std::path::Path;

use palisade_config::Config;

fn parse(text: &str) -> Result<Config, String> {
    let text = format!("{text}\n[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example.com\"]\n");
    Config::parse(Path::new("palisade.toml"), &text).map_err(|error| error.to_string())
}

#[test]
fn what_is_left_out_is_the_guides() {
    let config = parse("").unwrap();
    assert_eq!(config.firewall.ssh_port, 22);
    assert!(config.firewall.ssh_from.is_empty() && !config.firewall.ssh_from_everywhere);
    assert_eq!(config.firewall.local_only, [3306, 5432, 6379, 11000, 13000]);
}

#[test]
fn a_firewall_that_contradicts_itself_is_refused_with_a_way_out() {
    for (text, wanted) in [
        ("[firewall]\nssh_from = [\"0.0.0.0/0\"]", "write ssh_from_everywhere = true instead"),
        ("[firewall]\nssh_from = [\"10.0.0.0/8\"]\nssh_from_everywhere = true", "Leave one of them out"),
        ("[firewall]\nopen = [\"3306/tcp\"]", "3306/tcp is open, and local_only says"),
        ("[firewall]\nopen = [\"8443\"]", "Write it as 8443/tcp"),
        ("[firewall]\nopen = [\"22/tcp; flush ruleset\"]", "is no port"),
        ("[firewall]\nlocal_only = [22]", "nobody could sign in from elsewhere"),
        ("[firewall]\nlocal_only = [0]", "0 is no port"),
        ("[firewall]\nssh_port = 70000", "70000"),
        ("[host]\nguarded_files = [\"sites\"]", "Begin it with /."),
        ("[host]\ndatabase_encrypted_by = \" \"", "says nothing that could be shown"),
    ] {
        let refused = parse(text).unwrap_err();
        assert!(refused.contains(wanted) && refused.starts_with("palisade.toml:"), "{text}: {refused}");
    }
    assert!(parse("[firewall]\nopen = [\"3306/udp\"]\nssh_port = 0").is_ok());
}
