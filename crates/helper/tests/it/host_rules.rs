//! The machine's own rules: what they let in, and who gets the old ones back when nobody confirms.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use palisade_helper::{
    FirewallConfig,
    firewall::{HOST_TABLE, HostFirewall, render_host_rules},
    protocol::{FailureKind, HostRules, Opening, SshFrom, SshWay, Transport},
};
use palisade_testkit::{CLIENT, CLIENT_V6, HOST, Namespaces, OTHER_CLIENT};
use tempfile::TempDir;

const HTTPS: u16 = 443;
const SSH: u16 = 22;
const DATABASE: u16 = 3306;
const REDIS: u16 = 13000;
const OTHER: u16 = 8000;
/// Long enough on a busy machine; the kernel changes over by itself well before.
const PATIENCE: Duration = Duration::from_secs(20);

fn config(state: &Path) -> FirewallConfig {
    FirewallConfig {
        ports: BTreeSet::from([HTTPS]),
        never: Vec::new(),
        host_rules: true,
        state: state.to_owned(),
        nft: PathBuf::from("/usr/sbin/nft"),
    }
}

/// The web for everybody, SSH for one client of each family, databases for nobody.
fn rules() -> HostRules {
    let administration = [format!("{CLIENT}/32"), format!("{CLIENT_V6}/128")].map(|text| text.parse().unwrap());
    HostRules {
        open: BTreeSet::from([Opening { transport: Transport::Tcp, port: HTTPS }]),
        ssh: Some(SshWay { port: SSH, from: SshFrom::Networks(administration.into()) }),
        local_only: BTreeSet::from([DATABASE, REDIS]),
    }
}

/// A host that listens on everything, and where its confirmed rules are kept.
struct Host {
    namespaces: Namespaces,
    state: TempDir,
    firewall: HostFirewall,
}

impl Host {
    fn new() -> Self {
        let namespaces = Namespaces::new();
        for port in [HTTPS, SSH, DATABASE, REDIS, OTHER] {
            namespaces.listen(port);
        }
        let state = TempDir::new().unwrap();
        let firewall = HostFirewall::new(&config(state.path()));
        Self { namespaces, state, firewall }
    }

    /// The helper dies, and another starts.
    fn restart(&mut self) {
        self.firewall = HostFirewall::new(&config(self.state.path()));
        self.with(async |firewall| firewall.start().await).unwrap();
    }

    fn with<T: Send>(&mut self, work: impl AsyncFnOnce(&mut HostFirewall) -> T + Send) -> T {
        let firewall = &mut self.firewall;
        self.namespaces.on_host(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(work(firewall))
        })
    }

    fn attempt(&mut self, rules: &HostRules, seconds: u64) {
        self.with(async |firewall| firewall.attempt(rules, seconds, Instant::now()).await).unwrap();
    }

    fn confirm(&mut self) {
        self.with(async |firewall| firewall.confirm(Instant::now()).await).unwrap();
    }

    fn lets(&self, from: &str, port: u16) -> bool {
        self.namespaces.can_connect(from, port)
    }

    /// The administrator gets in and everybody reaches the web, nobody else anything else.
    fn assert_in_force(&self) {
        for (from, port, wanted) in [
            (CLIENT, HTTPS, true),
            (CLIENT_V6, HTTPS, true),
            (OTHER_CLIENT, HTTPS, true),
            (CLIENT, SSH, true),
            (CLIENT_V6, SSH, true),
            (OTHER_CLIENT, SSH, false),
            (CLIENT, DATABASE, false),
            (CLIENT_V6, REDIS, false),
            (CLIENT_V6, OTHER, false),
        ] {
            assert_eq!(self.lets(from, port), wanted, "{from} to {port}: {}", self.namespaces.rules());
        }
    }

    fn wait_until_open(&self) {
        let start = Instant::now();
        while !self.lets(OTHER_CLIENT, OTHER) {
            assert!(start.elapsed() < PATIENCE, "the old rules are not back: {}", self.namespaces.rules());
        }
    }
}

/// covers T7.1 (part)
#[test]
fn confirmed_rules_let_in_what_they_should_and_nothing_else() {
    let mut host = Host::new();
    assert!(host.lets(OTHER_CLIENT, DATABASE), "there is no firewall yet");
    host.attempt(&rules(), 60);
    host.assert_in_force();
    host.confirm();
    host.assert_in_force();
    // From the machine itself, the database answers.
    let own = host.namespaces.on_host(|| TcpStream::connect(("127.0.0.1", DATABASE)).is_ok());
    let own_v6 = host.namespaces.on_host(|| TcpStream::connect(("::1", REDIS)).is_ok());
    assert!(own && own_v6);
    // What is in the kernel is what people are shown.
    let listed = host.namespaces.host_command("nft").args(["list", "table", "inet", HOST_TABLE]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let shown = render_host_rules(&rules());
    for line in shown.lines().filter(|line| line.contains("dport {") || line.contains("policy")) {
        // nft leaves the braces out around a single value.
        let plain = |text: &str| text.replace(['{', '}'], "").split_whitespace().collect::<Vec<_>>().join(" ");
        let is_there = listed.lines().any(|found| plain(found).starts_with(plain(line).trim_end_matches(" drop")));
        assert!(is_there || line.contains("counter"), "{line}\n{listed}");
    }
}

/// covers T7.3 (part)
#[test]
fn rules_that_nobody_confirms_are_gone_in_time_though_nobody_is_alive_to_take_them_away() {
    let mut host = Host::new();
    host.attempt(&rules(), 6);
    assert!(!host.lets(OTHER_CLIENT, OTHER));
    // Nothing is done from here on: the helper and the server may both be dead.
    host.wait_until_open();
    let late = host.with(async |firewall| firewall.confirm(Instant::now() + PATIENCE).await).unwrap_err();
    assert_eq!(late.kind, FailureKind::Refused);
    assert!(late.message.contains("the old ones are back"), "{late}");
    assert!(host.lets(OTHER_CLIENT, OTHER));
    assert_eq!(host.namespaces.rules().trim(), "", "nothing is left");
}

/// covers T7.3 (part)
#[test]
fn the_rules_that_were_confirmed_before_come_back() {
    let mut host = Host::new();
    host.attempt(&rules(), 60);
    host.confirm();
    // Somebody mistypes the administration's network, and opens something else.
    let mut wrong = rules();
    wrong.ssh = Some(SshWay { port: SSH, from: SshFrom::Networks(["10.9.9.9/32".parse().unwrap()].into()) });
    wrong.open.insert(Opening { transport: Transport::Tcp, port: OTHER });
    host.attempt(&wrong, 6);
    assert!(!host.lets(CLIENT, SSH) && host.lets(OTHER_CLIENT, OTHER), "{}", host.namespaces.rules());
    let start = Instant::now();
    while !host.lets(CLIENT, SSH) {
        assert!(start.elapsed() < PATIENCE, "{}", host.namespaces.rules());
    }
    host.assert_in_force();
    host.with(async |firewall| firewall.tidy(Instant::now() + PATIENCE).await).unwrap();
    host.assert_in_force();
    assert!(!host.namespaces.rules().contains("trial"), "{}", host.namespaces.rules());
}

/// covers T7.3 (part)
#[test]
fn a_connection_that_stands_stays_even_where_a_new_one_would_be_refused() {
    let mut host = Host::new();
    let listener = host.namespaces.on_host(|| TcpListener::bind((HOST, 2222)).unwrap());
    let client = host.namespaces.on_client(|| TcpStream::connect((HOST, 2222)).unwrap());
    let (mut server, _) = listener.accept().unwrap();
    let mut closed = rules();
    closed.ssh = Some(SshWay { port: 2222, from: SshFrom::Networks(["10.9.9.9/32".parse().unwrap()].into()) });
    host.attempt(&closed, 60);
    assert!(!host.lets(CLIENT, 2222), "nobody gets in anew");
    let mut say = |text: &[u8]| {
        (&client).write_all(text).unwrap();
        server.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut heard = vec![0; text.len()];
        server.read_exact(&mut heard).unwrap();
        assert_eq!(heard, text);
    };
    // The kernel did not keep track of connections before; the client speaks first.
    say(b"still here");
    host.confirm();
    say(b"and after it is confirmed");
}

/// covers T7.3
#[test]
fn nobody_is_locked_out_and_only_a_confirmation_makes_rules_stay() {
    let mut host = Host::new();
    let listener = host.namespaces.on_host(|| TcpListener::bind((HOST, 2222)).unwrap());
    let client = host.namespaces.on_client(|| TcpStream::connect((HOST, 2222)).unwrap());
    let (mut server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut says = |text: &[u8]| {
        (&client).write_all(text).unwrap();
        let mut heard = vec![0; text.len()];
        server.read_exact(&mut heard).unwrap();
        heard == text
    };
    // The administrator names the wrong network for sshd.
    let mut wrong = rules();
    wrong.ssh = Some(SshWay { port: 2222, from: SshFrom::Networks(["10.9.9.9/32".parse().unwrap()].into()) });
    host.attempt(&wrong, 6);
    assert!(!host.lets(CLIENT, 2222), "nobody gets in anew");
    assert!(says(b"the session that stands, stays"));
    host.wait_until_open();
    assert!(host.lets(CLIENT, 2222) && says(b"and a new one is possible again"));
    // The right ones, confirmed: they outlast the time that they were tried for.
    host.attempt(&rules(), 2);
    host.confirm();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        assert!(!host.lets(OTHER_CLIENT, OTHER) && host.lets(CLIENT, SSH));
    }
}

/// covers T7.3 (part)
#[test]
fn a_helper_that_starts_anew_takes_back_what_was_only_tried_and_sets_what_was_confirmed() {
    let mut host = Host::new();
    host.attempt(&rules(), 60);
    assert!(!host.lets(OTHER_CLIENT, OTHER));
    host.restart();
    assert!(host.lets(OTHER_CLIENT, OTHER), "it was not confirmed: {}", host.namespaces.rules());
    host.attempt(&rules(), 60);
    host.confirm();
    // As after a restart of the machine: the kernel knows nothing.
    assert!(host.namespaces.host_command("nft").args(["flush", "ruleset"]).status().unwrap().success());
    assert!(host.lets(OTHER_CLIENT, OTHER));
    host.restart();
    host.assert_in_force();
    host.with(async |firewall| firewall.remove().await).unwrap();
    host.restart();
    assert!(host.lets(OTHER_CLIENT, OTHER), "what was removed does not come back");
}

#[test]
fn a_table_that_somebody_loaded_by_hand_is_left_alone() {
    let mut host = Host::new();
    let file = host.state.path().join("by-hand.nft");
    fs::write(&file, render_host_rules(&rules())).unwrap();
    assert!(host.namespaces.host_command("nft").arg("-f").arg(&file).status().unwrap().success());
    host.assert_in_force();
    host.restart();
    host.assert_in_force();
}

#[test]
fn what_the_helpers_file_does_not_allow_is_refused() {
    let mut host = Host::new();
    host.firewall = HostFirewall::new(&FirewallConfig { host_rules: false, ..config(host.state.path()) });
    let refused = host.with(async |firewall| firewall.attempt(&rules(), 60, Instant::now()).await).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
    assert!(refused.message.contains("host_rules = true"), "{refused}");
    assert_eq!(host.namespaces.rules().trim(), "");
    host.firewall = HostFirewall::new(&config(&host.state.path().join("missing")));
    let refused = host.with(async |firewall| firewall.attempt(&rules(), 60, Instant::now()).await).unwrap_err();
    assert!(refused.message.contains("install -d -m 0700"), "{refused}");
    assert_eq!(host.namespaces.rules().trim(), "", "what could not be kept is not tried");
    for seconds in [0, 61] {
        host.firewall = HostFirewall::new(&config(host.state.path()));
        let refused = host.with(async |firewall| firewall.attempt(&rules(), seconds, Instant::now()).await);
        assert_eq!(refused.unwrap_err().kind, FailureKind::Invalid);
    }
}

#[test]
fn a_damaged_file_is_told_and_opens_nothing() {
    let mut host = Host::new();
    host.attempt(&rules(), 60);
    host.confirm();
    fs::write(host.state.path().join("firewall.json"), "{").unwrap();
    host.firewall = HostFirewall::new(&config(host.state.path()));
    let failure = host.with(async |firewall| firewall.start().await).unwrap_err();
    assert!(failure.message.contains("is damaged"), "{failure}");
    host.assert_in_force();
}

/// covers T14.1 (part), T7.2 (part)
#[test]
fn the_state_of_the_firewall_is_judged_from_the_kernels_rules() {
    let mut host = Host::new();
    let facts = |host: &mut Host| host.with(async |firewall| firewall.facts(Instant::now()).await).unwrap();
    let load = |host: &Host, text: &str| {
        let file = host.state.path().join("rules.nft");
        fs::write(&file, text).unwrap();
        assert!(host.namespaces.host_command("nft").arg("-f").arg(&file).status().unwrap().success(), "{text}");
    };
    let none = facts(&mut host);
    assert!(!none.drops_ipv4 && !none.drops_ipv6 && none.chains.is_empty(), "{none:?}");
    load(
        &host,
        "table ip filter { chain INPUT { type filter hook input priority 0; policy drop; ct state established accept; }; }",
    );
    let half = facts(&mut host);
    assert!(half.drops_ipv4 && !half.drops_ipv6, "{half:?}");
    load(&host, "flush ruleset");
    host.attempt(&rules(), 60);
    let tried = facts(&mut host);
    assert!(tried.waits_seconds.is_some_and(|seconds| (40..=60).contains(&seconds)), "{tried:?}");
    assert!(!tried.drops_ipv4 && tried.rules.is_none(), "what is only tried is not in force: {tried:?}");
    host.confirm();
    let own = facts(&mut host);
    assert_eq!(own.chains, ["inet palisade_firewall input: what no rule names is dropped"]);
    assert!(own.drops_ipv4 && own.drops_ipv6 && own.waits_seconds.is_none());
    assert_eq!(own.rules, Some(rules()));
    load(&host, "flush ruleset");
    assert_eq!(facts(&mut host).rules, None, "somebody has flushed them");
}
