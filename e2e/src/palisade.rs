//! The real binary: built, started, stopped.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    time::Duration,
};

use palisade_testkit::scratch;
use serde::Deserialize;
use tempfile::TempDir;

use crate::wait::until_blocking;

/// How long the demo may take to make its company, on a busy machine and without optimisation.
const START_LIMIT: Duration = Duration::from_secs(300);

/// How long a large one may take.
const LARGE_START_LIMIT: Duration = Duration::from_secs(1_800);

/// A running demo with a data directory of its own. Ends when dropped.
#[derive(Debug)]
pub struct Palisade {
    /// Where it answers: `https://localhost:PORT`, without a slash at the end.
    pub url: String,
    /// The accounts that it printed.
    pub accounts: Vec<Account>,
    child: Child,
    data: TempDir,
}

/// What the demo prints for each role.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// `Admin`, `Manager` or `Employee`.
    pub role: String,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
    /// The secret for one-time codes, in base 32.
    pub totp_secret: String,
    /// The one-time sign-in link.
    pub link: String,
}

/// The line that `demo --json` prints when it is ready.
#[derive(Deserialize)]
struct Ready {
    url: String,
    accounts: Vec<Account>,
}

impl Palisade {
    /// Starts a demo on SQLite.
    ///
    /// # Panics
    /// It can't be built, or does not become ready.
    #[must_use]
    pub fn demo() -> Self {
        Self::start(&[], START_LIMIT)
    }

    /// Starts a demo of a company of so many people, each evaluated in every skill in so many quarters: for measuring.
    ///
    /// # Panics
    /// It can't be built, or does not become ready.
    #[must_use]
    pub fn large(people: usize, quarters: u32) -> Self {
        let (people, quarters) = (people.to_string(), quarters.to_string());
        Self::start(&["--people", &people, "--quarters", &quarters], LARGE_START_LIMIT)
    }

    /// Makes a demo company and serves it as in production: by `palisade serve` and a configuration, with its log on.
    ///
    /// # Panics
    /// It can't be built, or does not become ready.
    #[must_use]
    pub fn served() -> Self {
        Self::served_with("")
    }

    /// The same, with more in the configuration: further sites.
    ///
    /// # Panics
    /// As [`Self::served`].
    #[must_use]
    pub fn served_with(more: &str) -> Self {
        let mut served = Self::demo();
        served.stop();
        let config = served.data.path().join("palisade.toml");
        std::fs::write(&config, configuration(&served.data_dir()) + more).unwrap();
        let mut command = command();
        command.arg("--config").arg(config).arg("serve").stdin(Stdio::null()).stdout(Stdio::null());
        served.child = command.stderr(File::create(served.log_path()).unwrap()).spawn().unwrap();
        served.url = served.url_that_is_served();
        served
    }

    /// Waits until it serves, or has said why it does not.
    fn url_that_is_served(&mut self) -> String {
        let address = until_blocking("`palisade serve` to serve", || {
            let ended = self.child.try_wait().unwrap();
            let log = self.log();
            assert!(ended.is_none(), "{ended:?}: {log}");
            address_in(&log)
        });
        format!("https://localhost:{}", address.port())
    }

    /// Sets up a new company on PostgreSQL and serves it; gives it with the first administrator's one-time link.
    /// `url` is the runtime user's, `owner_url` the schema owner's.
    ///
    /// # Panics
    /// It can't be built, set up or served.
    #[must_use]
    pub fn set_up_on(url: &str, owner_url: &str) -> (Self, String) {
        let data = scratch::folder("palisade-e2e-");
        let config = data.path().join("palisade.toml");
        std::fs::write(&config, configuration(&data.path().join("data"))).unwrap();
        let program = |verb: &str| {
            let mut command = command();
            command.env("DATABASE_URL", url).env("PALISADE_OWNER_DATABASE_URL", owner_url);
            command.arg("--config").arg(&config).arg(verb).stdin(Stdio::null());
            command
        };
        run(&mut program("setup"));
        let log = File::create(data.path().join("log")).unwrap();
        let child =
            program("serve").env_remove("PALISADE_OWNER_DATABASE_URL").stdout(Stdio::null()).stderr(log).spawn();
        let mut served = Self { url: String::new(), accounts: Vec::new(), child: child.unwrap(), data };
        served.url = served.url_that_is_served();
        // Asked again while it serves, it knows the port that the system chose.
        let said: serde_json::Value = serde_json::from_str(run(program("setup").arg("--json")).trim()).unwrap();
        let link = said["link"].as_str().expect("setup gives a link").to_owned();
        (served, link)
    }

    /// Gives a command at its host; what it answers, as JSON.
    ///
    /// # Panics
    /// The command fails, or was not started with a configuration.
    #[must_use]
    pub fn say(&self, words: &[&str]) -> serde_json::Value {
        let mut command = command();
        command.arg("--config").arg(self.data.path().join("palisade.toml")).args(words).arg("--json");
        serde_json::from_str(run(command.stdin(Stdio::null())).trim()).unwrap()
    }

    /// Gives a command at its host, for people, and waits for it: what it printed, and how it ended.
    ///
    /// # Panics
    /// It was not started with a configuration.
    #[must_use]
    pub fn run(&self, words: &[&str]) -> Output {
        let mut command = command();
        command.arg("--config").arg(self.data.path().join("palisade.toml")).args(words);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Asks it to stop, as a service manager does, and waits until it has.
    ///
    /// # Panics
    /// It does not stop.
    pub fn stop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success(), "it was running");
        until_blocking("the program to stop", || self.child.try_wait().unwrap());
    }

    fn start(more: &[&str], limit: Duration) -> Self {
        let data = scratch::folder("palisade-e2e-");
        let mut command = command();
        command
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--seed", "7", "--data"])
            .arg(data.path().join("data"))
            .args(more);
        let log = File::create(data.path().join("log")).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let line = first_line(&mut child, limit).unwrap_or_else(|| {
            let _ = child.kill();
            let ended = child.wait();
            let log = std::fs::read_to_string(data.path().join("log")).unwrap_or_default();
            panic!("`palisade demo` did not become ready within {} s: {ended:?}\n{log}", limit.as_secs())
        });
        let ready: Ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        Self { url: ready.url.trim_end_matches('/').to_owned(), accounts: ready.accounts, child, data }
    }

    /// The account of this role, `Admin`, `Manager` or `Employee`.
    ///
    /// # Panics
    /// The demo made none.
    #[must_use]
    pub fn account(&self, role: &str) -> &Account {
        self.accounts.iter().find(|account| account.role.eq_ignore_ascii_case(role)).expect("the demo has this role")
    }

    /// What it has logged so far.
    ///
    /// # Panics
    /// The log can't be read.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap()
    }

    fn log_path(&self) -> PathBuf {
        self.data.path().join("log")
    }

    /// Its data directory.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// Its process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Palisade {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, with nothing of this environment that would lead it elsewhere.
fn command() -> Command {
    let mut command = Command::new(binary());
    command.env_remove("DATABASE_URL").env_remove("PALISADE_OWNER_DATABASE_URL");
    command
}

/// Runs a command to its end; gives what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn configuration(data_dir: &Path) -> String {
    format!(
        "data_dir = {data_dir:?}\n\n[listen]\nhttps = [\"127.0.0.1:0\"]\nhttp = []\noperations = \"127.0.0.1:0\"\n\n\
         [log]\nlevel = \"debug\"\nformat = \"json\"\n\n[[site]]\nname = \"kpi\"\nhosts = [\"localhost\"]\n"
    )
}

/// The address that the log names as served.
fn address_in(log: &str) -> Option<SocketAddr> {
    let events = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut served = events.filter(|event| event["message"] == "serving HTTPS");
    served.find_map(|event| event["address"].as_str()?.parse().ok())
}

/// Reads the first line that the program prints; what follows is read and dropped, so that it never blocks on it.
fn first_line(child: &mut Child, limit: Duration) -> Option<String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let output = child.stdout.take()?;
    std::thread::spawn(move || {
        let mut lines = BufReader::new(output).lines();
        if let Some(Ok(line)) = lines.next() {
            let _ = sender.send(line);
        }
        lines.for_each(drop);
    });
    receiver.recv_timeout(limit).ok()
}

/// The folder that cargo builds into.
///
/// # Panics
/// The test does not run from there.
#[must_use]
pub fn target_dir() -> PathBuf {
    // target/debug/deps/it-0123
    std::env::current_exe().unwrap().ancestors().nth(3).expect("tests run from target/PROFILE/deps").to_owned()
}

/// The binary as the sources are now, or the one that `PALISADE_BINARY` names.
///
/// # Panics
/// It can't be built.
#[must_use]
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(binary) = std::env::var_os("PALISADE_BINARY") {
            return binary.into();
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // The whole workspace is named so that features, and with them what is built already, stay the same.
        let build = Command::new(cargo)
            .args(["build", "--quiet", "--locked", "--workspace", "--bin", "palisade"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
        target_dir().join("debug/palisade")
    })
}
