//! A full disk: changes are refused, nothing is done by halves, and with room again the service goes on by itself.

use std::collections::BTreeSet;

use palisade_store::DatabaseUrl;
use palisade_testkit::{ManualClock, TestDatabase};

use crate::{
    MIGRATOR, THINGS,
    child::{Said, Writing, build_layer, check_promises, open},
};

/// Reads on until this many of the wanted kind have been said.
fn listen(writing: &mut Writing, acknowledged: &mut BTreeSet<String>, wanted: usize, refusals: bool) {
    let mut heard = 0;
    while heard < wanted {
        match writing.next().unwrap() {
            Said::Acknowledged(what) => {
                acknowledged.insert(what);
                heard += usize::from(!refusals);
            }
            Said::Refused => heard += usize::from(refusals),
        }
    }
}

#[tokio::test]
async fn a_full_disk_refuses_changes_whole_and_recovers() {
    let database = TestDatabase::sqlite();
    MIGRATOR.run(&DatabaseUrl::parse(&database.url).unwrap(), None, ManualClock::START).await.unwrap();
    let (layer, full) = (build_layer(database.dir.path()), database.dir.path().join("full"));
    let mut writing = Writing::start(&database.url, 1, |command| {
        command.env("LD_PRELOAD", layer).env("LAYER_DIRECTORY", database.dir.path()).env("LAYER_FULL", &full);
    });
    let mut acknowledged = BTreeSet::new();
    for _ in 0..5 {
        listen(&mut writing, &mut acknowledged, 30, false);
        std::fs::write(&full, "").unwrap();
        listen(&mut writing, &mut acknowledged, 30, true);
        std::fs::remove_file(&full).unwrap();
        listen(&mut writing, &mut acknowledged, 30, false);
    }
    for said in writing.kill() {
        if let Said::Acknowledged(what) = said {
            acknowledged.insert(what);
        }
    }
    let store = open(&database.url, 2).await;
    check_promises(&store, &acknowledged).await;
    // What was refused is not there: only what was under way when the process was killed may be, unheard.
    let things = store.read().await.unwrap().fetch_all(THINGS.sql()).await.unwrap().len();
    let told = acknowledged.iter().filter(|what| what.starts_with("thing:")).count();
    assert!(things - told <= 6, "{things} things, {told} of them acknowledged");
}
