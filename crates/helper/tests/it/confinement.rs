//! What the helper can no longer do after it has confined itself. Confinement is a thread's, so each test has one.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt as _, chown},
    path::Path,
    process::Command,
};

use palisade_base::Instant;
use palisade_helper::{HelperFile, bench::BenchDigests, process::confine};
use tempfile::TempDir;

use palisade_testkit::Namespaces;

/// Runs something in confinement.
fn confined<T: Send>(file: &HelperFile, work: impl FnOnce(&[String]) -> T + Send) -> T {
    let on_thread = move || {
        let words = confine(file);
        work(&words)
    };
    std::thread::scope(|scope| scope.spawn(on_thread).join().unwrap())
}

fn file(folder: &Path) -> HelperFile {
    let text = format!(
        "user = \"0\"\nsocket = \"{0}/run/helper.sock\"\n[firewall]\n[[log]]\nname = \"a\"\npaths = [\"{0}/log/*.log\"]\n\
         [[command]]\nname = \"write\"\nprogram = \"/bin/sh\"\nwritable = [\"{0}/work\"]\nreadable = [\"{0}/etc\"]\n",
        folder.display()
    );
    HelperFile::parse(Path::new("helper.toml"), &text).unwrap()
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["run", "log", "work", "etc", "other"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("log/a.log"), "line\n").unwrap();
    fs::write(folder.path().join("etc/own.conf"), "own").unwrap();
    fs::write(folder.path().join("other/secret"), "secret").unwrap();
    folder
}

#[test]
fn it_reads_its_logs_and_no_other_file_and_writes_nowhere() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    confined(&file(folder.path()), |words| {
        assert!(words.iter().all(|word| !word.starts_with("NOT DONE")), "{words:?}");
        assert_eq!(fs::read_to_string(at("log/a.log")).unwrap(), "line\n");
        assert!(fs::read(at("other/secret")).is_err(), "{words:?}");
        assert!(fs::read("/etc/shadow").is_err());
        assert!(fs::write(at("log/a.log"), "x").is_err());
        assert!(fs::write(at("other/new"), "x").is_err());
        assert!(fs::write(at("run/new"), "x").is_err(), "its own folder takes sockets only");
        assert!(std::os::unix::net::UnixListener::bind(at("run/a.sock")).is_ok());
        assert!(fs::remove_file(at("run/a.sock")).is_ok());
    });
}

#[test]
fn what_it_runs_is_confined_too_and_gets_its_folder() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    confined(&file(folder.path()), |_| {
        let run = |line: &str| Command::new("/bin/sh").args(["-c", line]).output().unwrap().status.success();
        assert!(run(&format!("echo x > {}", at("work/new"))));
        assert!(!run(&format!("echo x > {}", at("other/new"))));
        assert!(!run(&format!("cat {}", at("other/secret"))));
        assert!(run(&format!("cat {}", at("etc/own.conf"))));
        assert!(!run(&format!("echo x > {}", at("etc/own.conf"))));
        assert!(!run("cat /etc/shadow"));
        // Programs outside of where programs are can't be run at all.
        assert!(!run(&format!("cp /bin/true {0}; {0}", at("log/true"))));
    });
}

#[test]
fn it_keeps_two_capabilities_and_no_program_gets_more() {
    let folder = folder();
    confined(&file(folder.path()), |words| {
        assert!(words.iter().any(|word| word.contains("CAP_") || word.contains("NET_ADMIN")), "{words:?}");
        // CAP_DAC_READ_SEARCH is number 2, CAP_NET_ADMIN number 12.
        let wanted = format!("{:016x}", (1_u64 << 2) | (1 << 12));
        let own = fs::read_to_string("/proc/thread-self/status").unwrap();
        let shown = Command::new("/bin/cat").arg("/proc/self/status").output().unwrap();
        let childs = String::from_utf8(shown.stdout).unwrap();
        for (who, status) in [("its own", own), ("a program's", childs)] {
            for name in ["CapPrm", "CapEff", "CapBnd"] {
                let line = status.lines().find(|line| line.starts_with(name)).unwrap();
                assert!(line.ends_with(&wanted), "{who}: {line}");
            }
            assert!(status.contains("NoNewPrivs:\t1"), "{who}");
        }
        assert!(!Command::new("/bin/chown").args(["1", "/proc/self/status"]).output().unwrap().status.success());
        assert!(TcpListener::bind("127.0.0.1:81").is_err(), "ports below 1024 need a right that is gone");
    });
}

#[test]
fn it_still_tells_the_kernel_who_is_banned() {
    let (folder, namespaces) = (folder(), Namespaces::new());
    let file = file(folder.path());
    namespaces.on_host(|| {
        let words = confine(&file);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut firewall = palisade_helper::firewall::Firewall::new(file.firewall.clone().unwrap());
        let ban = palisade_helper::protocol::Ban { network: "203.0.113.7/32".parse().unwrap(), seconds: Some(60) };
        runtime
            .block_on(firewall.set(ban, std::time::Instant::now()))
            .unwrap_or_else(|error| panic!("{error} {words:?}"));
    });
    assert!(namespaces.rules().contains("203.0.113.7 timeout"), "{}", namespaces.rules());
}

#[test]
fn with_a_bench_it_replaces_files_in_the_folders_of_the_sites_and_writes_nowhere_else() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    for name in ["bench/sites/tems.local", "bench/apps"] {
        fs::create_dir_all(at(name)).unwrap();
    }
    for file in ["bench/sites/tems.local/site_config.json", "bench/sites/common_site_config.json"] {
        fs::write(at(file), "{\"developer_mode\": 1}").unwrap();
        chown(at(file), Some(65_534), Some(65_534)).unwrap();
    }
    let text = format!(
        "user = \"0\"\nsocket = \"{0}/run/helper.sock\"\n\
         [[bench]]\nname = \"tems\"\npath = \"{0}/bench\"\nsite = \"tems.local\"\n",
        folder.path().display()
    );
    let file = HelperFile::parse(Path::new("helper.toml"), &text).unwrap();
    confined(&file, |words| {
        assert!(words.iter().all(|word| !word.starts_with("NOT DONE")), "{words:?}");
        let bench = file.bench("tems").unwrap();
        let sight = bench.look();
        let seen = BenchDigests { site: sight.site.digest, common: sight.common.digest };
        let written =
            bench.harden(&seen, Instant::from_micros(0)).unwrap_or_else(|failure| panic!("{failure} {words:?}"));
        assert_eq!(written.len(), 2);
        assert!(fs::write(at("bench/apps/new"), "x").is_err());
        assert!(fs::write(at("other/new"), "x").is_err());
        assert!(fs::create_dir(at("bench/sites/new")).is_err());
        assert!(std::os::unix::fs::symlink("/etc", at("bench/sites/link")).is_err());
        assert!(fs::read("/etc/shadow").is_err());
        let own = fs::read_to_string("/proc/thread-self/status").unwrap();
        // CAP_CHOWN is number 0, CAP_DAC_OVERRIDE number 1.
        assert!(own.lines().any(|line| line.starts_with("CapEff") && line.ends_with("0000000000000003")), "{own}");
    });
    let about = fs::metadata(at("bench/sites/common_site_config.json")).unwrap();
    assert_eq!((about.uid(), about.gid()), (65_534, 65_534), "it stays its user's");
}
