//! The trail: what happened, in an order that cannot be changed unseen.
#![doc = include_str!("../README.md")]

mod entry;
mod error;
mod export;
mod key;
mod names;
mod note;
mod proof;
mod seal;
mod sealer;
mod search;
mod sequencer;
mod service;
mod sink;
mod store;
mod tree;
mod verify;

pub use entry::Entry;
pub use error::TrailError;
pub use export::{ExportSummary, verify_export};
pub use key::{VerifierKey, VerifierKeyError};
pub use names::{ActorNames, NamedActor, name_actors};
pub use note::{Checkpoint, Note, NoteError, find_notes};
pub use proof::{consistency_ranges, inclusion_ranges, verify_consistency, verify_inclusion};
pub use seal::Seal;
pub use search::{LARGEST_PAGE, TrailFilter, TrailNews, TrailPage};
pub use service::{Trail, TrailConfig, TrailStatus};
pub use sink::{FileSink, OutgoingSeal, Sink, SinkError, SinkStatus, SyslogAddress, SyslogSink};
pub use tree::Frontier;
pub use verify::{Finding, FindingKind, Report, VerifyOptions, verify};

/// The tables of this crate.
pub const MIGRATIONS: palisade_store::MigrationSet =
    palisade_store::migrations!("trail", [1 => "0001_seal"], append_only: ["trail_seal"]);

/// Every statement of this crate, for the test that prepares them all.
#[doc(hidden)]
pub const STATEMENTS: &[palisade_store::Statement] = store::STATEMENTS;
