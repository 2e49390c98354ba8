//! A private PostgreSQL server, shared by all tests of the machine.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// Where Debian puts the server's programs, newest first.
const BIN_DIRS: [&str; 3] = ["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin"];
/// The port only names the socket file; nothing listens on the network.
const PORT: &str = "54329";

/// A server to make databases on.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// URL of the maintenance database, as a user that may create databases and roles.
    pub admin_url: String,
}

impl Postgres {
    /// The shared server; started if it does not run yet.
    ///
    /// # Panics
    /// PostgreSQL is not installed (`cargo xtask setup` installs it) or does not start.
    #[must_use]
    pub fn shared() -> Self {
        if let Ok(admin_url) = std::env::var("PALISADE_TEST_POSTGRES") {
            return Self { admin_url };
        }
        let root = std::env::temp_dir().join(format!("palisade-test-postgres-{}", owner_name()));
        fs::create_dir_all(&root).unwrap();
        // Tests of several processes may come here at once; the first one starts the server for all.
        let lock = File::create(root.join("lock")).unwrap();
        lock.lock().unwrap();
        if !is_running(&root) {
            start(&root);
        }
        Self { admin_url: Self::url(&root, "postgres", "postgres") }
    }

    /// The URL of another database on the same server, for that user.
    #[must_use]
    pub fn database_url(&self, user: &str, database: &str) -> String {
        let (head, query) = self.admin_url.split_once('?').unwrap_or((&self.admin_url, ""));
        let (server, _) = head.rsplit_once('/').unwrap();
        let (scheme, authority) = server.split_once("://").unwrap();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        format!("{scheme}://{user}@{host}/{database}?{query}")
    }

    fn url(root: &Path, user: &str, database: &str) -> String {
        format!("postgresql://{user}@localhost:{PORT}/{database}?host={}", root.join("socket").display())
    }
}

fn owner_name() -> String {
    std::env::var("USER").unwrap_or_else(|_| "root".into())
}

fn bin(program: &str) -> PathBuf {
    BIN_DIRS
        .iter()
        .map(|dir| Path::new(dir).join(program))
        .find(|path| path.exists())
        .expect("PostgreSQL 15 or later is needed: run `cargo xtask setup`")
}

/// `initdb` and the server refuse to run as root; Debian's package brings the user `postgres`.
fn command(program: &str) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    if is_root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(bin(program));
        command
    } else {
        Command::new(bin(program))
    }
}

fn is_running(root: &Path) -> bool {
    let socket = root.join("socket");
    command("pg_isready").args(["-q", "-p", PORT, "-h"]).arg(&socket).status().is_ok_and(|status| status.success())
}

fn start(root: &Path) {
    let (data, socket) = (root.join("data"), root.join("socket"));
    if !data.join("PG_VERSION").exists() {
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(&socket).unwrap();
        fs::create_dir_all(&data).unwrap();
        give_to_postgres(root);
        run(command("initdb")
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N", "-D"])
            .arg(&data));
    }
    let _ = fs::remove_file(data.join("postmaster.pid"));
    let options = format!(
        "-p {PORT} -k {} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
         -c max_connections=400 -c shared_buffers=128MB",
        socket.display()
    );
    run(command("pg_ctl")
        .args(["-w", "-t", "60", "-s", "-o", &options, "-l"])
        .arg(root.join("socket/log"))
        .arg("-D")
        .arg(&data)
        .arg("start"));
}

fn give_to_postgres(root: &Path) {
    let is_root = fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    if is_root {
        run(Command::new("chown").args(["-R", "postgres:postgres"]).arg(root));
    }
}

fn run(command: &mut Command) {
    // The server inherits what is not redirected, and a test runner waits for inherited pipes.
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    assert!(status.as_ref().is_ok_and(|s| s.success()), "{command:?}: {status:?}");
}
