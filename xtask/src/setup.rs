//! `cargo xtask setup`: what the tests need beyond Rust. Asks for nothing, says what it does, does nothing twice.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

/// A Debian package, and how to see that what it brings is there (from wherever it came).
struct Package {
    name: &'static str,
    wanted_for: &'static str,
    is_there: fn() -> bool,
}

const PACKAGES: [Package; 16] = [
    Package {
        name: "build-essential",
        wanted_for: "SQLite and the cryptography, which are C",
        is_there: || on_path("cc"),
    },
    Package { name: "git", wanted_for: "listing the tree", is_there: || on_path("git") },
    Package { name: "postgresql", wanted_for: "every store test, on its second engine", is_there: has_postgres },
    Package {
        name: "mariadb-server",
        wanted_for: "the database of a guarded site",
        is_there: || has("mariadbd") && has("mariadb-install-db"),
    },
    Package { name: "chromium", wanted_for: "the browser tests", is_there: || on_path("chromium") },
    Package { name: "chromium-driver", wanted_for: "the browser tests", is_there: || on_path("chromedriver") },
    Package { name: "openssl", wanted_for: "looking at TLS from outside", is_there: || on_path("openssl") },
    Package {
        name: "pebble",
        wanted_for: "an ACME CA that issues certificates to the tests",
        is_there: || on_path("pebble"),
    },
    Package { name: "curl", wanted_for: "asking servers as people do", is_there: || on_path("curl") },
    Package { name: "sslscan", wanted_for: "looking at TLS from outside", is_there: || on_path("sslscan") },
    Package {
        name: "iproute2",
        wanted_for: "network namespaces: clients that are not this machine",
        is_there: || has("ip"),
    },
    Package { name: "iptables", wanted_for: "what is printed for it", is_there: || has("iptables-nft") },
    Package { name: "nftables", wanted_for: "bans in the kernel", is_there: || has("nft") },
    Package {
        name: "systemd",
        wanted_for: "its own judgement of the units in examples/systemd",
        is_there: || has("systemd-analyze"),
    },
    Package { name: "slowhttptest", wanted_for: "slow clients", is_there: || has("slowhttptest") },
    Package {
        name: "python3-venv",
        wanted_for: "the API and accessibility checkers, and an application to guard",
        is_there: has_venv,
    },
];

/// What `cargo xtask bench gate` compares with, and makes load with.
const BENCH_PACKAGES: [Package; 5] = [
    Package { name: "nginx-light", wanted_for: "the gate's bench: what the guide uses", is_there: || on_path("nginx") },
    Package { name: "wrk", wanted_for: "the gate's bench: load by HTTP/1.1", is_there: || on_path("wrk") },
    Package { name: "nghttp2-client", wanted_for: "the gate's bench: load by HTTP/2", is_there: || on_path("h2load") },
    Package { name: "openssl", wanted_for: "the gate's bench: handshakes", is_there: || on_path("openssl") },
    Package { name: "curl", wanted_for: "the gate's bench: to see that all answer", is_there: || on_path("curl") },
];

/// Python tools, pinned. The second only carries the accessibility checker (axe-core) as one script; what it depends
/// on, a browser of its own, is not wanted. The third is a real application to stand behind the gate.
const PYTHON_TOOLS: [(&str, &[&str]); 3] =
    [("schemathesis==4.32.5", &[]), ("axe-playwright-python==0.1.8", &["--no-deps"]), ("jupyter-server==2.21.1", &[])];

/// Where fail2ban's filters and their sample lines are unpacked.
pub(crate) const FAIL2BAN: &str = "target/fail2ban";

/// Installs what is missing.
pub(crate) fn run(root: &Path) -> Result<()> {
    install_packages(&PACKAGES)?;
    unpack_fail2ban(&root.join(FAIL2BAN))?;
    install_python_tools(&root.join("target/venv"))
}

/// Installs what `bench gate` needs and is missing.
pub(crate) fn install_for_bench() -> Result<()> {
    install_packages(&BENCH_PACKAGES)
}

fn install_packages(wanted: &[Package]) -> Result<()> {
    let missing: Vec<&Package> = wanted.iter().filter(|package| !(package.is_there)()).collect();
    if missing.is_empty() {
        println!("every Debian package that is needed is there");
        return Ok(());
    }
    for package in &missing {
        println!("installing {} for {}", package.name, package.wanted_for);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    apt_get(&["update"])?;
    apt_get(&[&["install", "--yes", "--no-install-recommends"], names.as_slice()].concat())?;
    for package in missing {
        ensure!((package.is_there)(), "{} was installed, but what it should bring is not found", package.name);
    }
    Ok(())
}

fn apt_get(args: &[&str]) -> Result<()> {
    let by_hand = format!("run it by hand as root, then again: apt-get {}", args.join(" "));
    ensure!(on_path("apt-get"), "this is no Debian system: install by its own means what is named above");
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        ensure!(on_path("sudo"), "installing needs root and there is no sudo; {by_hand}");
        let mut sudo = Command::new("sudo");
        sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    };
    command.args(["-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"]).args(args);
    run_quietly(command.env("DEBIAN_FRONTEND", "noninteractive")).context(by_hand)
}

/// Debian's package of fail2ban, unpacked and not installed: the tests read its filters, and nobody wants a service that
/// bans people to start on their machine.
fn unpack_fail2ban(folder: &Path) -> Result<()> {
    if folder.join("etc/fail2ban/filter.d/sshd.conf").is_file() {
        println!("fail2ban's filters are there");
        return Ok(());
    }
    println!("unpacking fail2ban into {} for the tests of jails", folder.display());
    std::fs::create_dir_all(folder)?;
    let mut download = Command::new("apt-get");
    download.args(["-qq", "download", "fail2ban"]).current_dir(folder);
    if run_quietly(&mut download).is_err() {
        apt_get(&["update"])?;
        run_quietly(&mut download)?;
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run_quietly(Command::new("dpkg-deb").arg("--extract").arg(&path).arg(folder))?;
            std::fs::remove_file(path)?;
        }
    }
    ensure!(folder.join("etc/fail2ban/filter.d").is_dir(), "the package of fail2ban holds no filters");
    Ok(())
}

fn install_python_tools(venv: &Path) -> Result<()> {
    let stamp = venv.join("palisade-tools.txt");
    let wanted = PYTHON_TOOLS.map(|(tool, _)| tool).join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("the Python tools are there: {}", PYTHON_TOOLS.map(|(tool, _)| tool).join(", "));
        return Ok(());
    }
    println!("installing {} into {}", PYTHON_TOOLS.map(|(tool, _)| tool).join(", "), venv.display());
    run_quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    for (tool, options) in PYTHON_TOOLS {
        let mut pip = Command::new(venv.join("bin/pip"));
        run_quietly(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(options).arg(tool))?;
    }
    std::fs::write(stamp, wanted).context("the list of installed tools could not be kept")
}

/// Runs a command without input; shows what it printed only where it fails.
fn run_quietly(command: &mut Command) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("{} could not be run", program.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    bail!("{} failed with {}:\n{out}{err}", program.display(), output.status)
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Programs of root's may be off the path of whoever asks.
fn has(program: &str) -> bool {
    on_path(program) || Path::new("/usr/sbin").join(program).is_file()
}

fn has_postgres() -> bool {
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else { return false };
    versions.flatten().any(|version| version.path().join("bin/initdb").is_file())
}

fn has_venv() -> bool {
    let mut python = Command::new("python3");
    let modules = python.args(["-c", "import ensurepip, venv"]).stdout(Stdio::null()).stderr(Stdio::null());
    modules.status().is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
