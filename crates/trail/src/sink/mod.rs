//! Where seals go outside this host. Whoever rewrites the database can't take back what has left.

mod delivery;
mod file;
mod syslog;

use async_trait::async_trait;
use palisade_base::Instant;
use serde::Serialize;
use thiserror::Error as ThisError;

pub(crate) use delivery::Delivery;
pub use file::FileSink;
pub use syslog::{SyslogAddress, SyslogSink};

/// A seal on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingSeal {
    /// How many leaves it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
    /// When it was made.
    pub at: Instant,
}

/// A place that did not take a seal: what, where, what to do.
#[derive(Debug, ThisError)]
#[error("{0}")]
pub struct SinkError(pub String);

/// A place outside that receives every seal, in order.
///
/// Delivery is at least once: after a failure or a crash some seals come again. A place that fails is tried again
/// with growing pauses and never holds anything else up.
#[async_trait]
pub trait Sink: Send + Sync + 'static {
    /// What the place is called in status and configuration; unique and stable, such as `file:/mnt/safe/seals`.
    fn name(&self) -> &str;

    /// Hands over seals, oldest first. Returns when the place has all of them, as far as it can tell.
    ///
    /// # Errors
    /// It did not take them all; they will come again.
    async fn deliver(&self, seals: &[OutgoingSeal]) -> Result<(), SinkError>;
}

/// How a place outside is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SinkStatus {
    /// Its name.
    pub name: String,
    /// The size of the last seal that it took; 0 before the first.
    pub delivered: u64,
    /// When it took it.
    #[serde(serialize_with = "crate::entry::as_text_if_any")]
    pub delivered_at: Option<Instant>,
    /// Since when it has failed; `None` while it works.
    #[serde(serialize_with = "crate::entry::as_text_if_any")]
    pub failing_since: Option<Instant>,
    /// What it last failed with.
    pub error: Option<String>,
}
