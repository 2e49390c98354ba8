//! What is asked about the machine and needs root to be answered: what is out of date, and what Docker's containers may do.

mod docker;
mod updates;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::{
    config::HelperFile,
    protocol::{DockerFacts, Failure, UpdateFacts},
};

pub use docker::ask as ask_docker;
pub use updates::read as read_updates;

/// For so long what is out of date is not asked again: it costs seconds.
const KEPT: Duration = Duration::from_secs(600);

/// What was found out last.
#[derive(Debug)]
pub(crate) struct Machine {
    docker: PathBuf,
    scratch: PathBuf,
    updates: Mutex<Option<(Instant, UpdateFacts)>>,
}

impl Machine {
    pub(crate) fn new(file: &HelperFile) -> Self {
        Self { docker: file.docker.clone(), scratch: file.scratch(), updates: Mutex::default() }
    }

    /// Asks apt, or says what it said a moment ago. Whoever asks meanwhile waits for the same answer.
    pub(crate) async fn pending_updates(&self, now: Instant) -> Result<UpdateFacts, Failure> {
        let mut kept = self.updates.lock().await;
        if let Some((at, facts)) = kept.as_ref()
            && now.saturating_duration_since(*at) < KEPT
        {
            return Ok(facts.clone());
        }
        let facts = updates::ask(&self.scratch).await?;
        *kept = Some((now, facts.clone()));
        Ok(facts)
    }

    pub(crate) async fn docker(&self) -> Result<DockerFacts, Failure> {
        docker::ask(&self.docker).await
    }
}
