//! Writes the jails' bans down, in the background: whoever is shut out must not wait for a disk, nor the gate.

use std::time::Duration;

use palisade_base::{Actor, Category, Origin, Outcome, Resource, TrailEntry};
use palisade_store::{Store, StoreError};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
    time::sleep,
};

use crate::{
    model::{Ban, Measure},
    store,
};

/// So many may wait for the database. Beyond it a ban is in force, but would not survive a restart.
const WAITING: usize = 65_536;
/// So many are written in one transaction.
const TOGETHER: usize = 128;
/// How long the database is left alone after it could not be written to: at first, and at the most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(20));

enum Line {
    Ban(Box<Ban>),
    /// Answered when all that came before is written.
    Flush(oneshot::Sender<()>),
}

/// The way to the writer.
pub(crate) struct Ledger {
    lines: mpsc::Sender<Line>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Ledger {
    pub(crate) fn start(store: Store) -> Self {
        let (lines, waiting) = mpsc::channel(WAITING);
        Self { lines, writer: Mutex::new(Some(tokio::spawn(write(store, waiting)))) }
    }

    /// Takes a ban that is in force already. Never waits.
    pub(crate) fn note(&self, ban: Ban) {
        if let Err(error) = self.lines.try_send(Line::Ban(Box::new(ban))) {
            tracing::error!(%error, "a ban is in force, but could not be queued to be written down");
        }
    }

    /// Waits until all that was noted before is written, or the writer is gone.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.lines.send(Line::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }

    /// Writes what is left, for so long at the most.
    pub(crate) async fn close(&self, limit: Duration) {
        if tokio::time::timeout(limit, self.flush()).await.is_err() {
            tracing::error!("the last bans could not be written down in time");
        }
        if let Some(writer) = self.writer.lock().await.take() {
            writer.abort();
        }
    }
}

async fn write(store: Store, mut waiting: mpsc::Receiver<Line>) {
    let mut lines = Vec::new();
    while waiting.recv_many(&mut lines, TOGETHER).await > 0 {
        let (mut bans, mut flushed) = (Vec::new(), Vec::new());
        for line in lines.drain(..) {
            match line {
                Line::Ban(ban) => bans.push(*ban),
                Line::Flush(done) => flushed.push(done),
            }
        }
        write_until_done(&store, &bans).await;
        for done in flushed {
            let _ = done.send(());
        }
    }
}

/// Goes on trying while the database can't be reached: what is in force must be found after a restart.
async fn write_until_done(store: &Store, bans: &[Ban]) {
    let mut pause = PAUSE.0;
    while let Err(error) = write_once(store, bans).await {
        let is_passing = matches!(error, StoreError::Unavailable(_) | StoreError::Uncertain(_) | StoreError::Contended);
        if !is_passing {
            tracing::error!(%error, bans = bans.len(), "bans in force can't be written down; a restart forgets them");
            return;
        }
        tracing::warn!(%error, bans = bans.len(), "bans in force could not be written down yet");
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

async fn write_once(store: &Store, bans: &[Ban]) -> Result<(), StoreError> {
    let Some((first, rest)) = bans.split_first() else { return Ok(()) };
    let mut tx = store.write().await?;
    let change = store::next_change(&mut tx).await?;
    for ban in bans {
        store::insert(&mut tx, ban, change).await?;
    }
    tx.commit_all(entry(first), rest.iter().map(entry).collect()).await
}

/// What the trail says of a jail's ban.
fn entry(ban: &Ban) -> TrailEntry {
    let action = match ban.measure {
        Measure::Ban => "ban.add",
        Measure::Slow => "ban.slow",
        Measure::Shadow => "ban.report",
    };
    TrailEntry {
        category: Category::Security,
        actor: Actor::Job("jails"),
        action,
        resource: Resource::new("ban", ban.target),
        outcome: Outcome::Success,
        origin: Origin { address: Some(ban.target.net().addr()), ..Origin::default() },
        changes: Vec::new(),
        notes: vec![
            ("jail", ban.jail.as_str().into()),
            ("failures", ban.failures.into()),
            ("offences", ban.offences.into()),
            ("until", ban.ends_at.map(|end| end.to_string()).into()),
        ],
    }
}
