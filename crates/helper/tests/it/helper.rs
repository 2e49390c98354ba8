//! The helper behind its socket, with the server's end of it.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions, Permissions},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use palisade_base::{Clock, Env, Rng};
use palisade_helper::{
    HelperFile,
    client::{HelperClient, HelperError, HelperState, LogEvent, Used},
    process::{Helper, HelperSocket},
    protocol::{FailureKind, REQUEST_LIMIT, Reply, Request},
};
use rustix::thread::{Uid, set_thread_res_uid};
use tempfile::TempDir;
use tokio::sync::oneshot;

use palisade_testkit::{CLIENT, Namespaces, OTHER_CLIENT};

const PORT: u16 = 8443;
const LIMIT: Duration = Duration::from_secs(120);

/// A helper on a thread of its own.
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(file: &HelperFile, namespaces: Option<Arc<Namespaces>>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let socket = HelperSocket::bind(file).unwrap();
        let helper = Helper::new(file.clone(), vec!["confined".to_owned()], Vec::new());
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let stopped = async { _ = stopped.await };
            runtime.block_on(helper.serve(socket, stopped)).unwrap();
        };
        let thread = std::thread::spawn(move || match namespaces {
            Some(namespaces) => namespaces.on_host(work),
            None => work(),
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

pub(crate) fn helper_file(folder: &Path, more: &str) -> HelperFile {
    let user = rustix::process::getuid().as_raw();
    let socket = folder.join("helper.sock");
    HelperFile::parse(Path::new("helper.toml"), &format!("user = \"{user}\"\nsocket = {socket:?}\n{more}")).unwrap()
}

/// A clock that stands, and no randomness: neither matters here.
struct Still(AtomicU64);

impl Clock for Still {
    fn now(&self) -> palisade_base::Instant {
        palisade_base::Instant::from_micros(i64::try_from(self.0.load(Ordering::Relaxed)).unwrap())
    }
}

impl Rng for Still {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

pub(crate) fn env() -> Env {
    Env::new(Arc::new(Still(AtomicU64::new(1_000_000))), Arc::new(Still(AtomicU64::new(0))))
}

/// A client, and what it has told of its uses.
pub(crate) fn client(file: &HelperFile) -> (HelperClient, Arc<Mutex<Vec<Used>>>) {
    let uses = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&uses);
    (HelperClient::start(&file.socket, env(), move |used| told.lock().unwrap().push(used)), uses)
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn is_connected(client: &HelperClient) -> bool {
    matches!(client.state(), HelperState::Connected(_))
}

/// Over plain bytes, as somebody would who writes his own client.
fn talk(socket: &Path, bytes: &[u8]) -> Option<Reply> {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    // It may have hung up before all is written.
    let _ = stream.write_all(bytes);
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    serde_json::from_str(&line).ok()
}

fn failure(reply: Option<Reply>) -> Option<FailureKind> {
    match reply {
        Some(Reply::Failed(failure)) => Some(failure.kind),
        _ => None,
    }
}

/// covers T5.4 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bans_come_back_when_the_helper_does_and_nobody_waits_for_it() {
    let namespaces = Arc::new(Namespaces::new());
    namespaces.listen(PORT);
    let folder = TempDir::new().unwrap();
    let file = helper_file(folder.path(), &format!("[firewall]\nports = [{PORT}]\n"));
    let (client, uses) = client(&file);
    // There is no helper yet.
    client.ban(format!("{CLIENT}/32").parse().unwrap(), None);
    until("the news that there is none", || !client.problems().is_empty()).await;
    assert!(client.problems()[0].contains("no helper answers on"), "{:?}", client.problems());
    assert!(namespaces.can_connect(CLIENT, PORT));

    let running = Running::start(&file, Some(Arc::clone(&namespaces)));
    until("the ban", || !namespaces.can_connect(CLIENT, PORT)).await;
    assert!(namespaces.can_connect(OTHER_CLIENT, PORT));
    assert!(client.problems().is_empty(), "{:?}", client.problems());
    client.lift(&format!("{CLIENT}/32").parse().unwrap());
    client.ban(format!("{OTHER_CLIENT}/32").parse().unwrap(), None);
    until("the lift", || namespaces.can_connect(CLIENT, PORT)).await;
    until("the other ban", || !namespaces.can_connect(OTHER_CLIENT, PORT)).await;

    drop(running);
    until("the news that it is gone", || !is_connected(&client)).await;
    assert!(!namespaces.can_connect(OTHER_CLIENT, PORT), "a dead helper opens nothing at once");
    client.lift(&format!("{OTHER_CLIENT}/32").parse().unwrap());
    client.ban(format!("{CLIENT}/32").parse().unwrap(), None);
    let _running = Running::start(&file, Some(Arc::clone(&namespaces)));
    until("what was lifted meanwhile", || namespaces.can_connect(OTHER_CLIENT, PORT)).await;
    until("what was banned meanwhile", || !namespaces.can_connect(CLIENT, PORT)).await;
    let uses: Vec<String> = uses
        .lock()
        .unwrap()
        .iter()
        .map(|used| format!("{} {} {}", used.operation, used.subject, used.outcome.is_ok()))
        .collect();
    for used in ["ban_replace_all 1 networks true", "ban_set 198.51.100.3/32 true", "ban_lift 198.51.100.2/32 true"] {
        assert!(uses.iter().any(|told| told == used), "{used} in {uses:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_must_not_be_banned_is_refused_here_too() {
    let namespaces = Arc::new(Namespaces::new());
    namespaces.listen(PORT);
    let folder = TempDir::new().unwrap();
    let file = helper_file(folder.path(), &format!("[firewall]\nports = [{PORT}]\nnever = [\"{CLIENT}/32\"]\n"));
    let _running = Running::start(&file, Some(Arc::clone(&namespaces)));
    let (client, uses) = client(&file);
    until("the helper", || is_connected(&client)).await;
    client.ban(format!("{CLIENT}/32").parse().unwrap(), None);
    until("the refusal", || !client.problems().is_empty()).await;
    assert!(client.problems()[0].contains("is never banned"), "{:?}", client.problems());
    assert!(namespaces.can_connect(CLIENT, PORT));
    assert!(uses.lock().unwrap().iter().any(|used| used.operation == "ban_set" && used.outcome.is_err()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_lines_come_over_restarts_of_the_helper_each_once() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("auth.log");
    fs::write(&log, "before\n").unwrap();
    let file = helper_file(folder.path(), &format!("[[log]]\nname = \"sshd\"\npaths = [{log:?}]\n"));
    let running = Running::start(&file, None);
    let (client, _) = client(&file);
    let mut events = client.follow("sshd", None);
    let first = events.recv().await.unwrap();
    assert!(matches!(&first, LogEvent::Logs(logs) if logs.lines.is_empty() && logs.positions.is_some()), "{first:?}");
    append(&log, "one\n");
    let (lines, _) = read(&mut events, 1).await;
    assert_eq!(lines, ["one"]);
    drop(running);
    append(&log, "two\n");
    fs::rename(&log, folder.path().join("auth.log.1")).unwrap();
    append(&log, "three\n");
    let running = Running::start(&file, None);
    let (lines, positions) = read(&mut events, 2).await;
    assert_eq!(lines, ["two", "three"]);
    // The server restarts, too.
    drop((events, running));
    append(&log, "four\n");
    let _running = Running::start(&file, None);
    let mut events = client.follow("sshd", positions);
    assert_eq!(read(&mut events, 1).await.0, ["four"]);
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// So many lines, and the last positions that came with them.
async fn read(
    events: &mut palisade_helper::client::LogEvents,
    count: usize,
) -> (Vec<String>, Option<palisade_helper::follow::Positions>) {
    let (mut lines, mut positions) = (Vec::new(), None);
    while lines.len() < count || positions.is_none() {
        let event = tokio::time::timeout(LIMIT, events.recv()).await.unwrap().unwrap();
        if let LogEvent::Logs(logs) = event {
            lines.extend(logs.lines.into_iter().map(|line| line.text));
            positions = logs.positions.or(positions);
        }
    }
    (lines, positions)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_the_file_names_is_followed_or_run() {
    let folder = TempDir::new().unwrap();
    let more = "[[command]]\nname = \"greet\"\nprogram = \"/bin/echo\"\narguments = [\"hello {name}\"]\n\
                [command.parameters]\nname = \"[a-z]{1,8}\"\n";
    let file = helper_file(folder.path(), more);
    let _running = Running::start(&file, None);
    let (client, uses) = client(&file);
    let run =
        async |name: &str, value: &str| client.run(name, BTreeMap::from([("name".to_owned(), value.to_owned())])).await;
    let greeted = run("greet", "ada").await.unwrap();
    assert_eq!((greeted.code, greeted.output.as_str()), (Some(0), "hello ada\n"));
    let kind = |result: Result<_, HelperError>| match result {
        Err(HelperError::Failed(failure)) => failure.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(run("greet", "ada; id").await), FailureKind::Refused);
    assert_eq!(kind(run("/bin/sh", "ada").await), FailureKind::Unknown);
    let mut events = client.follow("/etc/shadow", None);
    let event = events.recv().await.unwrap();
    assert!(
        matches!(&event, LogEvent::Interrupted(HelperError::Failed(failure)) if failure.kind == FailureKind::Unknown)
    );
    client.ban("203.0.113.7/32".parse().unwrap(), None);
    let told = uses.lock().unwrap().iter().map(|used| (used.operation, used.outcome.is_ok())).collect::<Vec<_>>();
    assert_eq!(told, [("run_command", true), ("run_command", false), ("run_command", false), ("follow_logs", false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_servers_user_and_root_is_listened_to() {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let file = helper_file(folder.path(), "");
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let _running = Running::start(&file, None);
    assert_eq!(mode(&file.socket), 0o600);
    let ask = b"{\"operation\":\"status\"}\n";
    assert!(matches!(talk(&file.socket, ask), Some(Reply::Status(_))));
    // Even where the file's mode lets everybody in, the kernel says who it is.
    fs::set_permissions(&file.socket, Permissions::from_mode(0o666)).unwrap();
    let socket = file.socket.clone();
    let stranger = std::thread::spawn(move || {
        let nobody = Uid::from_raw(65_534);
        set_thread_res_uid(nobody, nobody, nobody).unwrap();
        talk(&socket, ask)
    });
    assert_eq!(failure(stranger.join().unwrap()), Some(FailureKind::Refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_ends_the_connection_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let file = helper_file(folder.path(), "");
    let _running = Running::start(&file, None);
    let invalid = Some(FailureKind::Invalid);
    assert_eq!(failure(talk(&file.socket, b"GET / HTTP/1.1\r\n\r\n")), invalid);
    assert_eq!(failure(talk(&file.socket, b"\xff\xfe\n")), invalid);
    let deep = format!("{}\n", "[".repeat(100_000));
    assert_eq!(failure(talk(&file.socket, deep.as_bytes())), invalid);
    let mut long = vec![b' '; REQUEST_LIMIT + 10];
    long.push(b'\n');
    let refused = talk(&file.socket, &long);
    assert!(refused.is_none() || failure(refused) == invalid);
    // Slow ones and silent ones take a place each, and no more than that.
    let idle: Vec<UnixStream> = (0..20).map(|_| UnixStream::connect(&file.socket).unwrap()).collect();
    (&idle[0]).write_all(b"{\"operation\"").unwrap();
    let request = serde_json::to_vec(&Request::Status).unwrap();
    assert!(matches!(talk(&file.socket, &[&request[..], b"\n"].concat()), Some(Reply::Status(_))));
    // Too many at one time: they are turned away, and later ones served.
    let mut crowd: Vec<UnixStream> = (0..100).map(|_| UnixStream::connect(&file.socket).unwrap()).collect();
    let last = crowd.last_mut().unwrap();
    last.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(last.read(&mut [0]).unwrap(), 0, "turned away");
    drop((crowd, idle));
    let ask = || talk(&file.socket, &[&request[..], b"\n"].concat());
    until("a place", || matches!(ask(), Some(Reply::Status(_)))).await;
}
