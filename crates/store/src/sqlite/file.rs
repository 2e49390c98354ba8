//! The database file: its lock, how it is opened, and what is checked before it is served from.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{OpenError, StoreError};

/// How long a connection waits for a lock that another program holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Files up to this size are checked page by page at every start; larger ones would hold it up too long, and only
/// their schema is read.
const CHECKED_AT_START_BYTES: u64 = 1024 * 1024 * 1024;
/// File systems on which a write-ahead log is not safe: its index is shared memory, and locks may be advice.
const NETWORK_FILE_SYSTEMS: [&str; 7] = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs"];
/// Pages in the write-ahead log before it is folded into the file: 16 MiB rather than SQLite's 4, so that a page which
/// changes in every commit is copied more rarely.
const CHECKPOINT_PAGES: &str = "4000";
/// To this size the log is cut back after it has been folded in.
const LOG_KEPT_BYTES: &str = "67108864";

/// The right to use a database file, held by one process at a time: SQLite itself would let two processes in, and
/// each would number leaves by its own count. The kernel lets go of it when the process ends, however it ends.
pub(crate) struct FileLock {
    file: File,
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing alone would leave it locked while a child that was just forked, and has not yet become another
        // program, holds a copy of the descriptor.
        let _ = self.file.unlock();
    }
}

impl FileLock {
    /// Takes the lock beside the database file.
    pub(crate) fn take(database: &Path) -> Result<Self, OpenError> {
        let path = beside(database, "-lock");
        let unusable = |e: std::io::Error| OpenError::Unusable {
            what: database.display().to_string(),
            why: format!(
                "{} can't be used: {e}\n  The directory must exist, and the user that runs Palisade must be able to write to it.",
                path.display()
            ),
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(OpenError::InUse { path: database.to_owned(), process: holder.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        // Only for the message above; the lock does not depend on it.
        let _ = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(database);
    path.push(suffix);
    path.into()
}

/// Makes a new file that only its owner can read; refuses to start empty beside a log that belongs to something lost.
pub(crate) fn prepare(path: &Path) -> Result<(), OpenError> {
    if let Some(kind) = network_file_system(path) {
        return Err(OpenError::OnNetwork { path: path.to_owned(), kind });
    }
    if path.is_dir() {
        return Err(OpenError::Unusable { what: path.display().to_string(), why: "it is a directory".into() });
    }
    let size = |path: &Path| fs::metadata(path).map_or(0, |m| m.len());
    let (length, log) = (size(path), size(&beside(path, "-wal")));
    let damaged = |finding: String| Err(OpenError::Damaged { path: path.to_owned(), finding });
    if length == 0 && log > 0 {
        return damaged("the file is missing or empty, but its write-ahead log is not".into());
    }
    // With a log beside it, pages may be in the log alone.
    if let Some(whole) = length_by_header(path).filter(|whole| log == 0 && length < *whole) {
        return damaged(format!("it is cut off: {length} bytes are left of {whole}"));
    }
    if path.exists() {
        return Ok(());
    }
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|file| {
        file.sync_all()?;
        // A power cut must not take the file's name away.
        let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(directory)?.sync_all()
    });
    made.map_err(|e| OpenError::Unusable { what: path.display().to_string(), why: format!("it can't be made: {e}") })
}

/// The kind of file system that the file is on, where that is a network.
fn network_file_system(path: &Path) -> Option<String> {
    let directory =
        fs::canonicalize(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))).ok()?;
    let kind = file_system(&fs::read_to_string("/proc/self/mountinfo").ok()?, &directory)?;
    NETWORK_FILE_SYSTEMS.contains(&kind.as_str()).then_some(kind)
}

/// The file system of a directory, by proc_pid_mountinfo(5): `… mount-point … - type source …`.
fn file_system(mounts: &str, directory: &Path) -> Option<String> {
    let mount = |line: &str| {
        let (head, tail) = line.split_once(" - ")?;
        let point = head.split(' ').nth(4)?.replace("\\040", " ");
        directory.starts_with(&point).then(|| (point.len(), tail.split(' ').next().unwrap_or("").to_owned()))
    };
    // Of nested mounts the longest holds, of mounts on the same point the last.
    mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

/// What the file's own header says about its length (<https://sqlite.org/fileformat.html>, section 1.3).
fn length_by_header(path: &Path) -> Option<u64> {
    let mut header = [0; 100];
    File::open(path).and_then(|mut file| file.read_exact(&mut header)).ok()?;
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    // Only a count that was written together with the change counter is valid.
    (header[24..28] == header[92..96]).then_some(page_size * u64::from(pages))
}

pub(crate) fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(256)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("journal_size_limit", LOG_KEPT_BYTES)
        // A tampered schema must not run functions, and a damaged page must not be read as if it were whole.
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .disable_statement_logging()
}

/// Refuses a file that is no database, or a damaged one.
pub(crate) async fn check(conn: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let size = fs::metadata(path).map_or(0, |m| m.len());
    let sql = if size <= CHECKED_AT_START_BYTES {
        "PRAGMA quick_check(1)"
    } else {
        "SELECT CASE WHEN count(*) >= 0 THEN 'ok' END FROM sqlite_schema"
    };
    match sqlx::query_scalar::<_, String>(sql).fetch_one(conn).await {
        Ok(answer) if answer == "ok" => Ok(()),
        Ok(finding) => Err(OpenError::Damaged { path: path.to_owned(), finding }),
        Err(error) => Err(refused(path, error)),
    }
}

/// A database that would lose acknowledged changes in a power cut is not served from.
pub(crate) async fn check_durability(conn: &mut SqliteConnection) -> Result<(), OpenError> {
    let journal: Result<String, _> =
        sqlx::query_scalar("SELECT journal_mode FROM pragma_journal_mode").fetch_one(&mut *conn).await;
    let synchronous: Result<i64, _> =
        sqlx::query_scalar("SELECT synchronous FROM pragma_synchronous").fetch_one(&mut *conn).await;
    match (journal.as_deref(), &synchronous) {
        (Ok("wal"), Ok(2..)) => Ok(()),
        (journal, synchronous) => Err(OpenError::NotDurable {
            journal: journal.unwrap_or("unknown").to_owned(),
            synchronous: synchronous.as_ref().map_or_else(|_| "unknown".to_owned(), i64::to_string),
        }),
    }
}

pub(crate) fn refused(path: &Path, error: sqlx::Error) -> OpenError {
    match StoreError::from(error) {
        StoreError::Damaged(finding) => OpenError::Damaged { path: path.to_owned(), finding },
        other => OpenError::Unusable { what: path.display().to_string(), why: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_known_by_its_mount() {
        let mounts = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                      40 22 0:35 / /srv rw,relatime shared:9 - nfs4 files:/srv rw,vers=4.2\n\
                      41 40 254:1 / /srv/fast\\040disk rw,relatime - xfs /dev/vdb rw\n\
                      42 22 0:36 / /mnt rw - ext4 /dev/vdc rw\n\
                      43 42 0:37 / /mnt rw - cifs //files/mnt rw\n";
        for (directory, kind) in
            [("/var/lib/palisade", "ext4"), ("/srv/palisade", "nfs4"), ("/srv/fast disk/p", "xfs"), ("/mnt/p", "cifs")]
        {
            assert_eq!(file_system(mounts, Path::new(directory)).as_deref(), Some(kind), "{directory}");
        }
        assert_eq!(network_file_system(&std::env::temp_dir().join("x.db")), None);
    }

    async fn durability(journal: SqliteJournalMode, synchronous: SqliteSynchronous) -> Result<(), OpenError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let options = connect_options(&path).create_if_missing(true).journal_mode(journal).synchronous(synchronous);
        check_durability(&mut options.connect().await.unwrap()).await
    }

    #[tokio::test]
    async fn a_database_that_a_power_cut_would_hurt_is_refused() {
        use SqliteJournalMode::{Delete, Memory, Wal};
        use SqliteSynchronous::{Extra, Full, Normal, Off};
        durability(Wal, Full).await.unwrap();
        durability(Wal, Extra).await.unwrap();
        for (journal, synchronous) in [(Wal, Normal), (Wal, Off), (Delete, Full), (Memory, Full)] {
            let error = durability(journal, synchronous).await.unwrap_err();
            assert!(matches!(error, OpenError::NotDurable { .. }), "{error}");
        }
    }
}
