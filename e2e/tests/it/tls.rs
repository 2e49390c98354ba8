//! TLS as a scanner from outside sees it.

use std::process::Command;

use palisade_e2e::Palisade;

/// What the scanner found, as its XML says it.
fn scan(palisade: &Palisade) -> String {
    let address = palisade.url.trim_start_matches("https://");
    let output = Command::new("sslscan")
        .args(["--xml=-", "--no-colour", "--show-sigs", "--timeout=60", address])
        .output()
        .expect("sslscan is needed: run `cargo xtask setup`");
    String::from_utf8(output.stdout).unwrap()
}

/// The values of an attribute in all elements of that name that contain `filter`.
fn values<'a>(xml: &'a str, element: &str, filter: &str, attribute: &str) -> Vec<&'a str> {
    let start = format!("<{element} ");
    let elements = xml.lines().filter(|line| line.trim_start().starts_with(&start) && line.contains(filter));
    let key = format!(" {attribute}=\"");
    elements.filter_map(|line| line.split_once(&key)?.1.split('"').next()).collect()
}

/// covers K4.1
#[test]
fn a_scanner_finds_tls_1_2_and_1_3_with_modern_suites_and_nothing_weaker() {
    let palisade = Palisade::demo();
    let xml = scan(&palisade);
    assert_eq!(values(&xml, "protocol", "enabled=\"1\"", "version"), ["1.2", "1.3"], "{xml}");
    let suites = values(&xml, "cipher", "sslversion", "cipher");
    assert!(!suites.is_empty(), "{xml}");
    for suite in suites {
        // Forward secrecy and authenticated encryption, or the fixed suites of TLS 1.3, which have both.
        let modern = suite.starts_with("TLS_") || suite.starts_with("ECDHE-");
        assert!(modern && (suite.contains("GCM") || suite.contains("CHACHA20")), "{suite}");
    }
    assert!(!values(&xml, "compression", "supported", "supported").contains(&"1"), "{xml}");
    assert!(!values(&xml, "renegotiation", "supported", "supported").contains(&"1"), "{xml}");
    assert!(!values(&xml, "heartbleed", "vulnerable", "vulnerable").contains(&"1"), "{xml}");
    let weak = values(&xml, "cipher", "sslversion", "strength");
    assert!(weak.iter().all(|strength| ["strong", "acceptable"].contains(strength)), "{weak:?}");
}

/// The suite that TLS 1.2 settles on when the client names these, in its order.
fn negotiated(palisade: &Palisade, suites: &str) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-brief", "-tls1_2", "-cipher", suites, "-connect"])
        .arg(palisade.url.trim_start_matches("https://"))
        .stdin(std::process::Stdio::null())
        .output()
        .expect("openssl is needed: run `cargo xtask setup`");
    let text = String::from_utf8(output.stderr).unwrap();
    let suite = text.lines().find_map(|line| line.strip_prefix("Ciphersuite: "));
    suite.unwrap_or_else(|| panic!("no handshake: {text}")).to_owned()
}

/// covers K4.1 (part)
#[test]
fn the_servers_order_of_suites_wins() {
    let palisade = Palisade::demo();
    let one = negotiated(&palisade, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256");
    let other = negotiated(&palisade, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384");
    assert_eq!(one, other, "the client's order makes no difference");
}
