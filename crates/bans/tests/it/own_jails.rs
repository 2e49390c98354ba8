//! Jails that stand in `palisade.toml`, and where they go on reading.

use std::fs;

use palisade_bans::{Measure, Which};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    world::{LogDir, World, config, until},
};

/// Three failures in the log files of an application shut out for a minute.
fn jail(logs: &LogDir, more: &str) -> String {
    format!(
        "[[jail]]\nname = \"app\"\nlogs = [\"{}/*.log\"]\nfailregex = ['^\\s*refused for \\S+ from <HOST>$']\n\
         ignoreregex = ['refused for robot']\nmax_tries = 3\nban_seconds = 60\n{more}",
        logs.0.path().display()
    )
}

fn failure(address: &str) -> String {
    format!("2026-03-02T09:00:00Z refused for bob from {address}\n")
}

/// The first look begins at the end of what is there: a line that is seen says that it has been.
async fn is_followed(world: &World, logs: &LogDir) {
    until(async || {
        logs.write("app.log", "2026-03-02T09:00:00Z started\n");
        world.seen("app").await.lines > 0
    })
    .await;
}

async fn failures_are_seen(world: &World, number: u64) {
    until(async || world.seen("app").await.failures == number).await;
}

on_both_engines! {
    async fn a_jail_of_the_configuration_bans_as_one_of_fail2bans_does(db: TestStore) {
        let logs = LogDir::new();
        logs.write("app.log", &failure("203.0.113.9").repeat(9));
        let world = World::new(db, &jail(&logs, "")).await;
        is_followed(&world, &logs).await;
        logs.write("app.log", &"2026-03-02T09:00:00Z refused for robot from 203.0.113.8\n".repeat(9));
        logs.write("app.log", &failure("203.0.113.57").repeat(3));
        until(async || world.found("203.0.113.57").is_some()).await;
        let ban = world.list(Which::Live).await.remove(0);
        assert_eq!((ban.jail.as_str(), ban.failures, ban.measure), ("app", 3, Measure::Ban));
        assert_eq!(ban.ends_at.unwrap().since(ban.began_at).as_seconds(), 60);
        assert_eq!((world.found("203.0.113.8"), world.found("203.0.113.9")), (None, None));
    }

    async fn a_jail_in_shadow_reports_and_a_filter_file_is_read_with_its_jail(db: TestStore) {
        let logs = LogDir::new();
        let filter = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/fail2ban/filter.d/frappe.conf");
        let jail = format!(
            "[[jail]]\nname = \"app\"\nlogs = [\"{}/*.log\"]\nfilter = \"{filter}\"\nmax_tries = 1\nshadow = true\n",
            logs.0.path().display()
        );
        let world = World::new(db, &jail).await;
        is_followed(&world, &logs).await;
        logs.write("app.log", "2026-03-02 09:00:00,000 ERROR Login failed for bob from 203.0.113.57\n");
        until(async || !world.list(Which::Live).await.is_empty()).await;
        assert_eq!(world.list(Which::Live).await[0].measure, Measure::Shadow);
        assert_eq!(world.found("203.0.113.57"), None);
    }

    /// Attack: try while the guard is being restarted.
    async fn tries_during_a_restart_count_and_older_lines_are_not_read_again(db: TestStore) {
        let logs = LogDir::new();
        let mut world = World::new(db, &jail(&logs, "")).await;
        is_followed(&world, &logs).await;
        logs.write("app.log", &failure("203.0.113.57").repeat(2));
        failures_are_seen(&world, 2).await;
        world.bans.close().await;
        // The file is rotated meanwhile: what was written to it last is found under its new name.
        logs.write("app.log", &failure("203.0.113.57"));
        fs::rename(logs.path("app.log"), logs.path("app.log.1")).unwrap();
        logs.write("app.log", &failure("203.0.113.57"));
        world.start().await;
        failures_are_seen(&world, 2).await;
        assert_eq!((world.seen("app").await.lines, world.found("203.0.113.57")), (2, None));
        logs.write("app.log", &failure("203.0.113.57"));
        until(async || world.found("203.0.113.57").is_some()).await;
        assert_eq!(world.list(Which::Live).await[0].evidence.len(), 3);
    }

    async fn after_a_kill_what_was_read_since_positions_were_kept_is_read_again(db: TestStore) {
        let logs = LogDir::new();
        let mut world = World::new(db, &jail(&logs, "")).await;
        is_followed(&world, &logs).await;
        logs.write("app.log", &failure("203.0.113.57").repeat(2));
        failures_are_seen(&world, 2).await;
        world.bans.keep_positions().await.unwrap();
        logs.write("app.log", &failure("203.0.113.58"));
        failures_are_seen(&world, 3).await;
        world.start().await;
        failures_are_seen(&world, 1).await;
        assert_eq!(world.seen("app").await.lines, 1);
    }

    async fn a_changed_configuration_neither_misses_a_line_nor_counts_one_twice(db: TestStore) {
        let logs = LogDir::new();
        let world = World::new(db, &jail(&logs, "")).await;
        is_followed(&world, &logs).await;
        logs.write("app.log", &failure("203.0.113.57"));
        world.bans.reload(&config(&jail(&logs, "increment = {}")));
        logs.write("app.log", &failure("203.0.113.57"));
        world.bans.reload(&config(&jail(&logs, "")));
        logs.write("app.log", &failure("203.0.113.57"));
        until(async || world.found("203.0.113.57").is_some()).await;
        let ban = world.list(Which::Live).await.remove(0);
        assert_eq!((ban.failures, ban.evidence.len()), (3, 3));
    }
}
