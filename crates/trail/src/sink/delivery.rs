//! Bringing each seal to one place, in order, however often the place fails.

use std::{
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use palisade_base::{Instant, Span};
use palisade_store::{Housekeeping, Store};
use tokio::{
    sync::{Mutex, watch},
    time::{sleep, timeout},
};

use super::{Sink, SinkError, SinkStatus};
use crate::{TrailError, store};

/// Seals handed over at once.
const BATCH: i64 = 256;
/// How long a place may take for a batch.
const PATIENCE: Duration = Duration::from_secs(15);
/// The pause after the first failure; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often the position is written down; what was delivered since comes again after a crash.
const REMEMBER_EVERY: Span = Span::seconds(30);

/// One place, how far it has come, and how it is doing.
pub(crate) struct Delivery {
    store: Store,
    sink: Arc<dyn Sink>,
    /// The place's key in the table: every node delivers for itself.
    key: String,
    /// `None` until it was read from the database.
    position: Mutex<Option<Position>>,
    status: StdMutex<SinkStatus>,
}

struct Position {
    size: u64,
    remembered: u64,
    remembered_at: Instant,
}

impl Delivery {
    pub(crate) fn new(store: Store, sink: Arc<dyn Sink>, node: &str) -> Self {
        let name = sink.name().to_owned();
        let key = if node.is_empty() { name.clone() } else { format!("{node}/{name}") };
        let status = SinkStatus { name, delivered: 0, delivered_at: None, failing_since: None, error: None };
        Self { store, sink, key, position: Mutex::default(), status: StdMutex::new(status) }
    }

    pub(crate) fn status(&self) -> SinkStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Delivers until told to stop.
    pub(crate) async fn run(self: Arc<Self>, mut sealed: watch::Receiver<u64>, mut stop: watch::Receiver<bool>) {
        let mut pause = FIRST_PAUSE;
        loop {
            sealed.mark_unchanged();
            let news = async {
                if self.deliver_new().await {
                    pause = FIRST_PAUSE;
                    let _ = sealed.changed().await;
                } else {
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            };
            tokio::select! {
                () = news => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
    }

    /// Delivers what is new; tells whether the place took it all.
    pub(crate) async fn deliver_new(&self) -> bool {
        let mut position = self.position.lock().await;
        match self.deliver_from(&mut position).await {
            Ok(()) => true,
            Err(problem) => {
                self.failed(problem);
                false
            }
        }
    }

    /// Writes the position down, at the end.
    pub(crate) async fn remember(&self) -> Result<(), TrailError> {
        match self.position.lock().await.as_mut() {
            Some(position) => self.write_position(position).await,
            None => Ok(()),
        }
    }

    async fn deliver_from(&self, position: &mut Option<Position>) -> Result<(), String> {
        let position = match position {
            Some(position) => position,
            None => position.insert(self.read_position().await.map_err(|e| e.to_string())?),
        };
        loop {
            let mut conn = self.store.read().await.map_err(|e| e.to_string())?;
            let seals = store::read_notes(&mut conn, position.size, BATCH).await.map_err(|e| e.to_string())?;
            drop(conn);
            let Some(last) = seals.last().map(|seal| seal.size) else {
                // Nothing is owed; a place that failed before is whole again only when it takes the next seal.
                return Ok(());
            };
            let taken = timeout(PATIENCE, self.sink.deliver(&seals)).await;
            taken.unwrap_or_else(|_| Err(SinkError("it did not answer in time".into()))).map_err(|e| e.to_string())?;
            position.size = last;
            self.succeeded(last);
            if self.store.env().now().since(position.remembered_at) >= REMEMBER_EVERY {
                self.write_position(position).await.map_err(|e| e.to_string())?;
            }
        }
    }

    async fn read_position(&self) -> Result<Position, TrailError> {
        let size = store::read_position(&mut *self.store.read().await?, &self.key).await?;
        Ok(Position { size, remembered: size, remembered_at: self.store.env().now() })
    }

    async fn write_position(&self, position: &mut Position) -> Result<(), TrailError> {
        if position.remembered == position.size {
            return Ok(());
        }
        let now = self.store.env().now();
        let mut tx = self.store.write().await?;
        store::write_position(&mut tx, &self.key, position.size, now).await?;
        tx.commit_housekeeping(Housekeeping::Sealing).await?;
        (position.remembered, position.remembered_at) = (position.size, now);
        Ok(())
    }

    fn succeeded(&self, size: u64) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.error.take().is_some() {
            tracing::info!(sink = status.name, "seals arrive outside again");
        }
        (status.delivered, status.delivered_at, status.failing_since) = (size, Some(self.store.env().now()), None);
    }

    fn failed(&self, problem: String) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.error.as_ref() != Some(&problem) {
            tracing::error!(sink = status.name, problem, "seals do not arrive outside");
        }
        status.failing_since = status.failing_since.or(Some(self.store.env().now()));
        status.error = Some(problem);
    }
}
