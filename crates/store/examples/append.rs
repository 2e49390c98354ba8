//! How many leaves a second SQLite takes: `cargo run --release -p palisade-store --example append [DIRECTORY]`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement, run by hand")]

use std::{path::Path, time::Instant};

use palisade_base::{Caller, Category, Origin, Resource, TrailEntry};
use palisade_store::{DatabaseUrl, Migrator, PoolConfig, STORE_MIGRATIONS, Store};
use palisade_testkit::{ManualClock, TestEnv};
use serde_json::json;

const LEAVES: usize = 400_000;

/// An entry as a changed record makes it.
fn entry(n: usize) -> TrailEntry {
    let origin = Origin {
        address: Some([192, 0, 2, 7].into()),
        agent: Some("Mozilla/5.0 (X11; Linux)".into()),
        ..Origin::default()
    };
    TrailEntry::new(Category::Change, &Caller::anonymous(origin), "employee.update", Resource::new("employee", n % 500))
        .changed("phone", json!("+49 30 901820"), json!("+49 30 901821"))
}

async fn measure(dir: &Path, tasks: usize, batch: usize) {
    let path = dir.join(format!("append-{tasks}-{batch}.db"));
    let url = DatabaseUrl::parse(&format!("sqlite://{}", path.display())).unwrap();
    Migrator(&[STORE_MIGRATIONS]).run(&url, None, ManualClock::START).await.unwrap();
    let store = Store::open(&url, &PoolConfig::default(), TestEnv::default().env).await.unwrap();
    let started = Instant::now();
    let writers: Vec<_> = (0..tasks)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..LEAVES / tasks / batch {
                    let entries: Vec<_> = (0..batch).map(|n| entry(task * 1_000 + round + n)).collect();
                    store.append(&entries).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    let leaves = LEAVES / tasks / batch * tasks * batch;
    #[expect(clippy::cast_precision_loss, reason = "a figure without decimals")]
    let rate = leaves as f64 / seconds;
    println!("{tasks} tasks, {batch} leaves at a time: {rate:.0} leaves/s");
    store.close().await;
}

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir_in(std::env::args().nth(1).unwrap_or_else(|| ".".into())).unwrap();
    for (tasks, batch) in [(64, 1), (1_024, 1), (64, 16), (16, 256)] {
        measure(dir.path(), tasks, batch).await;
    }
}
