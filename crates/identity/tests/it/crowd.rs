//! Very many people who sign in at once.

use std::{fs, process::Command, sync::Arc};

use palisade_base::Kind;
use palisade_identity::password::HashingConfig;
use palisade_testkit::TestStore;

use crate::{
    MIGRATOR,
    world::{World, open},
};

/// A run's memory as in production; one pass instead of two spares this test half its time.
const HASHING: HashingConfig = HashingConfig { passes: 1, ..HashingConfig::PRODUCTION };

/// A figure of this process, in KiB.
fn kib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Runs the test below in a process of its own: the memory of this one is that of all tests together.
#[test]
fn two_hundred_at_once_keep_memory_under_the_limit_and_are_answered_in_turn() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "crowd::in_a_process_of_its_own", "--nocapture"])
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test above"]
async fn in_a_process_of_its_own() {
    let db = TestStore::sqlite(MIGRATOR).await;
    let identity = open(&db, db.store.clone(), HASHING).await;
    let world = Arc::new(World { db, identity });
    let before = kib("VmRSS");
    let tries: Vec<_> = (0..200)
        .map(|n| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.try_password(&format!("nobody{n}"), "x").await.err().unwrap().kind() })
        })
        .collect();
    for answered in tries {
        assert_eq!(answered.await.unwrap(), Kind::Unauthenticated);
    }
    let limit = u64::from(HASHING.memory_kib) * HASHING.at_once as u64;
    let slack = 32 * 1024;
    let (most, after) = (kib("VmHWM") - before, kib("VmRSS") - before);
    assert!(most <= limit + slack, "{most} KiB at the most");
    assert!(after <= slack, "{after} KiB afterwards");
}
