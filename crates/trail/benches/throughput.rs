//! How fast the trail is on SQLite with `synchronous=FULL`, sealing on: prints `name value` lines, per second.
//!
//! `commits`: changes committed with their leaf, 64 writers at once. `appends`: leaves of events that change nothing,
//! one at a time from 256 tasks. `verified`: leaves verified, the best of three runs over all that was written.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::{sync::Arc, time::Instant};

use anyhow::{Result, ensure};
use palisade_base::{
    Actor, Authority, Caller, Category, Env, Origin, Resource, SessionId, SystemClock, TrailEntry, UserId,
};
use palisade_keys::{KeyFile, SystemRng, Vault};
use palisade_store::{DatabaseUrl, Migration, MigrationSet, Migrator, PoolConfig, STORE_MIGRATIONS, SqlBuilder, Store};
use palisade_trail::{Trail, TrailConfig, VerifyOptions};
use serde_json::json;

const THING: MigrationSet = MigrationSet {
    owner: "bench",
    migrations: &[Migration {
        version: 1,
        name: "0001_thing",
        sqlite: "CREATE TABLE thing (id BLOB PRIMARY KEY, name TEXT NOT NULL) STRICT",
        postgres: "CREATE TABLE thing (id UUID PRIMARY KEY, name TEXT NOT NULL)",
    }],
    append_only: &[],
};
const MIGRATOR: Migrator = Migrator(&[STORE_MIGRATIONS, palisade_keys::MIGRATIONS, palisade_trail::MIGRATIONS, THING]);
const COMMITS: usize = 50_000;
const APPENDS: usize = 500_000;

#[tokio::main]
async fn main() -> Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let env = Env::new(Arc::new(SystemClock), Arc::new(SystemRng));
    let url = DatabaseUrl::parse(&format!("sqlite://{}", dir.path().join("palisade.db").display()))?;
    MIGRATOR.run(&url, None, env.now()).await?;
    let store = Store::open(&url, &PoolConfig::default(), env.clone()).await?;
    let vault = Vault::open(store.clone(), KeyFile::create(&dir.path().join("key"), &env)?, []).await?;
    let trail = Trail::start(store.clone(), &vault, TrailConfig::default()).await?;
    println!("commits {:.0}", measure(COMMITS, 64, &store, |store, n| async move { commit(&store, n).await }).await?);
    println!("appends {:.0}", measure(APPENDS, 256, &store, |store, n| async move { append(&store, n).await }).await?);
    trail.stop().await?;
    println!("verified {:.0}", verify(&trail).await?);
    store.close().await;
    Ok(())
}

/// Does `count` pieces of work from `tasks` tasks at once; gives the number per second.
async fn measure<F, W>(count: usize, tasks: usize, store: &Store, work: F) -> Result<f64>
where
    F: Fn(Store, usize) -> W + Copy + Send + 'static,
    W: Future<Output = Result<()>> + Send,
{
    let started = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in (task..count).step_by(tasks) {
                    work(store.clone(), n).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

async fn commit(store: &Store, n: usize) -> Result<()> {
    let mut tx = store.write().await?;
    let mut sql = SqlBuilder::new("INSERT INTO thing (id, name) VALUES (");
    sql.value(store.env().uuid()).push(", ").value(format!("thing {n}")).push(")");
    tx.execute(sql.build()).await?;
    Ok(tx.commit(entry(store.env(), n)).await?)
}

async fn append(store: &Store, n: usize) -> Result<()> {
    Ok(store.append(&[entry(store.env(), n)]).await?)
}

/// An entry as a signed-in user's change makes it.
fn entry(env: &Env, n: usize) -> TrailEntry {
    let caller = Caller {
        actor: Actor::User(UserId::new(env)),
        person: None,
        authority: Arc::new(Authority::none()),
        origin: Origin {
            address: Some([192, 0, 2, 7].into()),
            session: Some(SessionId::new(env)),
            request: None,
            agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into()),
        },
    };
    TrailEntry::new(Category::Change, &caller, "employee.update", Resource::new("employee", env.uuid())).changed(
        "phone",
        json!("+49 30 1234567"),
        json!(format!("+49 30 {n}")),
    )
}

async fn verify(trail: &Trail) -> Result<f64> {
    let mut best = 0_f64;
    for _ in 0..3 {
        let started = Instant::now();
        let report = trail.verify(VerifyOptions::default()).await?;
        ensure!(report.ok && report.leaves > (COMMITS + APPENDS) as u64, "{report}");
        best = best.max(report.leaves as f64 / started.elapsed().as_secs_f64());
    }
    Ok(best)
}
