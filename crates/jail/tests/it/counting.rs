//! Who is banned, when, and for how long.

use palisade_base::{AddressKey, Instant, Span};
use palisade_jail::{Ban, BanTime, Increment, Jail, JailPolicy};
use proptest::prelude::*;

use crate::{address, at};

fn policy() -> JailPolicy {
    JailPolicy {
        max_retry: 3,
        find_time: Span::minutes(10),
        ban_time: BanTime::For(Span::hours(1)),
        ..JailPolicy::default()
    }
}

fn start() -> Instant {
    at("2026-03-01T00:00:00Z")
}

fn fail(jail: &mut Jail, who: &str, second: i64) -> Option<Ban> {
    let now = start() + Span::seconds(second);
    jail.record_failure(address(who), now, now, &[format!("line of second {second}")])
}

#[test]
fn failures_count_only_within_the_find_time() {
    let mut jail = Jail::new(policy());
    assert_eq!(fail(&mut jail, "203.0.113.57", 0), None);
    assert_eq!(fail(&mut jail, "203.0.113.57", 300), None);
    assert_eq!(fail(&mut jail, "203.0.113.57", 601), None, "the first is over ten minutes old");
    assert_eq!(fail(&mut jail, "203.0.113.57", 602).unwrap().failures, 3);
}

#[test]
fn an_old_line_counts_for_nothing() {
    let mut jail = Jail::new(policy());
    for _ in 0..9 {
        let long_ago = start();
        assert_eq!(jail.record_failure(address("203.0.113.57"), long_ago, start() + Span::minutes(11), &[]), None);
    }
    assert!(jail.is_empty());
}

/// covers T5.1 (part)
#[test]
fn loopback_and_the_allowed_are_never_banned() {
    let allowed = ["198.51.100.0/24", "2001:db8:1::/48"].iter().map(|network| network.parse().unwrap()).collect();
    let mut jail = Jail::new(JailPolicy { allowed, ..policy() });
    for who in
        ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "198.51.100.9", "::ffff:198.51.100.9", "2001:db8:1::9"]
    {
        for second in 0..20 {
            assert_eq!(fail(&mut jail, who, second), None, "{who}");
        }
    }
    assert!(jail.is_empty(), "who is allowed is not even counted");
}

#[test]
fn an_ipv6_network_of_64_bits_is_one_client() {
    let mut jail = Jail::new(policy());
    assert_eq!(fail(&mut jail, "2001:db8::1", 0), None);
    assert_eq!(fail(&mut jail, "2001:db8:0:1::1", 1), None, "another network");
    assert_eq!(fail(&mut jail, "2001:db8::2", 2), None);
    assert_eq!(fail(&mut jail, "2001:db8::3", 3).unwrap().client.to_string(), "2001:db8::/64");
}

#[test]
fn who_is_banned_is_not_banned_again_until_it_is_over() {
    let mut jail = Jail::new(policy());
    let bans: Vec<i64> = (0..7200).filter(|&second| fail(&mut jail, "203.0.113.57", second).is_some()).collect();
    assert_eq!(bans, [2, 3604], "an hour from second 2, then three more failures");
}

#[test]
fn bans_grow_as_configured_and_no_further() {
    let doubling = JailPolicy {
        increment: Some(Increment { max_time: Some(Span::hours(5)), ..Increment::default() }),
        ..policy()
    };
    let hours =
        |policy: &JailPolicy| -> Vec<BanTime> { (0..4).map(|earlier| policy.ban_time_after(earlier)).collect() };
    let spans = |hours: [i64; 4]| hours.map(|hours| BanTime::For(Span::hours(hours))).to_vec();
    assert_eq!(hours(&doubling), spans([1, 2, 4, 5]));
    let listed = Increment { multipliers: vec![1.0, 3.0, 10.0], ..Increment::default() };
    assert_eq!(hours(&JailPolicy { increment: Some(listed), ..policy() }), spans([1, 3, 10, 10]));
    assert_eq!(hours(&JailPolicy { ban_time: BanTime::Permanent, ..doubling }), vec![BanTime::Permanent; 4]);
    let huge = Increment { factor: 1e300, ..Increment::default() };
    let longest = JailPolicy { increment: Some(huge), ..policy() }.ban_time_after(u32::MAX);
    assert_eq!(longest, BanTime::For(Span::days(36_500)));
}

/// covers T5.4 (part)
#[test]
fn a_restart_keeps_the_ban_and_makes_the_next_one_longer() {
    let mut jail = Jail::new(JailPolicy { increment: Some(Increment::default()), ..policy() });
    let client = AddressKey::from(address("203.0.113.57"));
    jail.restore(client, 1, Some(start() + Span::seconds(100)), start());
    assert!((0..100).all(|second| fail(&mut jail, "203.0.113.57", second).is_none()));
    assert!((100..102).all(|second| fail(&mut jail, "203.0.113.57", second).is_none()));
    let ban = fail(&mut jail, "203.0.113.57", 102).unwrap();
    assert_eq!((ban.count, ban.until), (2, Some(start() + Span::seconds(102) + Span::hours(2))));
}

/// covers T5.4 (part)
#[test]
fn a_lifted_ban_starts_from_nothing() {
    let mut jail = Jail::new(policy());
    assert!((0..3).any(|second| fail(&mut jail, "203.0.113.57", second).is_some()));
    jail.lift(AddressKey::from(address("203.0.113.57")), start() + Span::seconds(3));
    let bans: Vec<i64> = (4..10).filter(|&second| fail(&mut jail, "203.0.113.57", second).is_some()).collect();
    assert_eq!(bans, [6]);
}

#[test]
fn a_shadow_jail_says_whom_it_would_ban() {
    let mut jail = Jail::new(JailPolicy { is_shadow: true, ..policy() });
    let ban = (0..3).find_map(|second| fail(&mut jail, "203.0.113.57", second)).unwrap();
    assert!(ban.is_shadow);
}

/// covers T5.1 (part)
#[test]
fn a_flood_of_strangers_does_not_wash_out_who_failed_before() {
    let mut jail = Jail::with_capacity(policy(), 1_000);
    fail(&mut jail, "203.0.113.57", 0);
    fail(&mut jail, "203.0.113.57", 1);
    for stranger in 0..50_000u32 {
        let stranger = std::net::Ipv4Addr::from(0x0A00_0000 + stranger).to_string();
        assert_eq!(fail(&mut jail, &stranger, 2), None);
        assert!(jail.len() <= 1_000);
    }
    assert!(fail(&mut jail, "203.0.113.57", 3).is_some());
}

#[test]
fn tidying_keeps_what_counts() {
    let mut jail = Jail::new(policy());
    fail(&mut jail, "203.0.113.1", 0);
    fail(&mut jail, "203.0.113.2", 500);
    jail.tidy(start() + Span::seconds(700));
    assert_eq!(jail.len(), 1);
    assert_eq!(jail.failures(AddressKey::from(address("203.0.113.2")), start() + Span::seconds(700)), 1);
}

proptest! {
    /// Counted by hand: banned as soon as three failures lie within ten minutes, for an hour.
    #[test]
    fn bans_come_exactly_when_they_are_due(gaps in prop::collection::vec(1i64..900, 1..60)) {
        let mut jail = Jail::new(policy());
        let (mut second, mut counted, mut banned_until) = (0, Vec::<i64>::new(), i64::MIN);
        for gap in gaps {
            second += gap;
            let banned = fail(&mut jail, "203.0.113.57", second).is_some();
            let mut due = false;
            if second >= banned_until {
                counted.push(second);
                counted.retain(|earlier| second - earlier <= 600);
                due = counted.len() >= 3;
            }
            if due {
                counted.clear();
                banned_until = second + 3600;
            }
            prop_assert_eq!(banned, due, "second {}", second);
        }
    }
}
