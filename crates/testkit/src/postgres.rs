//! PostgreSQL servers for tests: one that all tests of the machine share, and private ones with settings of their own.

mod cluster;

use std::{
    fs::File,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use cluster::Cluster;

use crate::free_port;

/// The shared server's port only names its socket file; nothing listens on the network.
const SHARED_PORT: u16 = 54_329;
/// What is lost when the power goes is made again by the next test.
const SHARED_SETTINGS: [&str; 7] = [
    "listen_addresses=''",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=400",
    "shared_buffers=128MB",
    "max_wal_size=256MB",
];

/// A server to make databases on.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// URL of the maintenance database, as a user that may create databases and roles.
    pub admin_url: String,
}

impl Postgres {
    /// The shared server; started if it does not run yet, made anew if it can't be started.
    ///
    /// # Panics
    /// PostgreSQL is not installed (`cargo xtask setup` installs it) or does not start.
    #[must_use]
    pub fn shared() -> Self {
        if let Ok(admin_url) = std::env::var("PALISADE_TEST_POSTGRES") {
            return Self { admin_url };
        }
        let cluster = shared_cluster();
        // Tests of several processes may come here at once; the first one starts the server for all.
        let _lock = lock(&cluster.root);
        cluster.ensure_running();
        Self { admin_url: cluster.url() }
    }

    /// Stops the shared server and deletes its files. Returns whether there was one.
    ///
    /// # Panics
    /// The files can't be deleted.
    pub fn stop_shared() -> bool {
        let cluster = shared_cluster();
        if !cluster.root.exists() {
            return false;
        }
        let _lock = lock(&cluster.root);
        cluster.stop();
        std::fs::remove_dir_all(&cluster.root).unwrap();
        true
    }

    /// The URL of another database on the same server, for that user.
    ///
    /// # Panics
    /// The server's own URL has no database.
    #[must_use]
    pub fn database_url(&self, user: &str, database: &str) -> String {
        let (head, query) = self.admin_url.split_once('?').unwrap_or((&self.admin_url, ""));
        let (server, _) = head.rsplit_once('/').unwrap();
        let (scheme, authority) = server.split_once("://").unwrap();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        format!("{scheme}://{user}@{host}/{database}?{query}")
    }
}

/// One per user and release of PostgreSQL: files of one belong to nobody else and fit no other.
fn shared_cluster() -> Cluster {
    let uid = std::fs::metadata("/proc/self").unwrap().uid();
    let root = std::env::temp_dir().join(format!("palisade-test-postgres-{}-{uid}", cluster::release()));
    Cluster::new(root, SHARED_PORT, SHARED_SETTINGS.map(str::to_owned).to_vec())
}

/// Held until it is dropped. The lock file lies beside the directory, which may be deleted and made again.
fn lock(root: &Path) -> File {
    let lock = File::options().create(true).append(true).open(root.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// A server of one test's own, on a free port of the loopback address; stopped and deleted with the value.
pub struct PrivatePostgres {
    cluster: Cluster,
    _root: TempDir,
}

impl PrivatePostgres {
    /// Starts it with these settings (`name=value`) and with these files (name, content) in its data directory.
    ///
    /// # Panics
    /// PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start(settings: &[&str], files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut all = vec!["listen_addresses='127.0.0.1'".to_owned(), "fsync=off".to_owned()];
        all.extend(settings.iter().map(|setting| (*setting).to_owned()));
        let cluster = Cluster::new(root.path().join("cluster"), port, all);
        cluster.make(files);
        cluster.start();
        Self { cluster, _root: root }
    }

    /// The port on 127.0.0.1. The user `postgres` needs no password.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.cluster.port
    }

    /// The server, by its socket.
    #[must_use]
    pub fn server(&self) -> Postgres {
        Postgres { admin_url: self.cluster.url() }
    }

    /// Its log.
    ///
    /// # Panics
    /// It can't be read.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.cluster.log()).unwrap()
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.cluster.stop();
    }
}

/// A program of PostgreSQL's.
fn program(name: &str) -> PathBuf {
    cluster::bin_dir().join(name)
}
