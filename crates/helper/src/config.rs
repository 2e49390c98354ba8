//! The helper's own file, which belongs to root: what may be asked of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::IpAddr,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use serde::Deserialize;

use crate::{
    bench::{BenchConfig, check_bench},
    command::{CommandConfig, check_command},
    follow::LogPattern,
    mariadb::MariadbConfig,
    owner::find_user,
};

/// Where the file is, unless said otherwise.
pub const USUAL_FILE: &str = "/etc/palisade/helper.toml";
/// A longer file is none.
const MAX_FILE: u64 = 1 << 20;
/// The most logs, and the most commands.
const MAX_ENTRIES: usize = 64;

/// What the file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelperFile {
    /// The socket.
    #[serde(default = "usual_socket")]
    pub socket: PathBuf,
    /// The user that `serve` runs as: nobody else but root may use the helper.
    pub user: String,
    /// The firewall. Without it, bans hold at the gate alone.
    pub firewall: Option<FirewallConfig>,
    /// The MariaDB server that can be looked at.
    pub mariadb: Option<MariadbConfig>,
    /// Docker's socket, which is asked for its version and for what containers may do.
    #[serde(default = "usual_docker")]
    pub docker: PathBuf,
    /// Logs that can be followed.
    #[serde(default, rename = "log")]
    pub logs: Vec<LogConfig>,
    /// Commands that can be run.
    #[serde(default, rename = "command")]
    pub commands: Vec<CommandConfig>,
    /// Benches whose files can be looked at and hardened.
    #[serde(default, rename = "bench")]
    pub benches: Vec<BenchConfig>,
}

/// `[firewall]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FirewallConfig {
    /// The TCP ports that banned networks can't reach.
    pub ports: BTreeSet<u16>,
    /// Networks that are never banned, whoever asks for it. Loopback is one of them anyway.
    pub never: Vec<IpNet>,
    /// Whether the server may have the machine's own rules set: which ports are open, and from where sshd is reached.
    pub host_rules: bool,
    /// The folder in which confirmed rules are kept over a restart.
    pub state: PathBuf,
    /// The program that talks to the kernel.
    pub nft: PathBuf,
}

/// `[[log]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// What it is called: the jail's name.
    pub name: String,
    /// The files, with `*` as in fail2ban.
    pub paths: Vec<LogPattern>,
    /// Further folders that links among the files may lead into.
    #[serde(default)]
    pub also: Vec<PathBuf>,
}

/// The file can't be used: what, where, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}\n  {fix}")]
pub struct FileError {
    /// The file, and the line where one is meant.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub fix: String,
}

fn usual_socket() -> PathBuf {
    PathBuf::from("/run/palisade/helper.sock")
}

fn usual_docker() -> PathBuf {
    PathBuf::from("/run/docker.sock")
}

impl Default for FirewallConfig {
    fn default() -> Self {
        Self {
            ports: BTreeSet::from([80, 443]),
            never: Vec::new(),
            host_rules: false,
            state: PathBuf::from("/var/lib/palisade-helper"),
            nft: PathBuf::from("/usr/sbin/nft"),
        }
    }
}

impl HelperFile {
    /// Reads the file. It must belong to root, and so must its folders: whoever could write it could do anything.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        let error = |what: String, fix: String| FileError { place: path.display().to_string(), what, fix };
        let about = fs::metadata(path).map_err(|why| {
            error(
                format!("the file can't be read: {why}"),
                "Name another with --config, or begin with examples/helper.toml.".into(),
            )
        })?;
        if !about.is_file() || about.len() > MAX_FILE {
            return Err(error("it is no file of up to 1 MiB".into(), "Name the helper's configuration file.".into()));
        }
        check_owner(path)?;
        let text = fs::read_to_string(path)
            .map_err(|why| error(format!("the file can't be read: {why}"), "Check the path.".into()))?;
        Self::parse(path, &text)
    }

    /// As [`HelperFile::load`], from a text; `path` is what errors name.
    ///
    /// # Errors
    /// What is wrong in it.
    pub fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let place = line.map_or_else(|| path.display().to_string(), |line| format!("{}:{line}", path.display()));
            let fix = "docs/helper.md says what can stand in the file.".to_owned();
            FileError { place, what: error.message().to_owned(), fix }
        })?;
        file.check().map_err(|(what, fix)| FileError { place: path.display().to_string(), what, fix })?;
        Ok(file)
    }

    /// The bench of this name.
    #[must_use]
    pub fn bench(&self, name: &str) -> Option<&BenchConfig> {
        self.benches.iter().find(|bench| bench.name == name)
    }

    /// Where what the helper runs may put temporary files: beside the socket, root's alone.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.socket.with_file_name("scratch")
    }

    /// Makes the folders that the helper writes to: for temporary files and, where the machine's firewall rules may be set,
    /// for the confirmed ones. It is done before the helper confines itself to them.
    ///
    /// # Errors
    /// One can't be made.
    pub fn make_folders(&self) -> Result<(), FileError> {
        let state = self.firewall.iter().filter(|config| config.host_rules).map(|config| config.state.clone());
        state.chain([self.scratch()]).try_for_each(|folder| {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|why| FileError {
                place: folder.display().to_string(),
                what: format!("a folder that the helper keeps files in can't be made: {why}"),
                fix: "Make it as root, mode 0700. In a unit, RuntimeDirectory= and StateDirectory= do it.".to_owned(),
            })
        })
    }

    /// The log of this name.
    #[must_use]
    pub fn log(&self, name: &str) -> Option<&LogConfig> {
        self.logs.iter().find(|log| log.name == name)
    }

    fn check(&self) -> Result<(), (String, String)> {
        if let Some(path) = [&self.socket, &self.docker].into_iter().find(|path| !path.is_absolute()) {
            return Err((format!("the socket {} is no whole path", path.display()), "Begin it with /.".into()));
        }
        let names = self.logs.iter().map(|log| ("log", &log.name));
        let names = names.chain(self.commands.iter().map(|command| ("command", &command.name)));
        let names = names.chain(self.benches.iter().map(|bench| ("bench", &bench.name)));
        let mut seen = BTreeSet::new();
        for (kind, name) in names {
            if !is_name(name) {
                let fix = "A name has up to 64 letters, digits, dots, hyphens and underscores.";
                return Err((format!("{name:?} can't be the name of a {kind}"), fix.into()));
            }
            if !seen.insert((kind, name)) {
                return Err((format!("two entries [[{kind}]] are called {name:?}"), "Give each its own name.".into()));
            }
        }
        if [self.logs.len(), self.commands.len(), self.benches.len()].into_iter().any(|count| count > MAX_ENTRIES) {
            return Err((format!("there are more than {MAX_ENTRIES} logs, commands or benches"), "Name fewer.".into()));
        }
        self.check_logs()?;
        self.check_firewall()?;
        self.check_benches()?;
        self.mariadb.as_ref().map_or(Ok(()), MariadbConfig::check)?;
        self.commands.iter().try_for_each(check_command)
    }

    fn check_logs(&self) -> Result<(), (String, String)> {
        for log in &self.logs {
            if log.paths.is_empty() {
                let fix = "Write paths = [\"/var/log/auth.log\"].";
                return Err((format!("the log {:?} names no files", log.name), fix.into()));
            }
            if let Some(folder) = log.also.iter().find(|folder| !folder.is_absolute()) {
                return Err((format!("{} is no whole path", folder.display()), "Begin it with /.".into()));
            }
        }
        Ok(())
    }

    fn check_benches(&self) -> Result<(), (String, String)> {
        for bench in &self.benches {
            check_bench(bench)?;
            let Some(name) = &bench.restart else { continue };
            let command = self.commands.iter().find(|command| command.name == *name);
            if command.is_none_or(|command| !command.parameters.is_empty()) {
                let what = format!(
                    "the bench {:?} is restarted by {name:?}, which is no command without parameters",
                    bench.name
                );
                return Err((what, format!("Add a [[command]] with name = {name:?} to this file.")));
            }
        }
        Ok(())
    }

    fn check_firewall(&self) -> Result<(), (String, String)> {
        let Some(firewall) = &self.firewall else { return Ok(()) };
        if firewall.ports.is_empty() || firewall.ports.contains(&0) {
            return Err(("[firewall] names no ports".into(), "Write ports = [80, 443].".into()));
        }
        if !firewall.nft.is_absolute() {
            let what = format!("{} is no whole path", firewall.nft.display());
            return Err((what, "Write nft = \"/usr/sbin/nft\".".into()));
        }
        if !firewall.state.is_absolute() {
            let what = format!("{} is no whole path", firewall.state.display());
            return Err((what, "Write state = \"/var/lib/palisade-helper\".".into()));
        }
        Ok(())
    }
}

impl FirewallConfig {
    /// Why this network must not be banned; `None` where it may.
    #[must_use]
    pub fn objection(&self, network: &IpNet) -> Option<String> {
        let widest = if network.addr().is_ipv4() { 16 } else { 32 };
        if network.prefix_len() < widest {
            return Some(format!("{network} is too wide: nothing wider than /{widest} is banned"));
        }
        if is_own(network.addr()) {
            return Some(format!("{network} is this machine's own, or nobody's"));
        }
        let listed = self.never.iter().find(|never| never.contains(network) || network.contains(*never));
        listed.map(|never| format!("{never} is never banned: [firewall] never in the helper's file says so"))
    }
}

fn is_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        // An IPv4 address in its IPv6 form would slip past the list above.
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || v6.to_ipv4_mapped().is_some(),
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(fits)
}

/// Refuses a file that others than root could change, or could put another in the place of.
pub(crate) fn check_owner(path: &Path) -> Result<(), FileError> {
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    for part in whole.ancestors() {
        let Ok(about) = fs::metadata(part) else { continue };
        let place = part.display().to_string();
        if about.uid() != 0 {
            let what = "it does not belong to root, so others could have root do what they like".to_owned();
            return Err(FileError { fix: format!("Run: chown root:root {place}"), place, what });
        }
        // Others may put files into a sticky folder, but can't take away root's.
        let is_sticky = about.is_dir() && about.mode() & 0o1000 != 0;
        if about.mode() & 0o022 != 0 && !is_sticky {
            let what = "others than root may write here, so they could have root do what they like".to_owned();
            return Err(FileError { fix: format!("Run: chmod go-w {place}"), place, what });
        }
    }
    Ok(())
}

/// What the file names, looked at on this machine.
impl HelperFile {
    /// Looks for what is named but is not there, or is not root's alone. Gives what will not work; what must not be is an error.
    ///
    /// # Errors
    /// A program that others could change, a user that does not exist.
    pub fn provision(&self, path: &Path) -> Result<Vec<String>, FileError> {
        let error = |what: String, fix: &str| FileError { place: path.display().to_string(), what, fix: fix.into() };
        find_user(&self.user).ok_or_else(|| {
            error(
                format!("there is no user {:?} on this machine", self.user),
                "Name the user that `palisade serve` runs as.",
            )
        })?;
        let mut problems = Vec::new();
        let programs = self.commands.iter().map(|command| &command.program);
        let programs = programs.chain(self.firewall.iter().map(|firewall| &firewall.nft));
        for program in programs.chain(self.mariadb.iter().map(|mariadb| &mariadb.client)) {
            if program.is_file() {
                check_owner(program)?;
            } else {
                problems.push(format!("there is no program {}", program.display()));
            }
        }
        for bench in &self.benches {
            let sight = bench.look();
            let files = [sight.site, sight.common].into_iter();
            problems.extend(files.filter_map(|file| Some(format!("{}: {}", file.path.display(), file.unreadable?))));
        }
        if let Some(file) = self.mariadb.as_ref().and_then(|mariadb| mariadb.defaults_file.as_ref()) {
            match fs::metadata(file) {
                Err(why) => problems.push(format!("{} can't be read: {why}", file.display())),
                Ok(about) if about.mode() & 0o077 != 0 => {
                    let what = format!("others than root may read {}, which holds a password", file.display());
                    return Err(error(what, "Run chmod 0600 on it."));
                }
                Ok(_) => check_owner(file)?,
            }
        }
        Ok(problems)
    }
}

/// Parameters of a command, and the expression that each must match wholly.
pub type Parameters = BTreeMap<String, String>;
