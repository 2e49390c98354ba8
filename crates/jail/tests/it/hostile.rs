//! Configurations and lines that mean harm.

use std::{sync::Arc, time::Instant as Stopwatch};

use jiff::tz::TimeZone;
use palisade_jail::{Filter, Folder, Judge, MemoryFiles, Verdict};
use proptest::prelude::*;

use crate::{accused, judge, now, root};

#[test]
fn includes_that_lead_out_of_the_folder_are_refused() {
    for entry in ["../../etc/passwd", "/etc/passwd", "..", "a//b.conf", "x\\y.conf", "../filter.d/../../x"] {
        let text = format!("[INCLUDES]\nbefore = {entry}\n[Definition]\nfailregex = ^<HOST>\n");
        let error = Filter::read(&MemoryFiles::new(&[("filter.d/a.conf", &text)]), "a").unwrap_err();
        assert!(error.what.contains("leads out of the folder"), "{entry}: {error}");
    }
    for name in ["../a", "/a", "a/b", ".a", "a\0", ""] {
        assert!(Filter::read(&MemoryFiles::new(&[]), name).is_err(), "{name:?}");
    }
}

#[test]
fn files_that_include_each_other_are_read_once() {
    let files = [
        ("filter.d/a.conf", "[INCLUDES]\nbefore = b.conf\n[Definition]\nfailregex = %(x)s <HOST>\n"),
        ("filter.d/b.conf", "[INCLUDES]\nbefore = a.conf\nafter = b.conf\n[DEFAULT]\nx = ^b\n"),
    ];
    let filter = Filter::read(&MemoryFiles::new(&files), "a").unwrap();
    assert_eq!(filter.rules().collect::<Vec<_>>(), ["^b <HOST>"]);
}

#[test]
fn a_long_chain_of_includes_is_refused() {
    let texts: Vec<(String, String)> =
        (0..50).map(|n| (format!("filter.d/f{n}.conf"), format!("[INCLUDES]\nbefore = f{}.conf\n", n + 1))).collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let error = Filter::read(&MemoryFiles::new(&files), "f0").unwrap_err();
    assert!(error.what.contains("too many files include each other"), "{error}");
}

#[test]
fn values_that_grow_without_end_are_refused() {
    let mut text = String::from("[Definition]\na0 = 0123456789\n");
    for n in 1..9 {
        let before = format!("%(a{})s", n - 1).repeat(10);
        text.push_str(&format!("a{n} = {before}\n"));
    }
    text.push_str("failregex = %(a8)s<HOST>\n");
    let error = Filter::read(&MemoryFiles::new(&[("filter.d/a.conf", &text)]), "a").unwrap_err();
    assert!(error.what.contains("grows beyond 256 KiB"), "{error}");
}

#[test]
fn expressions_that_would_explode_are_refused() {
    for expression in [
        format!("^{}<HOST>{}", "(".repeat(500), ")".repeat(500)),
        r"^((((((\w{900}){900}){900}){900}){900}){900})<HOST>".to_owned(),
        "^a{100000}<HOST>".to_owned(),
        format!("^{}<HOST>", "a".repeat(100_000)),
    ] {
        let text = format!("[Definition]\nfailregex = {expression}\n");
        let error = Filter::read(&MemoryFiles::new(&[("filter.d/a.conf", &text)]), "a").unwrap_err();
        assert!(error.what.contains("is not understood"), "{error}");
    }
}

#[test]
fn a_device_or_a_folder_is_no_configuration() {
    for (folder, name) in [("/dev", "../dev/zero"), ("/dev", "zero")] {
        assert!(Filter::read(&Folder::new(folder), name).is_err());
    }
    assert!(Filter::read(&Folder::new(root()), "no-such-filter").is_err());
}

#[test]
fn a_line_of_a_mebibyte_is_not_judged_and_costs_nothing() {
    let mut judge = judge(r"failregex = ^(a+)+(?!b)x<HOST>$");
    let line = vec![b'a'; 1 << 20];
    assert_eq!(judge.judge(&line, now()), Verdict::GaveUp);
}

/// The classic of backtracking: without a bound, this takes longer than the universe will last.
#[test]
fn an_expression_that_backtracks_without_end_is_given_up() {
    let mut judge = judge(r"failregex = ^(?:(?=a)(?:a|a)*)*(?!a)y <HOST>$");
    let started = Stopwatch::now();
    let verdict = judge.judge(format!("{} 203.0.113.57", "a".repeat(60)).as_bytes(), now());
    assert!(matches!(verdict, Verdict::GaveUp | Verdict::Pass), "{verdict:?}");
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn broken_text_in_a_line_hides_nothing() {
    let mut judge = judge("failregex = ^bad login for .* from <HOST>$");
    for user in [&b"bob\0"[..], b"\xff\xfe\xc3", b"\xe2\x28\xa1", "\u{202e}\u{1}\u{E004}".as_bytes(), b"a\nb", b"a\rb"]
    {
        let line = [b"bad login for ", user, b" from 203.0.113.57\r\n"].concat();
        let Verdict::Failure(failure) = judge.judge(&line, now()) else { panic!("{user:?}") };
        assert_eq!(failure.host.to_string(), "203.0.113.57");
        assert!(failure.evidence[0].chars().all(|c| !c.is_control()), "{:?}", failure.evidence);
    }
}

/// The characters that stand for an address inside can't be brought in from outside.
#[test]
fn nobody_can_plant_an_address_with_the_marks_used_inside() {
    let mut judge = judge("failregex = ^.*bad login.*<HOST>.*$");
    assert_eq!(accused(&mut judge, "bad login \u{1} 203.0.113.57 \u{2}"), "203.0.113.57");
    assert!(accused(&mut judge, "bad login \u{1}").starts_with("Pass"));
}

#[test]
fn a_thousand_addresses_in_a_line_are_ambiguous_at_once() {
    let mut judge = judge("failregex = ^.*bad login.*<HOST>.*$");
    let many: String = (0..1_000).map(|n| format!(" 10.0.{}.{}", n / 250, n % 250 + 1)).collect();
    assert!(accused(&mut judge, &format!("bad login{many}")).starts_with("ambiguous"));
}

#[test]
fn an_attacker_can_not_name_another_in_place_of_himself() {
    let mut judge = judge("failregex = ^bad login for user \\S+ from <HOST> port \\d+$\n  ^refused '.*' from <HOST>");
    assert_eq!(accused(&mut judge, "bad login for user x,from=192.0.2.1 from 203.0.113.57 port 22"), "203.0.113.57");
    let forged = "refused 'x' from 192.0.2.1' from 203.0.113.57";
    assert!(accused(&mut judge, forged).starts_with("ambiguous"), "both can be read, so nobody is banned");
}

proptest! {
    #[test]
    fn any_configuration_is_read_or_refused(text in "[\\[\\]a-c<>%()=:;# \n?*+|\\\\DefinitionINCLUDESbefore/._-]{0,200}") {
        let text = format!("[Definition]\nfailregex = {text}\n");
        let _ = Filter::read(&MemoryFiles::new(&[("filter.d/a.conf", &text)]), "a");
    }

    #[test]
    fn any_line_gets_a_verdict(line in prop::collection::vec(any::<u8>(), 0..300)) {
        let filter = Filter::read(&Folder::new(root().join("examples/fail2ban")), "frappe").unwrap();
        let mut judge = Judge::new(Arc::new(filter), TimeZone::UTC);
        judge.judge(&line, now());
        judge.judge(&[b"Login failed for ", line.as_slice()].concat(), now());
    }
}
