//! Killed at any moment, nothing acknowledged is lost.

use std::collections::BTreeSet;

use palisade_base::Rng as _;
use palisade_store::DatabaseUrl;
use palisade_testkit::{ManualClock, SeededRng, TestDatabase};

use crate::{
    MIGRATOR,
    child::{Said, Writing, check_promises, open},
};

const ROUNDS: u64 = 50;

async fn kill_under_load(database: TestDatabase) {
    let url = DatabaseUrl::parse(&database.owner_url).unwrap();
    MIGRATOR.run(&url, database.runtime_user(), ManualClock::START).await.unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 1..=ROUNDS {
        let mut writing = Writing::start(&database.url, round, |_| {});
        let mut moment = [0];
        SeededRng::new(round).fill(&mut moment);
        for _ in 0..=moment[0] / 4 {
            let Some(Said::Acknowledged(what)) = writing.next() else {
                panic!("round {round}: refused without a reason")
            };
            acknowledged.insert(what);
        }
        for said in writing.kill() {
            let Said::Acknowledged(what) = said else { panic!("round {round}: refused without a reason") };
            acknowledged.insert(what);
        }
        let store = open(&database.url, round + 1_000).await;
        check_promises(&store, &acknowledged).await;
        store.close().await;
    }
    assert!(acknowledged.len() > 1_000, "hardly any load: {}", acknowledged.len());
}

/// covers K6.2 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    kill_under_load(TestDatabase::sqlite()).await;
}

/// covers K6.2 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_postgresql() {
    kill_under_load(TestDatabase::postgres().await).await;
}
