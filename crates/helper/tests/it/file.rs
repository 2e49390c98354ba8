//! The helper's own file.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, chown},
    path::Path,
};

use palisade_helper::HelperFile;
use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../../../../examples/helper.toml");
const UNITS: [&str; 2] = [
    include_str!("../../../../examples/systemd/palisade.service"),
    include_str!("../../../../examples/systemd/palisade-helper.service"),
];

fn refused(text: &str) -> String {
    HelperFile::parse(Path::new("helper.toml"), text).unwrap_err().to_string()
}

#[test]
fn the_example_is_a_file_that_can_be_used() {
    let file = HelperFile::parse(Path::new("helper.toml"), EXAMPLE).unwrap();
    assert_eq!((file.user.as_str(), file.socket.as_path()), ("palisade", Path::new("/run/palisade/helper.sock")));
    let dns = &file.commands[0];
    let value = "-".repeat(43);
    let given = [("action", "set"), ("name", "_acme-challenge.shop.example.com"), ("value", value.as_str())];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let filled = dns.fill(&given).unwrap();
    assert_eq!(filled, ["set", "--record=_acme-challenge.shop.example.com", &format!("--value={value}")]);
    assert!(file.log("sshd").is_some() && file.log("nginx").is_none());
    let mariadb = file.mariadb.as_ref().unwrap();
    assert_eq!(mariadb.applications[0].account().to_string(), "`erpnext_user`@`localhost`");
    let firewall = file.firewall.unwrap();
    assert!(firewall.objection(&"10.1.2.3/32".parse().unwrap()).is_some());
    assert!(!firewall.host_rules, "who wants the machine's own rules set says so");
}

/// The units are tried with `systemd-analyze` by hand; what would make them useless is held here.
#[test]
fn the_units_give_what_each_process_needs_and_no_more() {
    let [server, helper] = UNITS;
    let has = |unit: &str, line: &str| unit.lines().any(|found| found == line);
    assert!(has(server, "ExecStart=/usr/local/bin/palisade serve") && has(server, "User=palisade"));
    assert!(has(server, "CapabilityBoundingSet=CAP_NET_BIND_SERVICE"));
    assert!(has(helper, "ExecStart=/usr/local/bin/palisade helper"));
    assert!(has(helper, "CapabilityBoundingSet=CAP_NET_ADMIN CAP_DAC_READ_SEARCH CAP_CHOWN CAP_SETPCAP"));
    assert!(has(helper, "RuntimeDirectory=palisade"), "the socket's folder is made by the unit");
    assert!(has(helper, "StateDirectory=palisade-helper"), "and the one for confirmed firewall rules");
    for unit in UNITS {
        for line in ["NoNewPrivileges=yes", "ProtectSystem=strict", "MemoryDenyWriteExecute=yes", "PrivateDevices=yes"]
        {
            assert!(has(unit, line), "{line}");
        }
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_a_way_out() {
    assert!(refused("user = 1\n").starts_with("helper.toml:1: invalid type"));
    assert!(refused("user = \"a\"\nshell = true\n").starts_with("helper.toml:2: unknown field `shell`"));
    assert!(refused("socket = \"/run/x\"\n").contains("missing field `user`"));
    assert!(refused("user = \"a\"\nsocket = \"run/x\"\n").contains("no whole path"));
    assert!(refused("user = \"a\"\n[[log]]\nname = \"x\"\npaths = [\"x.log\"]\n").contains("helper.toml:4"));
    assert!(refused("user = \"a\"\n[mariadb]\nsocket = \"run/x\"\n").contains("no whole path"));
    assert!(refused("user = \"a\"\n[mariadb]\nstatement = \"x\"\n").contains("unknown field `statement`"));
    let application = |user: &str, database: &str| {
        refused(&format!("user = \"a\"\n[[mariadb.application]]\nuser = {user:?}\ndatabase = {database:?}\n"))
    };
    assert!(application("root", "erpnext_db").contains("root is no application's user"));
    assert!(application("erpnext_user", "mysql").contains("the server's own"));
    assert!(application("a\nb", "erpnext_db").contains("can't be the user"));
    assert!(refused("user = \"a\"\n[[log]]\nname = \"../x\"\npaths = [\"/x.log\"]\n").contains("can't be the name"));
    assert!(refused("user = \"a\"\n[firewall]\nports = []\n").contains("ports = [80, 443]"));
    let bench = |path: &str, site: &str, more: &str| {
        refused(&format!("user = \"a\"\n[[bench]]\nname = \"x\"\npath = {path:?}\nsite = {site:?}\n{more}"))
    };
    assert!(bench("frappe-bench", "tems.local", "").contains("no whole path"));
    assert!(bench("/srv/frappe/../root", "tems.local", "").contains("without links and dots"));
    for site in ["../..", "", ".hidden", "a/b"] {
        assert!(bench("/b", site, "").contains("can't be one"), "{site}");
    }
    assert!(bench("/b", "tems.local", "restart = \"go\"\n").contains("no command without parameters"));
    assert!(refused("user = \"a\"\n[firewall]\nstate = \"x\"\n").contains("/var/lib/palisade-helper"));
    assert!(refused("user = \"a\"\ndocker = \"x.sock\"\n").contains("no whole path"));
    let twice = "[[command]]\nname = \"x\"\nprogram = \"/bin/true\"\n".repeat(2);
    assert!(refused(&format!("user = \"a\"\n{twice}")).contains("are called \"x\""));
}

#[test]
fn a_file_that_others_could_change_is_refused_with_the_way_out() {
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("etc");
    fs::create_dir(&inner).unwrap();
    let path = inner.join("helper.toml");
    fs::write(&path, "user = \"root\"\n").unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(&path, 0o644);
    mode(&inner, 0o755);
    HelperFile::load(&path).unwrap();
    let refused = || HelperFile::load(&path).unwrap_err().to_string();
    mode(&path, 0o664);
    assert!(refused().contains(&format!("Run: chmod go-w {}", path.display())), "{}", refused());
    mode(&path, 0o644);
    mode(&inner, 0o777);
    assert!(refused().contains(&format!("Run: chmod go-w {}", inner.display())), "{}", refused());
    mode(&inner, 0o755);
    chown(&path, Some(65_534), None).unwrap();
    assert!(refused().contains("chown root:root"), "{}", refused());
    chown(&path, Some(0), None).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(refused().contains("can't be read"));
}

#[test]
fn a_program_that_others_could_change_is_refused() {
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("hook");
    fs::write(&program, "#!/bin/sh\n").unwrap();
    let text = format!("user = \"root\"\n[[command]]\nname = \"x\"\nprogram = {program:?}\n");
    let file = HelperFile::parse(Path::new("helper.toml"), &text).unwrap();
    assert_eq!(file.provision(Path::new("helper.toml")).unwrap(), Vec::<String>::new());
    fs::set_permissions(&program, Permissions::from_mode(0o777)).unwrap();
    assert!(file.provision(Path::new("helper.toml")).unwrap_err().what.contains("others than root may write"));
    fs::remove_file(&program).unwrap();
    assert_eq!(
        file.provision(Path::new("helper.toml")).unwrap(),
        [format!("there is no program {}", program.display())]
    );
}
