//! Bans that jails ask for: from tries to sign in, and from log files.

use std::{fs, path::PathBuf};

use palisade_bans::{Measure, Pace, Which, may_read_bans};
use palisade_base::Span;
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{LogDir, World, ip, operator, until},
};

on_both_engines! {
    /// covers T5.2 (part), T5.4 (part)
    async fn five_failures_in_ten_minutes_shut_out_for_an_hour_and_the_evidence_is_kept(db: TestStore) {
        let mut world = World::new(db, "").await;
        world.fail("192.0.2.7", 4);
        assert_eq!(world.found("192.0.2.7"), None);
        world.pass(Span::seconds(601));
        world.fail("192.0.2.7", 4);
        assert_eq!(world.found("192.0.2.7"), None, "the first four are too old to count");
        world.fail("192.0.2.7", 1);
        assert_eq!(world.found("192.0.2.7").as_deref(), Some("192.0.2.7"));
        let ban = world.list(Which::Live).await.remove(0);
        assert_eq!((ban.measure, ban.jail.as_str(), ban.failures, ban.offences), (Measure::Ban, "sign-in", 5, 1));
        assert_eq!(ban.ends_at, Some(world.now() + Span::seconds(3_600)));
        assert_eq!(ban.evidence.len(), 9);
        assert!(ban.evidence[8].ends_with("192.0.2.7 at kpi: /sign-in as “bob”, answered 401"), "{}", ban.evidence[8]);
        assert_eq!(world.trail().await, ["job:jails ban.add ban:192.0.2.7"]);
        world.restart().await;
        assert_eq!(world.found("192.0.2.7").as_deref(), Some("192.0.2.7"));
        world.pass(Span::seconds(3_600));
        assert_eq!(world.found("192.0.2.7"), None);
    }

    /// covers T5.4 (part)
    async fn each_further_ban_is_longer_over_a_restart_too(db: TestStore) {
        let mut world = World::new(db, "sign_in = { ban_seconds = 600, increment = { max_seconds = 2000 } }").await;
        let mut lengths = Vec::new();
        for _ in 0..4 {
            world.fail("192.0.2.7", 5);
            let ban = world.list(Which::Live).await.remove(0);
            lengths.push(ban.ends_at.unwrap().since(ban.began_at).as_seconds());
            world.pass(Span::seconds(2_000));
            world.restart().await;
        }
        assert_eq!(lengths, [600, 1_200, 2_000, 2_000]);
    }

    async fn who_was_let_in_again_begins_anew(db: TestStore) {
        let world = World::new(db, "").await;
        world.fail("192.0.2.7", 5);
        world.lift("192.0.2.7").await.unwrap();
        world.fail("192.0.2.7", 4);
        assert_eq!(world.found("192.0.2.7"), None);
        world.fail("192.0.2.7", 1);
        assert!(world.found("192.0.2.7").is_some());
    }

    /// One who mistypes must not shut out a depot.
    async fn a_company_network_is_slowed_and_never_banned(db: TestStore) {
        let mut world = World::new(db, "company_networks = [\"203.0.113.0/24\"]").await;
        world.fail("203.0.113.7", 5);
        assert_eq!(world.found("203.0.113.7"), None);
        assert!(matches!(world.bans.pace(ip("203.0.113.8"), world.now()), Pace::Free));
        world.restart().await;
        let mut waiting = Vec::new();
        loop {
            match world.bans.pace(ip("203.0.113.7"), world.now()) {
                Pace::Wait(wait, permit) => {
                    assert_eq!(wait, Span::seconds(2));
                    waiting.push(permit);
                }
                Pace::Full(wait) => break assert_eq!(wait, Span::seconds(2)),
                Pace::Free => unreachable!("five failures slow it"),
            }
        }
        assert_eq!(waiting.len(), 256, "so many wait at once, and no more");
        drop(waiting);
        assert!(matches!(world.bans.pace(ip("203.0.113.7"), world.now()), Pace::Wait(..)));
        assert_eq!(world.list(Which::Live).await[0].measure, Measure::Slow);
        world.pass(Span::seconds(3_600));
        assert!(matches!(world.bans.pace(ip("203.0.113.7"), world.now()), Pace::Free));
    }

    /// covers T4.2 (part)
    async fn several_banned_64s_of_one_48_shut_out_the_48(db: TestStore) {
        let world = World::new(db, "ipv6_escalation = 3\nnever = [\"2001:db8:5:ffff::/64\"]").await;
        for n in 1..=2 {
            world.fail(&format!("2001:db8:1:{n}::1"), 5);
        }
        assert_eq!(world.found("2001:db8:1:9::1"), None);
        world.fail("2001:db8:1:3::1", 5);
        assert_eq!(world.found("2001:db8:1:9::1").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(world.found("2001:db8:2:9::1"), None);
        let wide = world.list(Which::Live).await.into_iter().find(|ban| ban.jail == "neighbours").unwrap();
        assert_eq!((wide.evidence.len(), wide.ends_at), (3, Some(world.now() + Span::hours(1))));
        // Somebody in this one is never banned.
        for n in 1..=5 {
            world.fail(&format!("2001:db8:5:{n}::1"), 5);
        }
        assert_eq!(world.found("2001:db8:5:9::1"), None);
    }

    async fn a_jail_that_is_tried_out_reports_and_shuts_nobody_out(db: TestStore) {
        let world = World::new(db, "shadow = [\"sign-in\"]").await;
        world.fail("192.0.2.7", 5);
        assert_eq!(world.found("192.0.2.7"), None);
        let ban = world.list(Which::Live).await.remove(0);
        assert_eq!((ban.measure, ban.target.to_string().as_str()), (Measure::Shadow, "192.0.2.7"));
        assert_eq!(world.trail().await, ["job:jails ban.report ban:192.0.2.7"]);
    }

    /// Attack: the database does not answer while an attack goes on.
    async fn a_ban_holds_although_nothing_can_be_written(db: TestStore) {
        let world = World::new(db, "").await;
        world.db.store.close().await;
        world.fail("192.0.2.7", 5);
        assert_eq!(world.found("192.0.2.7").as_deref(), Some("192.0.2.7"));
    }
}

/// The guide's filter and jail, as they ship, on log files of the test's own.
struct Guide(LogDir);

impl Guide {
    fn new() -> Self {
        let dir = LogDir::new();
        let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/fail2ban");
        for name in ["filter.d/frappe.conf", "jail.d/frappe.conf"] {
            let to = dir.path("fail2ban").join(name);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(shipped.join(name), to).unwrap();
        }
        fs::create_dir(dir.path("logs")).unwrap();
        let place = format!("[frappe]\nlogpath = {}/*.log\n", dir.path("logs").display());
        fs::write(dir.path("fail2ban/jail.d/frappe.local"), place).unwrap();
        let guide = Self(dir);
        guide.write("web.log", "2026-03-02 08:00:00,000 started\n");
        guide
    }

    /// With something that the filter is to leave alone.
    fn ignoring(self, expression: &str) -> Self {
        let text = format!("[Definition]\nignoreregex = {expression}\n");
        self.0.write("fail2ban/filter.d/frappe.local", &text);
        self
    }

    fn jails(&self) -> String {
        format!("fail2ban = \"{}\"", self.0.path("fail2ban").display())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path("logs").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        self.0.write(&format!("logs/{name}"), text);
    }
}

async fn lines_seen(world: &World) -> (u64, u64) {
    let seen = world.seen("frappe").await;
    (seen.lines, seen.ambiguous)
}

on_both_engines! {
    /// covers T5.1
    async fn the_guides_jail_counts_what_the_guide_means_and_nothing_else(db: TestStore) {
        let guide = Guide::new().ignoring("^.*for probe .*$");
        let world = World::new(db, &guide.jails()).await;
        until(async || {
            guide.write("web.log", "2026-03-02 09:00:00,000 nothing of interest\n");
            lines_seen(&world).await.0 > 0
        }).await;
        let nobody = || ["203.0.113.57", "198.51.100.9", "0.0.0.7"].iter().all(|address| world.found(address).is_none());
        // Six that are left alone, six that could mean two addresses, nine in a file that is none of the jail's.
        for _ in 0..6 {
            guide.write("web.log", "2026-03-02 09:00:00,000 ERROR Login failed for probe from 203.0.113.57\n");
            guide.write("web.log", "2026-03-02 09:00:00,000 Authentication failed: 198.51.100.9, for 203.0.113.57\n");
        }
        guide.write("worker.txt", &"2026-03-02 09:00:00,000 ERROR Login failed for bob from 203.0.113.57\n".repeat(9));
        // Four that will be too old to count.
        for _ in 0..4 {
            guide.write("web.log", "2026-03-02 09:00:00,000 ERROR Login failed for bob from 203.0.113.57\n");
        }
        until(async || world.seen("frappe").await.failures == 4 && lines_seen(&world).await.1 == 6).await;
        assert!(nobody());
        world.pass(Span::seconds(601));
        // Four of the five, by both expressions, over files that match and a rotation.
        guide.write("web.log", "2026-03-02 09:10:01,000 ERROR Login failed for bob from 203.0.113.57\n");
        fs::rename(guide.path("web.log"), guide.path("web.log.1")).unwrap();
        guide.write("web.log", "2026-03-02 09:10:01,000 ERROR Authentication failed: 203.0.113.57:5060\n");
        for _ in 0..2 {
            guide.write("worker.log", "2026-03-02 09:10:01,000 ERROR Login failed for bob from 203.0.113.57\n");
        }
        until(async || world.seen("frappe").await.failures == 8).await;
        assert!(nobody(), "four within ten minutes");
        guide.write("web.log", "2026-03-02 09:10:01,000 ERROR Authentication failed: 203.0.113.57\n");
        until(async || world.found("203.0.113.57").is_some()).await;
        let bans = world.list(Which::Live).await;
        assert_eq!((bans.len(), bans[0].target.to_string().as_str(), bans[0].failures), (1, "203.0.113.57", 5));
        assert_eq!(bans[0].ends_at, Some(bans[0].began_at + Span::seconds(3_600)));
        let report = world.bans.report(&may_read_bans(&operator()).unwrap()).await.unwrap();
        assert_eq!(report.warnings.iter().filter(|text| text.contains("greedy")).count(), 2, "{:?}", report.warnings);
        world.pass(Span::seconds(3_600));
        assert_eq!(world.found("203.0.113.57"), None);
    }

    /// covers T5.1 (part), T5.3 (part)
    async fn the_guides_jail_bans_the_whole_address_after_five_lines_over_a_rotation(db: TestStore) {
        let guide = Guide::new();
        let world = World::new(db, &guide.jails()).await;
        // The first look begins at the end of what is there: a line that is seen says that it has been.
        let mut lines = 0;
        until(async || {
            guide.write("web.log", "2026-03-02 09:00:00,000 nothing of interest\n");
            lines_seen(&world).await.0 > 0
        }).await;
        for _ in 0..2 {
            guide.write("web.log", "2026-03-02 09:00:00,000 ERROR Login failed for bob from 203.0.113.57\n");
        }
        fs::rename(guide.path("web.log"), guide.path("web.log.1")).unwrap();
        guide.write("web.log", "2026-03-02 09:00:00,000 ERROR Authentication failed: 203.0.113.57:5060\n");
        guide.write("worker.log", "2026-03-02 09:00:00,000 ERROR Login failed for bob from 203.0.113.57\n");
        until(async || {
            let seen = lines_seen(&world).await.0;
            let is_new = std::mem::replace(&mut lines, seen) == seen;
            is_new && world.seen("frappe").await.failures == 4
        }).await;
        assert_eq!(world.found("203.0.113.57"), None, "four of five");
        guide.write("web.log", "2026-03-02 09:00:00,000 ERROR Authentication failed: 203.0.113.57\n");
        until(async || world.found("203.0.113.57").is_some()).await;
        let ban = world.list(Which::Live).await.remove(0);
        assert_eq!((ban.jail.as_str(), ban.failures, ban.evidence.len()), ("frappe", 5, 5));
        assert_eq!(ban.ends_at, Some(ban.began_at + Span::seconds(3_600)));
        assert_eq!(world.list(Which::Live).await.len(), 1, "0.0.0.7 is nobody");
    }

    /// covers T5.1 (part)
    async fn a_line_that_could_mean_two_addresses_is_shown_and_bans_nobody(db: TestStore) {
        let guide = Guide::new();
        let world = World::new(db, &guide.jails()).await;
        until(async || {
            guide.write("web.log", "2026-03-02 09:00:00,000 Login failed for 198.51.100.9 from 203.0.113.57\n");
            lines_seen(&world).await.1 >= 5
        }).await;
        assert_eq!((world.found("203.0.113.57"), world.found("198.51.100.9")), (None, None));
        let report = world.bans.report(&may_read_bans(&operator()).unwrap()).await.unwrap();
        let frappe = &report.jails[1];
        assert!(frappe.doubts[0].starts_with("198.51.100.9 or 203.0.113.57: "), "{:?}", frappe.doubts);
        assert_eq!(report.warnings.iter().filter(|text| text.contains("greedy")).count(), 2, "{:?}", report.warnings);
    }
}

on_both_engines! {
    async fn a_broken_jail_is_told_and_does_not_stop_the_others(db: TestStore) {
        let guide = Guide::new();
        fs::write(guide.0.path("fail2ban/jail.d/bad.conf"), "[bad]\nenabled = true\nfilter = nothing\n").unwrap();
        let world = World::new(db, &guide.jails()).await;
        let report = world.bans.report(&may_read_bans(&operator()).unwrap()).await.unwrap();
        assert_eq!(report.jails.iter().map(|jail| jail.name.as_str()).collect::<Vec<_>>(), ["sign-in", "frappe"]);
        assert_eq!(report.broken.len(), 1);
        assert!(report.broken[0].contains("nothing"), "{:?}", report.broken);
    }

    async fn a_changed_configuration_keeps_what_was_counted(db: TestStore) {
        let world = World::new(db, "").await;
        world.fail("192.0.2.7", 4);
        world.fail("192.0.2.8", 5);
        world.bans.reload(&crate::world::config("never = [\"192.0.2.8\"]\nsign_in = { ban_seconds = 60 }"));
        assert_eq!(world.found("192.0.2.8"), None, "who is exempt now is let in");
        world.fail("192.0.2.7", 1);
        let ban = world.list(Which::Live).await.into_iter().find(|ban| ban.target.to_string() == "192.0.2.7").unwrap();
        assert_eq!(ban.ends_at, Some(world.now() + Span::seconds(60)));
    }
}
