//! Records as files: export, and import with a dry run, per-row findings, and a way back.

mod columns;
mod export;
mod import;
mod inbox;
mod links;
mod store;
mod undo;

use palisade_base::{FieldError, Instant, RecordId};

pub use columns::plain_heading;
pub use export::Format;
pub use import::{MAX_ROWS, Report, Row, RowOutcome};
pub use inbox::{Inbox, Touched, plain_file_name, read_table};
#[doc(hidden)]
pub use store::STATEMENTS;

/// An import: a file that was checked, and perhaps applied and taken back.
#[derive(Clone, Debug)]
pub struct Import {
    /// Its id.
    pub id: RecordId,
    /// The file's name, as the client gave it: for people, never for a path.
    pub file_name: String,
    /// Who brought the file, as the trail names actors.
    pub made_by: String,
    /// When it was checked.
    pub made_at: Instant,
    /// When it was applied.
    pub applied_at: Option<Instant>,
    /// When it was taken back.
    pub undone_at: Option<Instant>,
    /// Records that it made.
    pub created: i64,
    /// Records that it changed.
    pub changed: i64,
}

/// Findings of a row in the words of the file: by column instead of field.
fn in_words(ty: &crate::RecordType, findings: &[FieldError]) -> Vec<String> {
    let label = |name: &str| ty.field(name).map_or_else(|| name.to_owned(), |field| field.label.to_owned());
    findings.iter().map(|finding| format!("{}: {}", label(&finding.field), finding.message)).collect()
}
