//! One data directory with its server.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::program;

/// Where Debian puts the server's programs, newest first.
const BIN_DIRS: [&str; 4] = [
    "/usr/lib/postgresql/18/bin",
    "/usr/lib/postgresql/17/bin",
    "/usr/lib/postgresql/16/bin",
    "/usr/lib/postgresql/15/bin",
];
/// How long a server may have no room for one more client, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// A path of a socket must be shorter than this, the socket's name included.
const SOCKET_PATH_LIMIT: usize = 107;

pub(super) struct Cluster {
    pub(super) root: PathBuf,
    pub(super) port: u16,
    settings: Vec<String>,
}

impl Cluster {
    pub(super) fn new(root: PathBuf, port: u16, settings: Vec<String>) -> Self {
        let cluster = Self { root, port, settings };
        let length = cluster.socket().as_os_str().len() + ".s.PGSQL.65535".len();
        assert!(
            length < SOCKET_PATH_LIMIT,
            "{} is too long for a socket: set TMPDIR to a shorter path",
            cluster.root.display()
        );
        cluster
    }

    fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    fn socket(&self) -> PathBuf {
        self.root.join("socket")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("socket/log")
    }

    pub(super) fn url(&self) -> String {
        format!("postgresql://postgres@localhost:{}/postgres?host={}", self.port, self.socket().display())
    }

    /// Leaves a server that answers as it is; starts one that does not run; makes anew what can't be started (its
    /// files are of no worth, and a cleaner of the temporary directory may have taken some of them).
    pub(super) fn ensure_running(&self) {
        if self.answers() || self.answers_in_the_end() {
            return;
        }
        self.stop();
        if self.data().join("PG_VERSION").exists() && self.try_start() {
            return;
        }
        let _ = fs::remove_dir_all(&self.root);
        self.make(&[]);
        self.start();
    }

    /// Whether a server that runs and has its files is only busy: to end that one would take it away from the tests that
    /// it serves.
    fn answers_in_the_end(&self) -> bool {
        let started = Instant::now();
        while self.is_alive() && self.data().join("global/pg_control").exists() && started.elapsed() < PATIENCE {
            if self.answers() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        false
    }

    /// Makes the data directory, with these files in it.
    pub(super) fn make(&self, files: &[(&str, &str)]) {
        for dir in [self.data(), self.socket()] {
            fs::create_dir_all(&dir).unwrap();
        }
        fs::set_permissions(self.data(), fs::Permissions::from_mode(0o700)).unwrap();
        give_to_postgres(&self.root);
        let made = run(command("initdb")
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N", "-D"])
            .arg(self.data()));
        assert!(made, "initdb failed in {}", self.root.display());
        for (name, content) in files {
            let path = self.data().join(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        give_to_postgres(&self.root);
    }

    pub(super) fn start(&self) {
        assert!(self.try_start(), "PostgreSQL does not start; see {}", self.log().display());
    }

    fn try_start(&self) -> bool {
        let mut options = format!("-p {} -k {}", self.port, self.socket().display());
        for setting in &self.settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        let _ = fs::create_dir_all(self.socket());
        give_to_postgres(&self.socket());
        run(command("pg_ctl")
            .args(["-w", "-t", "180", "-s", "-o", &options, "-l"])
            .arg(self.log())
            .arg("-D")
            .arg(self.data())
            .arg("start"))
    }

    /// Ends the server if there is one. A pid file that was left behind names a process that is no such server.
    pub(super) fn stop(&self) {
        if self.is_alive() {
            run(command("pg_ctl").args(["-w", "-s", "-m", "immediate", "-D"]).arg(self.data()).arg("stop"));
        }
        let _ = fs::remove_file(self.data().join("postmaster.pid"));
    }

    fn is_alive(&self) -> bool {
        let Ok(pid_file) = fs::read_to_string(self.data().join("postmaster.pid")) else { return false };
        let pid = pid_file.lines().next().unwrap_or("").trim();
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(&*self.data().to_string_lossy())
    }

    /// Whether a query is answered: a server whose files were cleaned away still says that it is ready.
    fn answers(&self) -> bool {
        let socket = self.socket().join(format!(".s.PGSQL.{}", self.port));
        let mut query = command("psql");
        query.args([
            "-X",
            "-q",
            "-U",
            "postgres",
            "-d",
            "postgres",
            "-c",
            "SELECT 1",
            "-p",
            &self.port.to_string(),
            "-h",
        ]);
        socket.exists() && run(query.arg(self.socket()).env("PGCONNECT_TIMEOUT", "60"))
    }
}

/// The release whose programs are used: `17`.
pub(super) fn release() -> String {
    bin_dir().parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap()
}

pub(super) fn bin_dir() -> PathBuf {
    BIN_DIRS
        .iter()
        .map(PathBuf::from)
        .find(|dir| dir.join("initdb").exists())
        .expect("PostgreSQL 15 or later is needed: run `cargo xtask setup`")
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// `initdb` and the server refuse to run as root; Debian's package brings the user `postgres`.
fn command(name: &str) -> Command {
    if !is_root() {
        return Command::new(program(name));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program(name));
    command
}

/// The directory and all above it that only root can enter.
fn give_to_postgres(path: &Path) {
    if is_root() {
        assert!(run(Command::new("chown").args(["-R", "postgres:postgres"]).arg(path)), "chown {}", path.display());
        for parent in path.ancestors().skip(1) {
            let Ok(metadata) = fs::metadata(parent) else { continue };
            if metadata.mode() & 0o001 == 0 && parent.starts_with(std::env::temp_dir()) {
                fs::set_permissions(parent, fs::Permissions::from_mode(metadata.mode() | 0o011)).unwrap();
            }
        }
    }
}

fn run(command: &mut Command) -> bool {
    // The server inherits what is not redirected, and a test runner waits for inherited pipes.
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
