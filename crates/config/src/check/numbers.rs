//! Listeners, certificates of `[tls]`, and numbers within their ranges.

use std::collections::BTreeMap;

use super::Checker;

pub(super) fn check(checker: &mut Checker<'_>) {
    check_tls_pair(checker);
    check_listeners(checker);
    check_ranges(checker);
}

fn check_tls_pair(checker: &mut Checker<'_>) {
    let tls = &checker.config.tls;
    let (there, missing) = match (&tls.certificate, &tls.key) {
        (Some(_), None) => ("certificate", "key"),
        (None, Some(_)) => ("key", "certificate"),
        _ => return,
    };
    let hint = format!("Add {missing} = \"…\", or leave out both: then a self-signed certificate is made.");
    checker.report(&format!("tls.{there}"), format!("{there} is set, {missing} is not"), hint);
}

fn check_listeners(checker: &mut Checker<'_>) {
    let config = checker.config;
    let listen = &config.listen;
    if listen.https.is_empty() {
        let what = "there is no address for HTTPS";
        checker.report("listen.https", what, "Write https = [\"[::]:443\"].");
    }
    let https = listen.https.iter().enumerate().map(|(n, a)| ("https", format!("listen.https.{n}"), *a));
    let http = listen.http.iter().enumerate().map(|(n, a)| ("http", format!("listen.http.{n}"), *a));
    let operations = listen.operations.iter().map(|a| ("operations", "listen.operations".to_owned(), *a));
    let mut taken = BTreeMap::new();
    for (key, at, address) in https.chain(http).chain(operations).filter(|(_, _, a)| a.port() != 0) {
        if let Some(other) = taken.insert(address, key) {
            let what = format!("{address} is taken by {other} already");
            checker.report(&at, what, "Give each listener its own address or port.");
        }
    }
    if listen.proxy_protocol && config.trusted_proxies.is_empty() {
        let what = "proxy_protocol is on, and nobody is trusted to speak it";
        let hint = "Name your proxies at the top of the file: trusted_proxies = [\"10.0.3.7\"]. Only they may say who the client is.";
        checker.report("listen.proxy_protocol", what, hint);
    }
}

fn check_ranges(checker: &mut Checker<'_>) {
    let config = checker.config;
    let (limits, sizes, database) = (&config.limits, &config.sizes, &config.database);
    let numbers = [
        ("limits.tracked_addresses", limits.tracked_addresses, 1_000, 10_000_000),
        ("limits.max_connections", limits.max_connections, 16, 1_000_000),
        ("limits.max_connections_per_address", limits.max_connections_per_address, 1, 1_000_000),
        ("sizes.headers_kib", sizes.headers_kib, 2, 256),
        ("sizes.header_count", sizes.header_count, 16, 1_000),
        ("sizes.uri_bytes", sizes.uri_bytes, 256, 60_000),
        ("sizes.body_kib", sizes.body_kib, 64, 4_194_304),
        ("sizes.http2_streams", sizes.http2_streams as usize, 1, 1_000),
        ("sizes.http2_pending_resets", sizes.http2_pending_resets, 1, 1_000),
        ("database.max_connections", database.max_connections as usize, 2, 1_000),
    ];
    for (at, value, least, most) in numbers {
        checker.range(at, value as u64, least, most);
    }
    let timeouts = &config.timeouts;
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
            checker.report(&format!("timeouts.{key}"), format!("{key} is {value}"), hint);
        }
    }
}
