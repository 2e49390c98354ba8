//! Taking requests, one line each, from the server's user and root alone.

use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use palisade_base::{Clock as _, SystemClock};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{Mutex, Semaphore, SemaphorePermit},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{confine::folders_of, socket::HelperSocket, stream};
use crate::{
    bench::{BenchConfig, BenchDigests, Hardened, Restart},
    config::HelperFile,
    firewall::{Firewall, HostFirewall},
    follow::Positions,
    machine::Machine,
    mariadb::MariadbConfig,
    protocol::{CommandResult, Failure, FailureKind, REQUEST_LIMIT, Reply, Request, Status, line_of},
};

/// The most clients at one time: a few for bans and commands, one for each log that is followed.
const CLIENTS: usize = 80;
/// How long a request that has begun may take to come.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// Between two looks at which bans have run out.
const TIDY: Duration = Duration::from_secs(5);
/// The most commands at one time.
const COMMANDS: usize = 4;

/// What the helper does, for whoever may ask.
#[derive(Debug)]
pub struct Helper {
    file: HelperFile,
    firewall: Option<Mutex<Firewall>>,
    host_rules: Option<Mutex<HostFirewall>>,
    machine: Machine,
    confinement: Vec<String>,
    problems: Vec<String>,
    commands: Semaphore,
    hardening: Mutex<()>,
}

impl Helper {
    /// A helper as the file says; `confinement` and `problems` are told to whoever asks how it is.
    #[must_use]
    pub fn new(file: HelperFile, confinement: Vec<String>, problems: Vec<String>) -> Self {
        let firewall = file.firewall.clone().map(|config| Mutex::new(Firewall::new(config)));
        let host_rules = file.firewall.as_ref().map(|config| Mutex::new(HostFirewall::new(config)));
        let (machine, commands) = (Machine::new(&file), Semaphore::new(COMMANDS));
        Self { file, firewall, host_rules, machine, confinement, problems, commands, hardening: Mutex::default() }
    }

    /// Makes the rules, and serves until `stop` is ready. The rules stay, and what is banned runs out by itself.
    pub async fn serve(mut self, socket: HelperSocket, stop: impl Future<Output = ()>) -> io::Result<()> {
        if let Some(firewall) = &self.firewall
            && let Err(error) = firewall.lock().await.set_up().await
        {
            tracing::error!(%error, "the firewall can't be set up");
            self.problems.push(error.message);
        }
        if let Some(rules) = &self.host_rules
            && let Err(error) = rules.lock().await.start().await
        {
            tracing::error!(%error, "the machine's firewall rules can't be set");
            self.problems.push(error.message);
        }
        for word in self.confinement.iter().filter(|word| word.starts_with("NOT DONE")) {
            tracing::warn!("{word}");
        }
        let listener = UnixListener::from_std(socket.listener.try_clone()?)?;
        let (helper, room) = (Arc::new(self), Arc::new(Semaphore::new(CLIENTS)));
        let mut at_work = JoinSet::new();
        at_work.spawn(Arc::clone(&helper).tidy());
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.as_mut() => return Ok(()),
            };
            while at_work.try_join_next().is_some() {}
            match (accepted, Arc::clone(&room).try_acquire_owned()) {
                (Ok((stream, _)), Ok(place)) => {
                    let (helper, user) = (Arc::clone(&helper), socket.user);
                    at_work.spawn(async move {
                        helper.serve_client(stream, user).await;
                        drop(place);
                    });
                }
                (Ok((_, _)), Err(_)) => tracing::warn!("a client was turned away: {CLIENTS} are served already"),
                (Err(error), _) => {
                    tracing::warn!(%error, "a client could not be taken");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Lets a network that lies within another be dropped on its own when the other's time is over.
    async fn tidy(self: Arc<Self>) {
        let (Some(firewall), Some(rules)) = (&self.firewall, &self.host_rules) else { return };
        loop {
            sleep(TIDY).await;
            if let Err(error) = firewall.lock().await.tidy(Instant::now()).await {
                tracing::error!(%error, "bans that ran out could not be tidied");
            }
            if let Err(error) = rules.lock().await.tidy(Instant::now()).await {
                tracing::error!(%error, "firewall rules that were not confirmed could not be tidied");
            }
        }
    }

    async fn serve_client(&self, mut stream: UnixStream, user: u32) {
        // The kernel says who it is; nothing that a client says about itself counts.
        let peer = stream.peer_cred().map(|peer| peer.uid());
        if !peer.as_ref().is_ok_and(|uid| *uid == 0 || *uid == user) {
            tracing::warn!(?peer, "a user who may not use the helper was refused");
            let failure = Failure::new(FailureKind::Refused, "Only the server's user and root may use the helper.");
            let _ = stream.write_all(&line_of(&Reply::Failed(failure))).await;
            return;
        }
        while let Ok(Some(request)) = read_request(&mut stream).await {
            let ended = match request {
                Ok(Request::FollowLogs { log, positions }) => {
                    _ = self.follow(&mut stream, &log, positions).await;
                    return;
                }
                Ok(request) => self.answer(&mut stream, &request).await,
                Err(failure) => {
                    tracing::warn!(%failure, "a request was refused");
                    let _ = stream.write_all(&line_of(&Reply::Failed(failure))).await;
                    return;
                }
            };
            if ended.is_err() {
                return;
            }
        }
    }

    async fn answer(&self, stream: &mut UnixStream, request: &Request) -> io::Result<()> {
        let reply = self.do_request(request).await.unwrap_or_else(Reply::Failed);
        let (operation, subject) = (request.name(), request.subject());
        match &reply {
            Reply::Failed(failure) => tracing::warn!(operation, subject, %failure, "not done"),
            Reply::Status(_) => {}
            _ => tracing::info!(operation, subject, "done"),
        }
        stream.write_all(&line_of(&reply)).await
    }

    async fn do_request(&self, request: &Request) -> Result<Reply, Failure> {
        let now = Instant::now();
        match request {
            Request::Status => return Ok(Reply::Status(self.status().await)),
            Request::BanSet(ban) => self.firewall()?.lock().await.set(*ban, now).await?,
            Request::BanLift { network } => self.firewall()?.lock().await.lift(network, now).await?,
            Request::BanReplaceAll { bans } => self.firewall()?.lock().await.replace(bans, now).await?,
            Request::RunCommand { name, arguments } => {
                return Ok(Reply::Command(self.run(name, arguments).await?));
            }
            Request::BenchLook { bench } => return Ok(Reply::Bench(self.bench(bench)?.look())),
            Request::BenchHarden { bench, seen } => {
                return Ok(Reply::Hardened(self.harden(self.bench(bench)?, seen).await?));
            }
            Request::MariadbLook { applications } => {
                let _place = self.place().await?;
                return Ok(Reply::Mariadb(Box::new(self.mariadb()?.look(applications).await?)));
            }
            Request::MariadbMend { mends, shown } => {
                let _place = self.place().await?;
                self.mariadb()?.mend(mends, shown).await?;
            }
            Request::FirewallStatus => return Ok(Reply::Firewall(self.host_rules()?.lock().await.facts(now).await?)),
            Request::FirewallTry { rules, seconds } => {
                self.host_rules()?.lock().await.attempt(rules, *seconds, now).await?;
            }
            Request::FirewallConfirm => self.host_rules()?.lock().await.confirm(now).await?,
            Request::PendingUpdates => return Ok(Reply::Updates(self.machine.pending_updates(now).await?)),
            Request::Docker => return Ok(Reply::Docker(self.machine.docker().await?)),
            Request::FollowLogs { .. } => return Err(Failure::new(FailureKind::Invalid, "lines are streamed")),
        }
        Ok(Reply::Done)
    }

    async fn run(&self, name: &str, arguments: &BTreeMap<String, String>) -> Result<CommandResult, Failure> {
        let unknown = || unknown("command", name);
        let command = self.file.commands.iter().find(|command| command.name == name).ok_or_else(unknown)?;
        let _place = self.place().await?;
        command.run(arguments).await
    }

    fn bench(&self, name: &str) -> Result<&BenchConfig, Failure> {
        self.file.bench(name).ok_or_else(|| unknown("bench", name))
    }

    /// Writes a bench's files, one client after the other, and restarts it where something was written.
    async fn harden(&self, bench: &BenchConfig, seen: &BenchDigests) -> Result<Hardened, Failure> {
        let _one = self.hardening.lock().await;
        let written = bench.harden(seen, SystemClock.now())?;
        let restart = match &bench.restart {
            _ if written.is_empty() => Restart::NotNeeded,
            None => Restart::NotConfigured,
            Some(name) => match self.run(name, &BTreeMap::new()).await {
                Ok(CommandResult { code: Some(0), .. }) => Restart::Done,
                Ok(result) => Restart::Failed(how_it_ended(name, &result)),
                Err(failure) => Restart::Failed(failure.message),
            },
        };
        Ok(Hardened { written, restart })
    }

    fn firewall(&self) -> Result<&Mutex<Firewall>, Failure> {
        self.firewall.as_ref().ok_or_else(no_firewall)
    }

    fn host_rules(&self) -> Result<&Mutex<HostFirewall>, Failure> {
        self.host_rules.as_ref().ok_or_else(no_firewall)
    }

    fn mariadb(&self) -> Result<&MariadbConfig, Failure> {
        self.file.mariadb.as_ref().ok_or_else(|| {
            let why = "the helper knows no MariaDB server: its file has no [mariadb]";
            Failure::new(FailureKind::Refused, why)
        })
    }

    /// Room for one more program.
    async fn place(&self) -> Result<SemaphorePermit<'_>, Failure> {
        let stopping = |_| Failure::new(FailureKind::Failed, "the helper is about to stop");
        self.commands.acquire().await.map_err(stopping)
    }

    async fn status(&self) -> Status {
        let bans = match &self.firewall {
            Some(firewall) => firewall.lock().await.count(),
            None => 0,
        };
        let ports = self.file.firewall.as_ref().map(|firewall| firewall.ports.iter().copied().collect());
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            bans,
            ports: ports.unwrap_or_default(),
            logs: self.file.logs.iter().map(|log| log.name.clone()).collect(),
            commands: self.file.commands.iter().map(|command| command.name.clone()).collect(),
            benches: self.file.benches.iter().map(|bench| bench.name.clone()).collect(),
            confinement: self.confinement.clone(),
            problems: self.problems.clone(),
        }
    }

    async fn follow(&self, stream: &mut UnixStream, name: &str, positions: Option<Positions>) -> io::Result<()> {
        let Some(log) = self.file.log(name) else {
            let failure = unknown("log", name);
            tracing::warn!(%failure, "a request was refused");
            return stream.write_all(&line_of(&Reply::Failed(failure))).await;
        };
        tracing::info!(log = name, "a log is followed");
        let ended = stream::send_logs(stream, log, folders_of(log), positions).await;
        tracing::info!(log = name, "a log is no longer followed");
        ended
    }
}

fn how_it_ended(name: &str, result: &CommandResult) -> String {
    let code = result.code.map_or_else(|| "by a signal".to_owned(), |code| format!("with {code}"));
    let words = result.errors.lines().next().unwrap_or_default();
    format!("the command {name:?} ended {code}: {words}")
}

fn no_firewall() -> Failure {
    Failure::new(FailureKind::Refused, "the helper keeps no firewall: its file has no [firewall]")
}

fn unknown(kind: &str, name: &str) -> Failure {
    let name: String = name.chars().take(80).collect();
    let message = format!("the helper knows no {kind} {name:?}\n  Add a [[{kind}]] of this name to its file.");
    Failure::new(FailureKind::Unknown, message)
}

/// The next request; `None` when the client has hung up.
async fn read_request(stream: &mut UnixStream) -> io::Result<Option<Result<Request, Failure>>> {
    // A client may wait with its next request, but not in the middle of one.
    stream.readable().await?;
    let mut line = Vec::new();
    // A client says nothing more until it has its answer, so nothing is lost with the buffer.
    let mut reader = BufReader::new(stream).take(REQUEST_LIMIT as u64 + 1);
    match timeout(REQUEST_TIME, reader.read_until(b'\n', &mut line)).await {
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
        Ok(Err(error)) => Err(error),
        Ok(Ok(0)) => Ok(None),
        Ok(Ok(_)) => Ok(Some(Request::read(&line))),
    }
}
