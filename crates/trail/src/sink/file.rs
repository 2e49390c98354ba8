//! A file elsewhere: another disk, a network mount, a write-once volume.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use async_trait::async_trait;

use super::{OutgoingSeal, Sink, SinkError};

/// Appends seals to a file, on disk when it returns.
///
/// The file is opened for every delivery, so it may be rotated at any time. Its directory is never made: where it is
/// missing, most likely a disk is not mounted, and writing into the mount point would look like safety.
#[derive(Debug)]
pub struct FileSink {
    name: String,
    path: PathBuf,
}

impl FileSink {
    /// Appends to this file.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { name: format!("file:{}", path.display()), path }
    }
}

#[async_trait]
impl Sink for FileSink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, seals: &[OutgoingSeal]) -> Result<(), SinkError> {
        // An empty line before each note keeps it whole even after half a line of a delivery that failed.
        let text: String = seals.iter().map(|seal| format!("\n{}", seal.note)).collect();
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || append(&path, text.as_bytes())).await;
        written.map_err(|e| SinkError(e.to_string()))?.map_err(|e| SinkError(explain(&self.path, &e)))
    }
}

fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o640).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn explain(path: &Path, error: &io::Error) -> String {
    let what = match error.kind() {
        io::ErrorKind::NotFound => "its directory is not there; is the disk mounted?",
        io::ErrorKind::PermissionDenied => "the user that Palisade runs as may not write there",
        io::ErrorKind::StorageFull => "the disk is full",
        _ => "it can't be written",
    };
    format!("the file {}: {what} ({error})", path.display())
}
