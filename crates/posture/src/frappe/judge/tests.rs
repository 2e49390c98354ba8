//! Each key wrong, then right, by facts written by hand.

use palisade_helper::bench::{BenchSight, FileSight, Found, GuideKey};

use super::*;
use crate::{
    Verdict,
    frappe::{
        running::{Cookie, Running},
        settings::Settings,
    },
};

/// A file with these keys, a line each, from line 2.
fn file(name: &str, values: &[(&str, &str)]) -> FileSight {
    let found = |(number, (key, text)): (usize, &(&str, &str))| {
        ((*key).to_owned(), Found { line: number + 2, text: (*text).to_owned() })
    };
    FileSight {
        path: format!("/bench/sites/{name}").into(),
        digest: String::new(),
        values: values.iter().enumerate().map(found).collect(),
        unreadable: None,
        unchangeable: None,
        changes: Vec::new(),
        difference: String::new(),
    }
}

/// A site as it should be, with these files.
fn facts(site: &[(&str, &str)], common: &[(&str, &str)]) -> Facts {
    let (site, common) = (file("tems.local/site_config.json", site), file("common_site_config.json", common));
    let cookie = Cookie { secure: true, http_only: true, same_site: Some("Lax".into()), max_age: Some(21_600) };
    Facts {
        files: Ok(BenchSight { site, common, restart: None }),
        running: Ok(Running { status: 417, cookie: Some(cookie), limit: Some(100), ..Running::default() }),
        shows_people_tracebacks: Some(false),
        settings: Ok(Settings {
            allow_error_traceback: Some(false),
            deny_multiple_sessions: Some(false),
            session_expiry: Some("06:00".into()),
            session_expiry_mobile: None,
            enable_two_factor_auth: Some(true),
            bypass_two_factor: Some(false),
        }),
    }
}

fn look(key: &str, facts: &Facts) -> Sight {
    judge(GuideKey::find(key).unwrap(), "tems", facts)
}

fn verdict(key: &str, facts: &Facts) -> Verdict {
    look(key, facts).verdict()
}

fn with_running(facts: Facts, change: impl FnOnce(&mut Running)) -> Facts {
    let mut facts = facts;
    change(facts.running.as_mut().unwrap());
    facts
}

fn with_settings(facts: Facts, change: impl FnOnce(&mut Settings)) -> Facts {
    let mut facts = facts;
    change(facts.settings.as_mut().unwrap());
    facts
}

/// What no token can tell.
fn without_token(facts: Facts) -> Facts {
    let unseen = Unseen::new("no API token is configured", Mend::new("Name one."));
    Facts { settings: Err(unseen), shows_people_tracebacks: None, ..facts }
}

/// covers T14.1 (part)
#[test]
fn developer_mode_is_what_the_file_that_counts_says() {
    let sight = look("developer_mode", &facts(&[("developer_mode", "1")], &[("developer_mode", "0")]));
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert_eq!(sight.seen(), "developer_mode is 1 (site_config.json, line 2).");
    assert_eq!(
        sight.evidence(),
        [
            "/bench/sites/tems.local/site_config.json:2: \"developer_mode\": 1",
            "/bench/sites/common_site_config.json:2: \"developer_mode\": 0",
        ]
    );
    let mend = sight.mend().unwrap();
    let what =
        "Set developer_mode to 0 in site_config.json and common_site_config.json, and restart the bench (frappe.tems).";
    assert_eq!((mend.what(), mend.command()), (what, Some("palisade harden plan")));
    assert_eq!(
        verdict("developer_mode", &facts(&[("developer_mode", "0")], &[("developer_mode", "1")])),
        Verdict::InForce
    );
    assert_eq!(verdict("developer_mode", &facts(&[], &[("developer_mode", "true")])), Verdict::Finding);
    assert_eq!(
        verdict("developer_mode", &facts(&[("developer_mode", "\"0\"")], &[])),
        Verdict::Finding,
        "a text is on"
    );
    assert_eq!(verdict("developer_mode", &facts(&[], &[])), Verdict::InForce);
}

#[test]
fn the_development_server_is_one_whatever_the_files_say() {
    let facts = with_running(facts(&[("developer_mode", "0")], &[]), |running| running.is_development_server = true);
    let sight = look("developer_mode", &facts);
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert!(sight.seen().ends_with("whatever the files say: site_config.json, line 2 says 0."), "{}", sight.seen());
}

#[test]
fn a_traceback_that_is_shown_counts_and_not_what_the_file_says() {
    let good = || facts(&[("allow_error_traceback", "0")], &[]);
    assert_eq!(verdict("allow_error_traceback", &good()), Verdict::InForce);
    for shown in [
        with_running(good(), |running| running.traceback = true),
        Facts { shows_people_tracebacks: Some(true), ..good() },
        with_settings(good(), |settings| settings.allow_error_traceback = Some(true)),
    ] {
        let sight = look("allow_error_traceback", &shown);
        assert_eq!(sight.verdict(), Verdict::Finding);
        assert!(
            sight.seen().ends_with("does not read the file for this: site_config.json, line 2 says 0."),
            "{sight:?}"
        );
    }
    // A file that says 1 changes nothing either, and it is said so.
    assert_eq!(verdict("allow_error_traceback", &facts(&[("allow_error_traceback", "1")], &[])), Verdict::InForce);
    assert_eq!(verdict("allow_error_traceback", &without_token(good())), Verdict::Unseen);
}

#[test]
fn one_session_is_kept_by_the_files_or_by_the_system_settings() {
    assert_eq!(verdict("deny_multiple_sessions", &facts(&[], &[("deny_multiple_sessions", "1")])), Verdict::InForce);
    let off = || facts(&[("deny_multiple_sessions", "0")], &[("deny_multiple_sessions", "1")]);
    assert_eq!(verdict("deny_multiple_sessions", &off()), Verdict::Finding, "the site's file comes first");
    assert_eq!(verdict("deny_multiple_sessions", &facts(&[], &[])), Verdict::Finding);
    let by_settings = with_settings(off(), |settings| settings.deny_multiple_sessions = Some(true));
    let sight = look("deny_multiple_sessions", &by_settings);
    assert_eq!(sight.verdict(), Verdict::InForce);
    assert!(
        sight.seen().ends_with("although the file does not ask for it: site_config.json, line 2 says 0."),
        "{sight:?}"
    );
}

#[test]
fn a_session_is_as_long_as_the_running_site_has_it() {
    let six_in_file = || facts(&[], &[("session_expiry", "\"06:00:00\"")]);
    assert_eq!(verdict("session_expiry", &six_in_file()), Verdict::InForce);
    let long = with_settings(six_in_file(), |settings| settings.session_expiry = Some("240:00".into()));
    let sight = look("session_expiry", &long);
    assert_eq!(sight.verdict(), Verdict::Finding);
    let seen = "A session ends after 240:00:00 without use (System Settings). Frappe does not read the file for this: \
                common_site_config.json, line 2 says \"06:00:00\".";
    assert_eq!(sight.seen(), seen);
    // Without a token the cookie tells it.
    let by_cookie = |seconds| {
        without_token(with_running(six_in_file(), |running| running.cookie.as_mut().unwrap().max_age = seconds))
    };
    assert_eq!(verdict("session_expiry", &by_cookie(Some(21_600))), Verdict::InForce);
    assert_eq!(verdict("session_expiry", &by_cookie(Some(21_601))), Verdict::Finding);
    assert_eq!(verdict("session_expiry", &by_cookie(None)), Verdict::Unseen);
    let unsaid = with_settings(six_in_file(), |settings| settings.session_expiry = None);
    let unsaid = with_running(unsaid, |running| running.cookie = None);
    assert!(
        look("session_expiry", &unsaid).seen().starts_with("A session ends after 240:00:00"),
        "Frappe's own ten days"
    );
}

#[test]
fn a_mobile_session_has_a_time_of_its_own_in_older_releases_only() {
    let key = "session_expiry_mobile";
    assert_eq!(verdict(key, &facts(&[], &[(key, "\"168:00:00\"")])), Verdict::NotApplicable);
    let older =
        |text: &str| with_settings(facts(&[], &[]), |settings| settings.session_expiry_mobile = Some(text.into()));
    assert_eq!(verdict(key, &older("168:00")), Verdict::InForce);
    assert_eq!(verdict(key, &older("720:00")), Verdict::Finding);
    let older = with_running(without_token(facts(&[], &[])), |running| running.cookie = None);
    assert_eq!(verdict(key, &older), Verdict::Unseen);
}

#[test]
fn server_scripts_are_off_in_both_files() {
    let key = "server_script_enabled";
    assert_eq!(verdict(key, &facts(&[], &[])), Verdict::InForce);
    assert_eq!(verdict(key, &facts(&[(key, "0")], &[])), Verdict::InForce);
    let sight = look(key, &facts(&[(key, "0")], &[(key, "1")]));
    assert_eq!(sight.verdict(), Verdict::Finding, "release 15 reads the common file alone");
    assert_eq!(sight.seen(), "server_script_enabled is 1 (common_site_config.json, line 2).");
    assert_eq!(verdict(key, &facts(&[(key, "1")], &[(key, "0")])), Verdict::Finding, "older releases read both");
}

#[test]
fn what_the_files_decide_is_as_they_say() {
    for (key, wrong, right) in [
        ("enable_frappe_logger", "0", "1"),
        ("redis_cache", "\"redis://redis-cache:6379\"", "\"redis://127.0.0.1:13000\""),
        ("redis_queue", "\"redis://10.0.0.7:6379\"", "\"redis://localhost:11000\""),
    ] {
        assert_eq!(verdict(key, &facts(&[], &[(key, wrong)])), Verdict::Finding, "{key}");
        assert_eq!(verdict(key, &facts(&[], &[(key, right)])), Verdict::InForce, "{key}");
    }
    assert_eq!(verdict("enable_frappe_logger", &facts(&[], &[])), Verdict::Finding);
    let redis = look("redis_cache", &facts(&[], &[("redis_cache", "\"redis://10.0.0.7:1\"")]));
    assert_eq!(redis.mend().unwrap().command(), None, "no program changes where a bench finds its Redis");
}

#[test]
fn a_limit_counts_when_the_running_site_keeps_to_it() {
    let key = "rate_limit";
    let set = |limit: &str| facts(&[], &[(key, limit)]);
    let right = set("{\"limit\": 100, \"window\": 60}");
    assert_eq!(verdict(key, &right), Verdict::InForce);
    assert!(look(key, &right).seen().contains("not requests of a user, as the guide says"));
    assert_eq!(verdict(key, &set("{\"limit\": 1000, \"window\": 60}")), Verdict::Finding);
    assert_eq!(verdict(key, &facts(&[], &[])), Verdict::Finding);
    for (told, words) in [(None, "shows no limit"), (Some(500), "shows a limit of 500")] {
        let sight = look(key, &with_running(right.clone(), |running| running.limit = told));
        assert_eq!(sight.verdict(), Verdict::Finding);
        assert!(sight.seen().contains(words) && sight.mend().unwrap().command() == Some("bench restart"), "{sight:?}");
    }
}

#[test]
fn sql_in_answers_is_a_finding_although_the_guide_asks_for_it() {
    assert_eq!(verdict("logging", &facts(&[], &[])), Verdict::InForce);
    assert_eq!(verdict("logging", &facts(&[], &[("logging", "0")])), Verdict::InForce);
    let sight = look("logging", &facts(&[], &[("logging", "2")]));
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert!(sight.mend().unwrap().what().starts_with("Set logging to 0 in common_site_config.json"), "{sight:?}");
    let shown = with_running(facts(&[], &[("logging", "0")]), |running| running.debugging = true);
    assert!(look("logging", &shown).seen().contains("common_site_config.json, line 2 says 0"));
    assert_eq!(verdict("logging", &shown), Verdict::Finding);
}

#[test]
fn a_cookie_is_judged_as_a_browser_gets_it() {
    let with = |change: fn(&mut Cookie)| {
        with_running(
            facts(&[], &[("cookie_secure", "1"), ("cookie_httponly", "1"), ("cookie_samesite", "\"Lax\"")]),
            |running| {
                change(running.cookie.as_mut().unwrap());
            },
        )
    };
    let keys = ["cookie_secure", "cookie_httponly", "cookie_samesite"];
    assert!(keys.iter().all(|key| verdict(key, &with(|_| ())) == Verdict::InForce));
    assert_eq!(verdict("cookie_secure", &with(|cookie| cookie.secure = false)), Verdict::Finding);
    assert_eq!(verdict("cookie_httponly", &with(|cookie| cookie.http_only = false)), Verdict::Finding);
    assert_eq!(verdict("cookie_samesite", &with(|cookie| cookie.same_site = None)), Verdict::Finding);
    assert_eq!(verdict("cookie_samesite", &with(|cookie| cookie.same_site = Some("None".into()))), Verdict::Finding);
    let sight = look("cookie_secure", &facts(&[], &[("cookie_secure", "0")]));
    assert_eq!(sight.verdict(), Verdict::InForce, "the key changes nothing");
    assert!(
        sight.seen().ends_with("does not read cookie_secure: common_site_config.json, line 2 says 0."),
        "{sight:?}"
    );
    let none = with_running(facts(&[], &[]), |running| running.cookie = None);
    assert!(keys.iter().all(|key| verdict(key, &none) == Verdict::Unseen));
}

#[test]
fn keys_that_change_nothing_are_named_as_such_and_never_count_as_in_force() {
    for (key, right, wrong) in [
        ("disable_error_mail", "0", "1"),
        ("log_queries", "0", "1"),
        ("background_workers", "4", "0"),
        ("shallow_clone", "true", "false"),
        ("rate_limit_whitelist", "[\"127.0.0.1\", \"::1\"]", "[\"10.0.0.7\"]"),
        ("file_watcher_port", "6787", "\"x\""),
    ] {
        let sight = look(key, &facts(&[], &[(key, right)]));
        assert_eq!(sight.verdict(), Verdict::NotApplicable, "{key}");
        assert!(sight.seen().contains("which changes nothing"), "{sight:?}");
        assert_eq!(verdict(key, &facts(&[], &[])), Verdict::NotApplicable, "{key}");
        assert_eq!(verdict(key, &facts(&[], &[(key, wrong)])), Verdict::Finding, "{key}");
    }
}

#[test]
fn what_nobody_could_look_at_is_unseen_and_says_what_would_help() {
    let nobody = Unseen::new("there is no helper", Mend::new("Set it up."));
    let blind = Facts { files: Err(nobody.clone()), running: Err(nobody), ..without_token(facts(&[], &[])) };
    for key in &palisade_helper::bench::GUIDE {
        let sight = judge(key, "tems", &blind);
        assert_eq!(sight.verdict(), Verdict::Unseen, "{}", key.name);
        assert!(sight.mend().is_some());
    }
    let mut broken = facts(&[("developer_mode", "0")], &[]);
    broken.files.as_mut().unwrap().common.unreadable = Some("it is no JSON from line 3, column 1 on.".to_owned());
    let sight = look("developer_mode", &broken);
    assert_eq!(sight.verdict(), Verdict::Unseen);
    assert_eq!(sight.seen(), "/bench/sites/common_site_config.json: it is no JSON from line 3, column 1 on.");
}
