//! A MariaDB server of one test's own, as loose as the installer leaves it where nobody asks for more.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long it may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A server on a socket in a directory of its own; it listens on no network. Stopped and deleted with the value.
pub struct Mariadb {
    server: Child,
    root: TempDir,
}

impl Mariadb {
    /// Makes and starts it: root without a password, anonymous users, and a database for everybody's tests.
    ///
    /// # Panics
    /// MariaDB is not installed (`cargo xtask setup` installs it), does not start, or this is not root: the server runs
    /// as the user `mysql`, and lets root in by the socket.
    #[must_use]
    pub fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        give(root.path());
        // A server that starts clears its temporary directory of other servers' tables.
        let made = quiet("mariadb-install-db")
            .env("TMPDIR", root.path())
            .args(["--no-defaults", "--user=mysql", "--auth-root-authentication-method=normal", "--skip-name-resolve"])
            .arg(format!("--datadir={}", root.path().join("data").display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .expect("MariaDB is needed: run `cargo xtask setup`");
        let said = [made.stdout, made.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(made.status.success(), "mariadb-install-db failed: {said:?}");
        let server = quiet(program("mariadbd"))
            .env("TMPDIR", root.path())
            .args(["--no-defaults", "--user=mysql", "--skip-networking", "--innodb-buffer-pool-size=8M"])
            .args(["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--performance-schema=off"])
            .arg(format!("--datadir={}", root.path().join("data").display()))
            .arg(format!("--socket={}", root.path().join("socket").display()))
            .arg(format!("--pid-file={}", root.path().join("pid").display()))
            .arg(format!("--log-error={}", root.path().join("log").display()))
            .spawn()
            .unwrap();
        let mut made = Self { server, root };
        made.wait();
        made
    }

    fn wait(&mut self) {
        let start = Instant::now();
        while self.try_run("SELECT 1;").is_err() {
            let ended = self.server.try_wait().unwrap();
            let log = || fs::read_to_string(self.root.path().join("log")).unwrap_or_default();
            assert!(ended.is_none() && start.elapsed() < START, "MariaDB does not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.root.path().join("socket")
    }

    /// Runs statements as root, and gives what they print: a row a line.
    ///
    /// # Panics
    /// The server refuses one.
    pub fn run(&self, statements: &str) -> String {
        self.try_run(statements).unwrap_or_else(|error| panic!("{statements}: {error}"))
    }

    /// As [`Mariadb::run`], as another user.
    ///
    /// # Errors
    /// What the server says.
    ///
    /// # Panics
    /// The client can't be run.
    pub fn run_as(&self, user: &str, password: &str, statements: &str) -> Result<String, String> {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--batch", "--skip-column-names", "--binary-mode"]);
        client.args(["--default-character-set=utf8mb4", "--protocol=socket"]);
        client.arg(format!("--user={user}")).arg(format!("--password={password}"));
        client.arg(format!("--socket={}", self.socket().display()));
        let mut client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = client.stdin.take().unwrap().write_all(statements.as_bytes());
        let output = client.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    fn try_run(&self, statements: &str) -> Result<String, String> {
        self.run_as("root", "", statements)
    }
}

impl Drop for Mariadb {
    fn drop(&mut self) {
        // What it would still write is of no worth.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The server's user must get at its files, and everybody at the socket, as in /run/mysqld.
fn give(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let given = quiet("chown").arg("mysql:mysql").arg(folder).status();
    assert!(given.is_ok_and(|status| status.success()), "this test needs root and MariaDB (`cargo xtask setup`)");
}

/// Programs of root's may be off the path of whoever asks.
fn program(name: &str) -> PathBuf {
    let usual = Path::new("/usr/sbin").join(name);
    if usual.is_file() { usual } else { PathBuf::from(name) }
}

fn quiet(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
