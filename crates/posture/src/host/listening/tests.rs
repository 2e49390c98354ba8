//! Tables of sockets as kernels print them.

use std::{fs, path::Path};

use palisade_config::Config;
use tempfile::TempDir;

use super::*;
use crate::Verdict;

const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const TCP6_ALL: &str = "00000000000000000000000000000000";

/// A table's name, and its sockets: local address, state, user, inode.
type Table<'a> = (&'a str, &'a [(&'a str, &'a str, u32, u64)]);

/// A machine's files, and the verdicts on them.
struct Machine {
    folder: TempDir,
    config: Config,
}

impl Machine {
    fn new(tables: &[Table<'_>]) -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["tcp", "tcp6", "udp", "udp6"] {
            write(folder.path(), &format!("proc/net/{name}"), HEAD);
        }
        for (name, sockets) in tables {
            let line = |(number, (local, state, user, inode)): (usize, &(&str, &str, u32, u64))| {
                format!(
                    "{number:4}: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 {user:5} 0 {inode} 1 0\n"
                )
            };
            let text: String = sockets.iter().enumerate().map(line).collect();
            write(folder.path(), &format!("proc/net/{name}"), &format!("{HEAD}{text}"));
        }
        write(
            folder.path(),
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nmysql:x:114:121::/nonexistent:/bin/false\n",
        );
        Self { folder, config: Config::default() }
    }

    async fn look(&self, id: &str) -> Sight {
        let checks = checks(&Root::at(self.folder.path()), &self.config);
        checks.iter().find(|check| check.about().id == id).unwrap().look().await
    }
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// covers T7.2 (part)
#[tokio::test]
async fn a_database_on_every_address_is_a_finding_with_address_port_and_program() {
    // 0x0CEA is 3306. The second line is a connection, not a listener.
    let sockets = [("00000000:0CEA", "0A", 114, 4711), ("00000000:0CEA", "01", 114, 4712)];
    let machine = Machine::new(&[("tcp", &sockets)]);
    let sight = machine.look("host.listening.database").await;
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert_eq!(
        sight.evidence(),
        ["tcp 0.0.0.0:3306 (every address of IPv4), a program of the user mysql: MariaDB or MySQL"]
    );
    assert!(sight.mend().unwrap().what().contains("bind-address = 127.0.0.1"));
    // Where the kernel shows whose it is, the program is named.
    let process = machine.folder.path().join("proc/812");
    fs::create_dir_all(process.join("fd")).unwrap();
    fs::write(process.join("comm"), "mariadbd\n").unwrap();
    std::os::unix::fs::symlink("socket:[4711]", process.join("fd/21")).unwrap();
    let sight = machine.look("host.listening.database").await;
    assert!(sight.evidence()[0].contains("mariadbd (process 812)"), "{:?}", sight.evidence());
}

/// covers T7.2 (part)
#[tokio::test]
async fn ipv6_counts_as_much_as_ipv4() {
    // 0x2AF8 is 11000, 0x1538 is 5432.
    let all = format!("{TCP6_ALL}:2AF8");
    let own = format!("{}:1538", "00000000000000000000000001000000");
    let machine = Machine::new(&[("tcp6", &[(&all, "0A", 0, 1), (&own, "0A", 0, 2)])]);
    let redis = machine.look("host.listening.redis").await;
    assert_eq!(redis.verdict(), Verdict::Finding);
    assert!(redis.evidence()[0].starts_with("tcp [::]:11000 (every address, IPv4 too)"), "{redis:?}");
    assert_eq!(machine.look("host.listening.database").await.verdict(), Verdict::InForce, "it is on ::1");
}

/// covers T7.2 (part)
#[tokio::test]
async fn what_is_on_loopback_is_in_order() {
    // 0x18EB is 6379; the last is 127.0.0.1 in its IPv6 form.
    let mapped = "0000000000000000FFFF00000100007F:0CEA";
    let machine = Machine::new(&[("tcp", &[("0100007F:18EB", "0A", 0, 1)]), ("tcp6", &[(mapped, "0A", 0, 2)])]);
    for id in ["host.listening.redis", "host.listening.database", "host.listening.others"] {
        assert_eq!(machine.look(id).await.verdict(), Verdict::InForce, "{id}");
    }
}

/// covers T7.2 (part)
#[tokio::test]
async fn other_services_must_be_named_in_the_configuration() {
    // 0x1F40 is 8000: the application itself, past the gate. 0x0016 is 22, 0x01BB 443, 0xC34F an ephemeral port.
    let everywhere = |port: &str| format!("{TCP6_ALL}:{port}");
    let (web, ssh) = (everywhere("01BB"), everywhere("0016"));
    let tcp6 = [(web.as_str(), "0A", 0, 1), (ssh.as_str(), "0A", 0, 2)];
    let udp = [("00000000:C34F", "07", 0, 4), ("00000000:0044", "07", 0, 5)];
    let mut machine = Machine::new(&[("tcp", &[("00000000:1F40", "0A", 0, 3)]), ("tcp6", &tcp6), ("udp", &udp)]);
    let sight = machine.look("host.listening.others").await;
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert_eq!(sight.evidence(), ["tcp 0.0.0.0:8000 (every address of IPv4), a program of the user root"]);
    machine.config.firewall.open.push(palisade_config::OpenPort::parse("8000/tcp").unwrap());
    assert_eq!(machine.look("host.listening.others").await.verdict(), Verdict::InForce);
    // Without an sshd, one is a surprise.
    machine.config.firewall.ssh_port = 0;
    assert_eq!(machine.look("host.listening.others").await.verdict(), Verdict::Finding);
}

/// covers K5.4 (part)
#[tokio::test]
async fn services_that_nobody_needs_are_named() {
    // 0x0017 is 23 (Telnet), 0x0019 is 25 (mail, here for this machine alone), 0x0277 is 631 (CUPS, on loopback).
    let tcp = [("00000000:0017", "0A", 0, 1), ("0100007F:0019", "0A", 0, 2), ("0100007F:0277", "0A", 0, 3)];
    let sight = Machine::new(&[("tcp", &tcp)]).look("host.listening.needless").await;
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert_eq!(sight.evidence().len(), 2, "{:?}", sight.evidence());
    assert!(sight.evidence()[0].contains("Telnet") && sight.evidence()[1].contains("CUPS"));
    assert_eq!(Machine::new(&[]).look("host.listening.needless").await.verdict(), Verdict::InForce);
}

#[tokio::test]
async fn a_machine_that_shows_no_sockets_is_unseen() {
    let folder = TempDir::new().unwrap();
    for check in checks(&Root::at(folder.path()), &Config::default()) {
        assert_eq!(check.look().await.verdict(), Verdict::Unseen, "{}", check.about().id);
    }
}

/// covers T7.2
#[tokio::test]
async fn a_listener_of_this_very_machine_is_found_with_its_program() {
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let wanted = format!("0.0.0.0:{} ", listener.local_addr().unwrap().port());
    let checks = checks(&Root::machine(), &Config::default());
    let others = checks.iter().find(|check| check.about().id == "host.listening.others").unwrap();
    let sight = others.look().await;
    let process = format!("(process {})", std::process::id());
    let line = sight.evidence().iter().find(|line| line.contains(&wanted)).unwrap();
    assert!(line.contains(&process) && sight.verdict() == Verdict::Finding, "{line}");
}

#[test]
fn lines_that_are_none_are_passed_over() {
    for line in
        ["", "x", "0: 0:0 0:0 0A", "0: 0000000:0050 0:0 0A 0:0 0:0 0 0 0 1", "0: ÄÄÄÄ:0050 0:0 0A 0:0 0:0 0 0 0 1"]
    {
        let text = format!("{HEAD}{line}\n");
        assert!(table::parse(&text, palisade_config::Transport::Tcp).is_empty(), "{line}");
    }
}
