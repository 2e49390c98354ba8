//! Failures that stretch over several lines, and what is said of single ones.

use palisade_base::Instant;
use palisade_jail::Verdict;

use crate::{accused, at, filter, judge, now};

/// As sshd's filter does it: a connection is known by its process, and a failure counts once its address is known.
const CONNECTIONS: &str = "prefregex = ^<F-MLFID>\\S+ d\\[\\d+\\]:</F-MLFID> <F-CONTENT>.+</F-CONTENT>$
failregex = ^<F-NOFAIL>Connection from</F-NOFAIL> <HOST>
    ^Too many failures for <F-USER>\\S+</F-USER>$
    ^<F-NOFAIL>key refused</F-NOFAIL> for <F-USER>\\S+</F-USER>$
    ^<F-MLFFORGET><F-MLFGAINED>Accepted</F-MLFGAINED></F-MLFFORGET> for <F-USER>\\S+</F-USER> from <HOST>
    ^<F-MLFFORGET>Closed</F-MLFFORGET> by <HOST>";

#[test]
fn a_failure_takes_its_address_from_an_earlier_line_of_its_connection() {
    let mut judge = judge(CONNECTIONS);
    assert_eq!(accused(&mut judge, "host d[1]: Connection from 203.0.113.57"), "Pending");
    assert_eq!(accused(&mut judge, "host d[2]: Connection from 203.0.113.58"), "Pending");
    let Verdict::Failure(failure) = judge.judge(b"host d[1]: Too many failures for bob", now()) else { panic!() };
    assert_eq!((failure.host.to_string().as_str(), failure.user.as_deref()), ("203.0.113.57", Some("bob")));
    assert_eq!(failure.evidence.len(), 2, "both lines show it");
}

#[test]
fn a_failure_waits_for_its_address() {
    let mut judge = judge(CONNECTIONS);
    assert_eq!(accused(&mut judge, "host d[1]: Too many failures for bob"), "Pending");
    assert_eq!(accused(&mut judge, "host d[1]: Closed by 203.0.113.57"), "203.0.113.57");
}

#[test]
fn who_gets_in_is_forgiven_what_failed_before() {
    let mut judge = judge(CONNECTIONS);
    assert_eq!(accused(&mut judge, "host d[1]: key refused for bob"), "Pending");
    assert_eq!(accused(&mut judge, "host d[1]: Accepted for bob from 203.0.113.57"), "Pending");
}

#[test]
fn who_tries_several_names_is_not_forgiven() {
    let mut judge = judge(CONNECTIONS);
    assert_eq!(accused(&mut judge, "host d[1]: key refused for bob"), "Pending");
    assert_eq!(accused(&mut judge, "host d[1]: key refused for eve"), "Pending");
    assert_eq!(accused(&mut judge, "host d[1]: Accepted for eve from 203.0.113.57"), "203.0.113.57");
}

#[test]
fn an_expression_over_several_lines_uses_each_line_once() {
    let mut judge = judge("maxlines = 3\nfailregex = ^login of \\S+$<SKIPLINES>^refused <HOST>$");
    assert_eq!(accused(&mut judge, "login of bob"), "Pass");
    assert_eq!(accused(&mut judge, "something else"), "Pass");
    assert_eq!(accused(&mut judge, "refused 203.0.113.57"), "203.0.113.57");
    assert_eq!(accused(&mut judge, "refused 203.0.113.57"), "Pass", "the login is used up");
}

#[test]
fn what_is_ignored_is_no_failure() {
    let mut judge = judge("failregex = ^bad login of \\S+ from <HOST>$\nignoreregex = of monitor from");
    assert_eq!(accused(&mut judge, "bad login of monitor from 203.0.113.57"), "Ignored");
    assert_eq!(accused(&mut judge, "bad login of bob from 203.0.113.57"), "203.0.113.57");
}

#[test]
fn tags_read_what_they_are_named_after() {
    for (expression, line, expected) in [
        ("^x <ADDR>$", "x [2001:db8::1]", "2001:db8::1"),
        ("^x <IP4>$", "x 203.0.113.57", "203.0.113.57"),
        ("^x <IP4>$", "x 2001:db8::1", "Pass"),
        ("^x <IP6>$", "x 2001:db8::1", "2001:db8::1"),
        ("^x <SUBNET>$", "x 203.0.113.0/24", "203.0.113.0/24"),
        ("^x <ADDR>/<CIDR>$", "x 203.0.113.0/24", "203.0.113.0/24"),
        ("^x <HOST>$", "x evil.example.com", "name evil.example.com"),
        ("^x <DNS>$", "x evil.example.com", "name evil.example.com"),
        ("^x <F-ID>\\w+</F-ID>$", "x abc", "id abc"),
        ("^x <F-ID>\\S+</F-ID>$", "x 203.0.113.57", "203.0.113.57"),
        ("^(?:a <HOST>|b <HOST>)$", "b 203.0.113.57", "203.0.113.57"),
        ("^(?i)FAILED <HOST>$", "failed 203.0.113.57", "203.0.113.57"),
        ("^((?i)one|two) X <HOST>$", "TWO X 203.0.113.57", "203.0.113.57"),
        ("^((?i)one|two) X <HOST>$", "TWO x 203.0.113.57", "Pass"),
        ("^(?P<q>['\"])\\w+(?P=q) <HOST>\\Z", "'x' 203.0.113.57", "Pass"),
        ("^(?P<q>['\"])\\w+(?P=q) <HOST>\\s*\\Z", "'x' 203.0.113.57", "203.0.113.57"),
        ("^(?P<q>['\"])\\w+(?P=q) <HOST>$", "'x\" 203.0.113.57", "Pass"),
        ("^(<a>)?b(?(1)c|d) <HOST>$", "<a>bc 203.0.113.57", "203.0.113.57"),
        ("^(<a>)?b(?(1)c|d) <HOST>$", "bc 203.0.113.57", "Pass"),
        ("^[][a-z&&-]{,3} <HOST>$", "]&- 203.0.113.57", "203.0.113.57"),
        ("^{x} \\<y\\> <HOST>$", "{x} <y> 203.0.113.57", "203.0.113.57"),
    ] {
        assert_eq!(accused(&mut judge(&format!("failregex = {expression}")), line), expected, "{expression} on {line}");
    }
}

#[test]
fn the_time_of_a_failure_is_the_lines_own() {
    let time = |definition: &str, line: &str, now: Instant| match judge(definition).judge(line.as_bytes(), now) {
        Verdict::Failure(failure) => failure.at,
        other => panic!("{line}: {other:?}"),
    };
    let plain = "failregex = ^\\s*bad <HOST>";
    assert_eq!(time(plain, "2026-03-01 09:00:00 bad 203.0.113.57", now()), at("2026-03-01T09:00:00Z"));
    assert_eq!(time(plain, "2026-03-01 09:00:00+02:00 bad 203.0.113.57", now()), at("2026-03-01T07:00:00Z"));
    assert_eq!(time(plain, "2026-03-05 09:00:00 bad 203.0.113.57", now()), now(), "not in the future");
    assert_eq!(time(plain, "bad 203.0.113.57", now()), now());
    let own = "failregex = ^ bad <HOST>\ndatepattern = ^%%d\\.%%m\\.%%Y %%H:%%M";
    assert_eq!(time(own, "28.02.2026 12:30 bad 203.0.113.57", now()), at("2026-02-28T12:30:00Z"));
    let none = "failregex = ^2026-03-01 09:00:00 bad <HOST>\ndatepattern = {NONE}";
    assert_eq!(time(none, "2026-03-01 09:00:00 bad 203.0.113.57", now()), now());
}

#[test]
fn a_followed_file_with_a_strange_clock_counts_as_of_now() {
    let filter = std::sync::Arc::new(filter("failregex = ^\\s*bad <HOST>"));
    let mut judge = palisade_jail::Judge::new(filter, jiff::tz::TimeZone::UTC).live();
    let Verdict::Failure(failure) = judge.judge(b"2026-03-01 08:00:00 bad 203.0.113.57", now()) else { panic!() };
    assert_eq!(failure.at, now());
}
