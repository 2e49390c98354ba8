//! The server's end: nobody waits for the helper, and all goes on where there is none.

mod bans;
mod connection;
mod logs;
mod machine;
mod mariadb;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use palisade_base::{Env, Instant};
use tokio::{sync::Notify, task::AbortHandle};

use crate::{
    bench::{BenchDigests, BenchSight, Hardened},
    protocol::{CommandResult, Failure, Reply, Request, Status},
};
use bans::Wanted;
use connection::{ANSWER_TIME, Connection};

pub use logs::{LogEvent, LogEvents};

/// A command's own limit ends it; this is for a helper that has died.
const COMMAND_TIME: Duration = Duration::from_secs(3_700);

/// Why the helper did not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelperError {
    /// There is none, or the way to it is broken.
    #[error("{0}")]
    Unreachable(String),
    /// It answered, and did not do it.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A use of the helper, for the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// What was asked: `ban_set`, `run_command` …
    pub operation: &'static str,
    /// Of what: a network, a name.
    pub subject: String,
    /// Whether it was done.
    pub outcome: Result<(), HelperError>,
}

/// What is told of every use.
type OnUse = Arc<dyn Fn(Used) + Send + Sync>;

/// How the helper is, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelperState {
    /// It has not been reached yet.
    Unknown,
    /// It answers.
    Connected(Status),
    /// It does not; this is why.
    Unreachable(String),
}

/// The helper, as the server uses it.
#[derive(Clone)]
pub struct HelperClient {
    shared: Arc<Shared>,
    _task: Arc<Task>,
}

struct Shared {
    socket: PathBuf,
    env: Env,
    on_use: OnUse,
    wanted: Mutex<Wanted>,
    changed: Notify,
    state: Mutex<HelperState>,
}

/// Ends with the last handle of the client.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl HelperClient {
    /// A client of the helper behind this socket. It connects, and connects again, in a task of its own; `on_use` is
    /// told of everything that is done by it and must not wait.
    ///
    /// # Panics
    /// Not within a tokio runtime.
    #[must_use]
    pub fn start(socket: &Path, env: Env, on_use: impl Fn(Used) + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            socket: socket.to_owned(),
            env,
            on_use: Arc::new(on_use),
            wanted: Mutex::default(),
            changed: Notify::new(),
            state: Mutex::new(HelperState::Unknown),
        });
        let task = tokio::spawn(bans::keep(Arc::clone(&shared)));
        Self { shared, _task: Arc::new(Task(task.abort_handle())) }
    }

    /// Has the kernel drop this network, until then or until it is lifted. Returns at once; the kernel is told soon, and
    /// again whenever the helper comes back.
    pub fn ban(&self, network: IpNet, until: Option<Instant>) {
        self.change(|wanted| wanted.set(network, until));
    }

    /// Has the kernel drop it no longer.
    pub fn lift(&self, network: &IpNet) {
        self.change(|wanted| wanted.lift(network));
    }

    /// From now on these are dropped, and nobody else: after a start.
    pub fn replace_all(&self, bans: impl IntoIterator<Item = (IpNet, Option<Instant>)>) {
        self.change(|wanted| wanted.replace(bans));
    }

    /// How the helper is.
    #[must_use]
    pub fn state(&self) -> HelperState {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.shared.socket
    }

    /// What does not work for want of the helper, or within it, for people. Empty when all is well.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        match self.state() {
            HelperState::Unknown => Vec::new(),
            HelperState::Unreachable(why) => {
                vec![format!(
                    "{why}\n  Until then bans hold at the gate alone, and only logs that the server may read are followed."
                )]
            }
            HelperState::Connected(status) => {
                let refused = self.shared.wanted.lock().unwrap_or_else(PoisonError::into_inner).problems();
                status.problems.into_iter().chain(refused).collect()
            }
        }
    }

    /// Runs a command that the helper's file has under this name.
    ///
    /// # Errors
    /// There is no helper, it has no such command, or an argument is not of its pattern. How the program itself ended is
    /// in the result.
    pub async fn run(&self, name: &str, arguments: BTreeMap<String, String>) -> Result<CommandResult, HelperError> {
        let request = Request::RunCommand { name: name.to_owned(), arguments };
        match self.ask(&request, COMMAND_TIME).await? {
            Reply::Command(result) => Ok(result),
            other => Err(unexpected(other)),
        }
    }

    /// What the files of a bench say that the helper's file has under this name.
    ///
    /// # Errors
    /// There is no helper, or it knows no such bench. What is wrong with the files themselves is in the result.
    pub async fn look_at_bench(&self, bench: &str) -> Result<BenchSight, HelperError> {
        let request = Request::BenchLook { bench: bench.to_owned() };
        match self.ask(&request, ANSWER_TIME).await? {
            Reply::Bench(sight) => Ok(sight),
            other => Err(unexpected(other)),
        }
    }

    /// Has the guide's values written into those files, if they are still what was seen, and the bench restarted.
    ///
    /// # Errors
    /// There is no helper, it knows no such bench, or the files can't be changed.
    pub async fn harden_bench(&self, bench: &str, seen: BenchDigests) -> Result<Hardened, HelperError> {
        let request = Request::BenchHarden { bench: bench.to_owned(), seen };
        match self.ask(&request, COMMAND_TIME).await? {
            Reply::Hardened(hardened) => Ok(hardened),
            other => Err(unexpected(other)),
        }
    }

    /// Asks, and tells that it was used. A refusal counts as not done.
    async fn ask(&self, request: &Request, time: Duration) -> Result<Reply, HelperError> {
        let reply = self.shared.ask(request, time).await.and_then(|reply| match reply {
            Reply::Failed(failure) => Err(HelperError::Failed(failure)),
            reply => Ok(reply),
        });
        self.shared.tell(request, reply.as_ref().map(|_| ()).map_err(Clone::clone));
        reply
    }

    /// Follows a log that the helper's file has under this name, from where reading stood. It goes on over restarts of
    /// the helper, until the receiver is dropped.
    #[must_use]
    pub fn follow(&self, log: &str, positions: Option<crate::follow::Positions>) -> LogEvents {
        logs::follow(Arc::clone(&self.shared), log.to_owned(), positions)
    }

    fn change(&self, change: impl FnOnce(&mut Wanted)) {
        change(&mut self.shared.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.changed.notify_one();
    }
}

impl fmt::Debug for HelperClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HelperClient").field(&self.shared.socket).finish()
    }
}

impl Shared {
    async fn ask(&self, request: &Request, time: Duration) -> Result<Reply, HelperError> {
        Connection::open(&self.socket).await?.ask(request, time).await
    }

    fn tell(&self, request: &Request, outcome: Result<(), HelperError>) {
        (self.on_use)(Used { operation: request.name(), subject: request.subject(), outcome });
    }

    fn set_state(&self, state: HelperState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// An answer that is no answer to what was asked.
fn unexpected(reply: Reply) -> HelperError {
    match reply {
        Reply::Failed(failure) => HelperError::Failed(failure),
        _ => HelperError::Unreachable("the helper answers something else than was asked".to_owned()),
    }
}

/// How long to wait before the next try: longer each time, half a minute at the most.
struct BackOff(Duration);

impl BackOff {
    const FIRST: Duration = Duration::from_millis(250);
    const LONGEST: Duration = Duration::from_secs(30);

    const fn new() -> Self {
        Self(Self::FIRST)
    }

    async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(Self::LONGEST);
    }
}
