//! The machine's firewall, through a real helper in a network namespace: shown, tried, confirmed, seen to be in force.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use palisade_base::Kind;
use palisade_config::Config;
use palisade_helper::{
    HelperFile,
    client::{HelperClient, HelperState},
    process::{Helper, HelperSocket},
};
use palisade_posture::{
    Check, Mender, Verdict,
    host::{DatabasePlace, Host, Root, firewall},
};
use palisade_testkit::{CLIENT, CLIENT_V6, HOST_V6, Namespaces, OTHER_CLIENT, TestEnv};
use tempfile::TempDir;
use tokio::sync::oneshot;

const PATIENCE: Duration = Duration::from_secs(30);

/// A machine with a helper, on a thread within its namespace.
struct Machine {
    namespaces: Arc<Namespaces>,
    host: Host,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: TempDir,
}

impl Machine {
    async fn start(config: &str) -> Self {
        let (namespaces, folder) = (Arc::new(Namespaces::new()), TempDir::new().unwrap());
        for port in [443, 22, 3306, 8000] {
            namespaces.listen(port);
        }
        let (socket, state) = (folder.path().join("helper.sock"), folder.path().join("state"));
        let text = format!("user = \"0\"\nsocket = {socket:?}\n[firewall]\nhost_rules = true\nstate = {state:?}\n");
        let file = HelperFile::parse(Path::new("helper.toml"), &text).unwrap();
        let bound = HelperSocket::bind(&file).unwrap();
        file.make_folders().unwrap();
        let (stop, stopped) = oneshot::channel();
        let within = Arc::clone(&namespaces);
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let helper = Helper::new(file, Vec::new(), Vec::new());
            runtime.block_on(helper.serve(bound, async { _ = stopped.await })).unwrap();
        };
        let thread = std::thread::spawn(move || within.on_host(work));
        let env = TestEnv::default().env;
        let helper = HelperClient::start(&socket, env.clone(), |_| {});
        let start = Instant::now();
        while !matches!(helper.state(), HelperState::Connected(_)) {
            assert!(start.elapsed() < PATIENCE, "{:?}", helper.state());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let host = Host {
            root: Root::machine(),
            config: Arc::new(parse(config)),
            database: DatabasePlace::Data,
            helper: Some(helper),
            env,
        };
        Self { namespaces, host, stop: Some(stop), thread: Some(thread), _folder: folder }
    }

    fn mender(&self) -> Arc<dyn Mender> {
        palisade_posture::host::menders(&self.host).remove(0)
    }

    async fn verdict(&self) -> Verdict {
        firewall_check(&self.host).look().await.verdict()
    }

    fn lets(&self, from: &str, port: u16) -> bool {
        self.namespaces.can_connect(from, port)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

fn parse(text: &str) -> Config {
    let text = format!("{text}\n[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example.com\"]\n");
    Config::parse(Path::new("palisade.toml"), &text).unwrap()
}

fn firewall_check(host: &Host) -> Arc<dyn Check> {
    let checks = palisade_posture::host::checks(host);
    checks.into_iter().find(|check| check.about().guide_number == Some(7)).unwrap()
}

fn administration() -> String {
    format!("[firewall]\nssh_from = [\"{CLIENT}\", \"{CLIENT_V6}\"]")
}

/// covers T7.1, T7.3 (part), T14.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_firewall_is_shown_tried_confirmed_and_then_in_force() {
    let machine = Machine::start(&administration()).await;
    assert_eq!(machine.verdict().await, Verdict::Finding, "there is none yet");
    assert_eq!(machine.mender().confirm().await.unwrap_err().kind(), Kind::Conflict);
    let plan = machine.mender().plan().await.unwrap();
    assert!(plan.steps[0].difference.contains("tcp dport { 80, 443 } accept"), "{plan:?}");
    assert!(machine.lets(OTHER_CLIENT, 8000), "a plan changes nothing");

    let said = machine.mender().apply(&plan).await.unwrap();
    assert!(said[1].contains("palisade harden confirm firewall"), "{said:?}");
    assert!(machine.lets(CLIENT, 22) && !machine.lets(OTHER_CLIENT, 22) && !machine.lets(CLIENT, 8000));
    assert_eq!(machine.verdict().await, Verdict::Finding, "it is not confirmed");
    machine.mender().confirm().await.unwrap();
    assert_eq!(machine.verdict().await, Verdict::InForce);
    assert!(machine.mender().plan().await.unwrap().is_empty(), "nothing is left to do");
    for (from, port, wanted) in [(CLIENT_V6, 22, true), (OTHER_CLIENT, 443, true), (CLIENT_V6, 3306, false)] {
        assert_eq!(machine.lets(from, port), wanted, "{from} to {port}");
    }
    let own =
        |address: &'static str| machine.namespaces.on_host(|| std::net::TcpStream::connect((address, 3306)).is_ok());
    assert!(own("127.0.0.1") && own("::1"), "the database answers the machine itself");
    let rules = firewall::rules_of(&machine.host.config).unwrap();
    assert!(firewall::print_firewall(&rules, firewall::FirewallForm::Ufw).contains("ufw default deny incoming\n"));
    assert!(firewall::print_firewall(&rules, firewall::FirewallForm::Iptables).contains("-A PALISADE -j DROP\n"));
    // The configuration asks for more by now.
    let more = format!("{}\nopen = [\"8000/tcp\"]", administration());
    let later = Host { config: Arc::new(parse(&more)), ..machine.host.clone() };
    assert_eq!(firewall_check(&later).look().await.verdict(), Verdict::Finding);
    assert!(!palisade_posture::host::menders(&later)[0].plan().await.unwrap().is_empty());
}

#[tokio::test]
async fn without_a_helper_the_rules_are_shown_and_nothing_is_seen_or_done() {
    let env = TestEnv::default().env;
    let host = |config: &str| Host {
        root: Root::machine(),
        config: Arc::new(parse(config)),
        database: DatabasePlace::Data,
        helper: None,
        env: env.clone(),
    };
    let set = host(&administration());
    assert_eq!(firewall_check(&set).look().await.verdict(), Verdict::Unseen);
    let mender = palisade_posture::host::menders(&set).remove(0);
    let plan = mender.plan().await.unwrap();
    assert!(plan.steps[0].difference.contains("policy drop"));
    assert_eq!(mender.apply(&plan).await.unwrap_err().kind(), Kind::Unavailable);
    let silent = palisade_posture::host::menders(&host("")).remove(0);
    assert!(silent.plan().await.unwrap_err().message().contains("ssh_from"), "nobody is locked out by a default");
}

/// covers T7.1 (part)
#[test]
fn what_is_printed_for_iptables_and_nftables_does_the_same() {
    for form in [firewall::FirewallForm::Iptables, firewall::FirewallForm::Nftables] {
        let namespaces = Namespaces::new();
        for port in [443, 22, 3306, 8000] {
            namespaces.listen(port);
        }
        let rules = firewall::rules_of(&parse(&administration())).unwrap();
        let text = firewall::print_firewall(&rules, form);
        let (program, argument) = if form == firewall::FirewallForm::Iptables { ("sh", "-ec") } else { ("nft", "-f") };
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let given = if program == "sh" { text.clone() } else { file.path().display().to_string() };
        // What is printed can be run again: it stands once.
        for _ in 0..2 {
            let loaded = namespaces.host_command(program).args([argument, &given]).output().unwrap();
            assert!(loaded.status.success(), "{}\n{text}", String::from_utf8_lossy(&loaded.stderr));
            if program == "nft" {
                break;
            }
        }
        for (from, port, wanted) in [
            (CLIENT, 22, true),
            (CLIENT_V6, 22, true),
            (OTHER_CLIENT, 22, false),
            (OTHER_CLIENT, 443, true),
            (CLIENT, 3306, false),
            (CLIENT_V6, 8000, false),
        ] {
            assert_eq!(namespaces.can_connect(from, port), wanted, "{form:?}: {from} to {port} ({HOST_V6})\n{text}");
        }
    }
}
