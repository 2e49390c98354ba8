//! What goes over the socket: requests and replies, each one line of JSON.
//!
//! The list of operations is closed, and each is typed: there is no path, no command line and no rule text that a client
//! could give. Whoever takes `serve` over gains by the helper what stands here, and nothing else.

mod machine;

use std::{collections::BTreeMap, path::PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    bench::{BenchDigests, BenchSight, Hardened},
    follow::{Line, Positions},
    mariadb::{Application, MAX_AT_ONCE, MariadbFacts, MariadbMend},
};

pub use machine::{
    CONFIRM_SECONDS, ContainerFacts, DockerFacts, FirewallFacts, HostRules, MAX_NAMED, MAX_OPENINGS, Opening,
    PendingUpdate, SshFrom, SshWay, Transport, UpdateFacts,
};

/// The longest request, in bytes: all bans at once.
pub const REQUEST_LIMIT: usize = 2 << 20;
/// The longest reply, in bytes.
pub const REPLY_LIMIT: usize = 4 << 20;
/// The most networks that are banned at one time.
pub const MAX_BANS: usize = 20_000;
/// No ban is given to the kernel for longer. Whoever wants it longer says so again: when nobody does, because the server
/// or the helper is dead, it runs out.
pub const LEASE_SECONDS: u64 = 3_600;
/// Log lines are sent on in pieces of about so many bytes.
pub(crate) const PIECE: usize = 64 << 10;
/// What a command's argument may have, in bytes.
pub const MAX_ARGUMENT: usize = 4 << 10;
/// The most arguments that one request may give.
pub const MAX_ARGUMENTS: usize = 32;

/// What is told of a request's subject, in characters.
const MAX_SUBJECT: usize = 2_000;

/// What `serve` asks of the helper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How the helper is.
    Status,
    /// Drops what this network sends.
    BanSet(Ban),
    /// Drops it no longer.
    BanLift {
        /// The network, exactly as it was banned.
        network: IpNet,
    },
    /// From now on these are banned, and nobody else.
    BanReplaceAll {
        /// All of them.
        bans: Vec<Ban>,
    },
    /// Follows the log files that the helper's configuration has under this name. Lines are sent until the client hangs up.
    FollowLogs {
        /// The name.
        log: String,
        /// Where reading stood when it was followed last.
        positions: Option<Positions>,
    },
    /// Runs the command that the helper's configuration has under this name.
    RunCommand {
        /// The name.
        name: String,
        /// What its parameters are to be.
        arguments: BTreeMap<String, String>,
    },
    /// What the files of the bench say that the helper's configuration has under this name.
    BenchLook {
        /// The name.
        bench: String,
    },
    /// Writes the guide's values into them, if they are still what was seen, and restarts the bench.
    BenchHarden {
        /// The name.
        bench: String,
        /// What was seen.
        seen: BenchDigests,
    },
    /// Looks at the MariaDB server that the helper's configuration names.
    MariadbLook {
        /// Whose rights are looked at, too.
        applications: Vec<Application>,
    },
    /// Mends what is loose in that server.
    MariadbMend {
        /// What.
        mends: Vec<MariadbMend>,
        /// The statements that somebody was shown. They are compared with the helper's own, and never said to the server.
        shown: Vec<String>,
    },
    /// What firewall stands on this machine.
    FirewallStatus,
    /// Sets these rules for a time. Unless they are confirmed within it, those that stood before are back.
    FirewallTry {
        /// What may come in.
        rules: HostRules,
        /// For so long, [`CONFIRM_SECONDS`] at the most.
        seconds: u64,
    },
    /// The rules that are tried stay.
    FirewallConfirm,
    /// Which packages are out of date.
    PendingUpdates,
    /// Which Docker runs, and what its containers may do to the machine.
    Docker,
}

/// Who is to be banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ban {
    /// An address (`203.0.113.7/32`) or a network.
    pub network: IpNet,
    /// For so long; `None` until it is lifted. Neither lasts longer than [`LEASE_SECONDS`] without being said again.
    pub seconds: Option<u64>,
}

/// A line of an answer. An answer is one line, but for `FollowLogs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was done.
    Done,
    /// How the helper is.
    Status(Status),
    /// How the command ended.
    Command(CommandResult),
    /// What the log files have.
    Logs(Logs),
    /// What a bench's files say.
    Bench(BenchSight),
    /// What was done to them.
    Hardened(Hardened),
    /// What was seen of the MariaDB server.
    Mariadb(Box<MariadbFacts>),
    /// What firewall stands.
    Firewall(FirewallFacts),
    /// What waits to be installed.
    Updates(UpdateFacts),
    /// What Docker tells.
    Docker(DockerFacts),
    /// It was not done.
    Failed(Failure),
}

/// How the helper is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its release.
    pub version: String,
    /// Its process.
    pub process: u32,
    /// How many networks the kernel drops.
    pub bans: usize,
    /// The ports that they can't reach. Empty: the helper keeps no firewall.
    pub ports: Vec<u16>,
    /// Names of logs that can be followed.
    pub logs: Vec<String>,
    /// Names of commands that can be run.
    pub commands: Vec<String>,
    /// Names of benches whose files can be looked at and hardened.
    #[serde(default)]
    pub benches: Vec<String>,
    /// How far it has confined itself, and what it could not do.
    pub confinement: Vec<String>,
    /// What does not work at present.
    pub problems: Vec<String>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// The beginning of what it printed.
    pub output: String,
    /// The beginning of what it said on standard error.
    pub errors: String,
    /// It printed more than is given here.
    pub is_cut: bool,
}

/// New lines of log files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logs {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// Where reading stands after them, where that is new.
    pub positions: Option<Positions>,
    /// What stands in the way of reading, where that is new.
    pub problems: Option<Vec<String>>,
}

/// A line of a log file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The file.
    pub file: PathBuf,
    /// The line, without its end.
    pub text: String,
    /// It was longer.
    pub is_cut: bool,
    /// It was written before anybody followed the file.
    pub is_backlog: bool,
}

impl From<Line> for LogLine {
    fn from(line: Line) -> Self {
        let Line { file, text, is_cut, is_backlog } = line;
        Self { file: file.to_path_buf(), text, is_cut, is_backlog }
    }
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of reason.
    pub kind: FailureKind,
    /// What, where, what to do.
    pub message: String,
}

/// Kinds of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The request is no request.
    Invalid,
    /// The helper's configuration does not allow it.
    Refused,
    /// The helper's configuration has nothing of that name.
    Unknown,
    /// It was tried, and failed.
    Failed,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl FailureKind {
    /// As the trail has it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

impl Request {
    /// Reads a request's line, with or without its line end.
    ///
    /// # Errors
    /// It is none.
    pub fn read(line: &[u8]) -> Result<Self, Failure> {
        let invalid = |why: String| Failure::new(FailureKind::Invalid, why);
        if line.len() > REQUEST_LIMIT {
            return Err(invalid(format!("the request is longer than {REQUEST_LIMIT} bytes")));
        }
        let request: Self = serde_json::from_slice(line).map_err(|error| {
            invalid(format!("the request is not known: {error}\n  The helper and the server must be of one release."))
        })?;
        match &request {
            Self::BanReplaceAll { bans } if bans.len() > MAX_BANS => {
                Err(invalid(format!("there are more than {MAX_BANS} bans")))
            }
            Self::RunCommand { arguments, .. } if arguments.len() > MAX_ARGUMENTS => {
                Err(invalid(format!("there are more than {MAX_ARGUMENTS} arguments")))
            }
            Self::MariadbLook { applications } if applications.len() > MAX_AT_ONCE => {
                Err(invalid(format!("there are more than {MAX_AT_ONCE} applications")))
            }
            Self::MariadbMend { mends, .. } if mends.len() > MAX_AT_ONCE => {
                Err(invalid(format!("there are more than {MAX_AT_ONCE} mends")))
            }
            Self::FirewallTry { rules, .. } => rules.check().map(|()| request),
            _ => Ok(request),
        }
    }

    /// What the operation is called, in logs and in the trail.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::BanSet(_) => "ban_set",
            Self::BanLift { .. } => "ban_lift",
            Self::BanReplaceAll { .. } => "ban_replace_all",
            Self::FollowLogs { .. } => "follow_logs",
            Self::RunCommand { .. } => "run_command",
            Self::BenchLook { .. } => "bench_look",
            Self::BenchHarden { .. } => "bench_harden",
            Self::MariadbLook { .. } => "mariadb_look",
            Self::MariadbMend { .. } => "mariadb_mend",
            Self::FirewallStatus => "firewall_status",
            Self::FirewallTry { .. } => "firewall_try",
            Self::FirewallConfirm => "firewall_confirm",
            Self::PendingUpdates => "pending_updates",
            Self::Docker => "docker",
        }
    }

    /// What it is done to: a network, a number of them, a name.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Status => String::new(),
            Self::FirewallStatus | Self::FirewallConfirm => "firewall".to_owned(),
            Self::FirewallTry { seconds, .. } => format!("firewall, for {seconds} seconds"),
            Self::PendingUpdates => "packages".to_owned(),
            Self::Docker => "docker".to_owned(),
            Self::BanSet(ban) => ban.network.to_string(),
            Self::BanLift { network } => network.to_string(),
            Self::BanReplaceAll { bans } => format!("{} networks", bans.len()),
            Self::FollowLogs { log: name, .. }
            | Self::RunCommand { name, .. }
            | Self::BenchLook { bench: name }
            | Self::BenchHarden { bench: name, .. } => name.clone(),
            Self::MariadbLook { .. } => "mariadb".to_owned(),
            Self::MariadbMend { shown, .. } => shown.join(" ").chars().take(MAX_SUBJECT).collect(),
        }
    }
}

/// A message as its line.
pub(crate) fn line_of(message: &impl Serialize) -> Vec<u8> {
    // Maps with text keys, numbers and texts: nothing that JSON has no form for.
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_these_forms() {
        let read = |text: &str| Request::read(text.as_bytes());
        assert_eq!(read(r#"{"operation":"status"}"#), Ok(Request::Status));
        let network = "203.0.113.7/32".parse().unwrap();
        assert_eq!(
            read("{\"operation\":\"ban_set\",\"network\":\"203.0.113.7/32\",\"seconds\":60}\n"),
            Ok(Request::BanSet(Ban { network, seconds: Some(60) }))
        );
        assert_eq!(read(r#"{"operation":"ban_lift","network":"203.0.113.7/32"}"#), Ok(Request::BanLift { network }));
        let command = read(r#"{"operation":"run_command","name":"dns-01","arguments":{"action":"set"}}"#).unwrap();
        assert_eq!((command.name(), command.subject().as_str()), ("run_command", "dns-01"));
        let rules = r#"{"open":[{"transport":"tcp","port":443}],"ssh":{"port":22,"from":{"networks":["10.0.0.0/8"]}},"local_only":[3306]}"#;
        let text = format!(r#"{{"operation":"firewall_try","seconds":60,"rules":{rules}}}"#);
        assert!(matches!(read(&text), Ok(Request::FirewallTry { seconds: 60, rules }) if rules.ssh.is_some()));
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        for text in [
            "",
            "null",
            "{}",
            r#"{"operation":"read_file","path":"/etc/shadow"}"#,
            r#"{"operation":"follow_logs","log":"sshd","path":"/etc/shadow","positions":null}"#,
            r#"{"operation":"ban_set","network":"203.0.113.7/33"}"#,
            r#"{"operation":"ban_set","network":"203.0.113.7/32; flush ruleset"}"#,
            r#"{"operation":"run_command","name":"dns-01","arguments":["x"]}"#,
            r#"{"operation":"mariadb_look","applications":[],"statement":"SELECT 1"}"#,
            r#"{"operation":"mariadb_mend","mends":[{"mend":"drop_database","name":"erpnext"}],"shown":[]}"#,
            r#"{"operation":"mariadb_mend","mends":["DROP DATABASE erpnext"],"shown":[]}"#,
            r#"{"operation":"run_command","name":"dns-01","arguments":{},"program":"/bin/sh"}"#,
            r#"{"operation":"bench_look","bench":"tems","path":"/etc"}"#,
            r#"{"operation":"bench_harden","bench":"tems","seen":{"site":"","common":""},"values":{"developer_mode":1}}"#,
            r#"{"operation":"bench_harden","bench":"tems","seen":{"site":"","common":"","path":"/etc/passwd"}}"#,
            r#"{"operation":"firewall_try","seconds":60,"rules":"flush ruleset"}"#,
            r#"{"operation":"firewall_try","seconds":60,"rules":{"open":[{"transport":"tcp","port":"80; accept"}],"local_only":[]}}"#,
            r#"{"operation":"firewall_try","seconds":60,"rules":{"open":[{"transport":"tcp","port":0}],"local_only":[]}}"#,
            r#"{"operation":"firewall_try","seconds":60,"rules":{"open":[{"transport":"tcp","port":3306}],"local_only":[3306]}}"#,
            r#"{"operation":"firewall_try","seconds":60,"rules":{"open":[],"ssh":{"port":22,"from":{"networks":[]}},"local_only":[]}}"#,
            r#"{"operation":"firewall_try","seconds":60,"rules":{"open":[],"ssh":{"port":22,"from":{"networks":["10.0.0.0/8 accept"]}},"local_only":[]}}"#,
        ] {
            assert_eq!(Request::read(text.as_bytes()).unwrap_err().kind, FailureKind::Invalid, "{text}");
        }
        assert!(Request::read(&vec![b' '; REQUEST_LIMIT + 1]).is_err());
    }
}
