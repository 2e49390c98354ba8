//! The guide's own filter and jail, as it prints them, and the trap in them.

use std::sync::Arc;

use jiff::tz::TimeZone;
use palisade_base::Span;
use palisade_jail::{BanTime, Folder, Jail, JailConfig, JailFiles, Judge, Verdict};

use crate::{accused, address, at, now, root};

fn guide() -> (JailConfig, JailFiles) {
    let files = JailFiles::read(&Folder::new(root().join("examples/fail2ban"))).unwrap();
    assert!(files.broken.is_empty(), "{:?}", files.broken);
    (files.jails[0].clone(), files)
}

fn frappe() -> Judge {
    Judge::new(Arc::clone(&guide().0.filter), TimeZone::UTC)
}

/// covers T5.3 (part)
#[test]
pub(crate) fn the_guides_filter_and_jail_are_read_as_they_are() {
    let (jail, _) = guide();
    assert_eq!((jail.name.as_str(), jail.filter.rules().count()), ("frappe", 2));
    assert_eq!(jail.log_paths[0].path, "/workspace/development/frappe-bench/logs/*.log");
    assert_eq!((jail.policy.max_retry, jail.policy.find_time), (5, Span::seconds(600)));
    assert_eq!(jail.policy.ban_time, BanTime::For(Span::seconds(3600)));
}

/// covers T5.1 (part)
#[test]
pub(crate) fn a_greedy_expression_reads_the_whole_address() {
    let mut judge = frappe();
    for (line, expected) in [
        ("2026-03-01 09:59:00,123 ERROR Login failed for bob from 203.0.113.57", "203.0.113.57"),
        ("2026-03-01 09:59:00,123 ERROR Login failed for bob (203.0.113.57) after 3 tries", "203.0.113.57"),
        ("2026-03-01 09:59:00,123 ERROR Authentication failed: 203.0.113.57:5060", "203.0.113.57"),
        ("2026-03-01 09:59:00,123 ERROR Login failed for bob from ::ffff:203.0.113.57", "203.0.113.57"),
        ("2026-03-01 09:59:00,123 ERROR Login failed for bob from 2001:db8::57.", "2001:db8::57"),
    ] {
        assert_eq!(accused(&mut judge, line), expected, "{line}");
    }
}

/// covers T5.1 (part)
#[test]
fn a_line_without_a_whole_address_accuses_nobody() {
    let mut judge = frappe();
    for line in [
        "2026-03-01 09:59:00,123 ERROR Login failed for Administrator",
        "2026-03-01 09:59:00,123 ERROR Login failed for bob 7",
        "2026-03-01 09:59:00,123 ERROR Login failed for bob from 1203.0.113.57",
        "2026-03-01 09:59:00,123 ERROR Login failed for bob from 203.0.113.57.8",
        "2026-03-01 09:59:00,123 ERROR Login failed for bob, version 1.2.3",
    ] {
        let said = accused(&mut judge, line);
        assert!(said.starts_with("NoAddress"), "{line}: {said}");
    }
}

/// covers T5.1 (part)
#[test]
fn a_line_that_could_mean_two_addresses_accuses_nobody() {
    let mut judge = frappe();
    for line in [
        "2026-03-01 09:59:00,123 ERROR Login failed for 198.51.100.9 from 203.0.113.57",
        "2026-03-01 09:59:00,123 ERROR Login failed for bob from 203.0.113.57 via 2001:db8::1",
    ] {
        let said = accused(&mut judge, line);
        assert!(said.starts_with("ambiguous") && said.contains("203.0.113.57"), "{line}: {said}");
    }
    // The same client twice, and one before the expression begins to look: no doubt about whom it means.
    let twice = "2026-03-01 09:59:00,123 ERROR Login failed for bob from 203.0.113.57 (::ffff:203.0.113.57)";
    assert_eq!(accused(&mut judge, twice), "203.0.113.57");
    let before = "2026-03-01 09:59:00,123 10.0.0.1 ERROR Login failed for bob from 203.0.113.57";
    assert_eq!(accused(&mut judge, before), "203.0.113.57");
}

/// covers T5.1 (part)
#[test]
fn the_import_warns_of_both_greedy_expressions() {
    let (_, files) = guide();
    let said: Vec<String> = files.warnings.iter().map(ToString::to_string).collect();
    let greedy: Vec<&String> = said.iter().filter(|text| text.contains("greedy")).collect();
    assert_eq!(greedy.len(), 2, "{said:?}");
    assert!(greedy[0].starts_with("filter.d/frappe.conf:2: in `^.*Login failed for.*<HOST>.*$`"), "{}", greedy[0]);
}

/// covers T5.1 (part)
#[test]
pub(crate) fn five_failures_in_ten_minutes_ban_for_an_hour() {
    let (config, _) = guide();
    let mut judge = Judge::new(config.filter, TimeZone::UTC);
    let mut jail = Jail::new(config.policy);
    let mut ban = None;
    for minute in 50..55 {
        assert_eq!(ban, None, "before minute {minute}");
        let line = format!("2026-03-01 09:{minute}:00,000 Login failed for bob from 203.0.113.57");
        let Verdict::Failure(failure) = judge.judge(line.as_bytes(), now()) else { panic!("{line}") };
        ban = jail.record_failure(failure.host.address().unwrap(), failure.at, failure.at, &failure.evidence);
    }
    let ban = ban.expect("the fifth bans");
    assert_eq!((ban.address, ban.failures, ban.evidence.len()), (address("203.0.113.57"), 5, 5));
    assert_eq!((ban.from, ban.until), (at("2026-03-01T09:54:00Z"), Some(at("2026-03-01T10:54:00Z"))));
}
