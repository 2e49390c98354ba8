//! A real ACME CA for tests: Pebble, with a DNS server of its own to which every name is this host.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::free_ports;

/// How long its two programs may take to listen, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(120);

/// The CA's own certificate, for its listener.
const LISTENER: &str = "[req]\ndistinguished_name=d\nprompt=no\nx509_extensions=x\n[d]\nCN=localhost\n[x]\n\
                        subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n";

/// A running CA. Ends when dropped.
#[derive(Debug)]
pub struct Pebble {
    /// Its directory: `https://127.0.0.1:PORT/dir`.
    pub directory: String,
    dns: u16,
    dns_management: u16,
    ports: PebblePorts,
    contract: Option<Contract>,
    acme: u16,
    management: u16,
    children: Vec<Child>,
    dir: TempDir,
}

/// Where the CA looks for proofs.
#[derive(Clone, Copy, Debug)]
pub struct PebblePorts {
    /// For http-01.
    pub http: u16,
    /// For tls-alpn-01.
    pub https: u16,
}

/// A contract that accounts have to be bound to.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    /// The key's id.
    pub key_id: &'static str,
    /// The key, base64url.
    pub key: &'static str,
}

impl Pebble {
    /// Starts one that registers accounts of this contract only.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn start_bound(ports: PebblePorts, contract: Contract) -> Self {
        Self::start_with(ports, 0, Some(contract))
    }

    /// Starts one that looks for proofs at these ports; so many of a hundred good nonces are refused.
    ///
    /// # Panics
    /// Pebble is not installed (`cargo xtask setup` installs it) or does not start.
    #[must_use]
    pub fn start(ports: PebblePorts, refused_nonces: u8) -> Self {
        Self::start_with(ports, refused_nonces, None)
    }

    fn start_with(ports: PebblePorts, refused_nonces: u8, contract: Option<Contract>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        make_listener_certificate(dir.path());
        let [acme, management, dns, dns_management] = free_ports();
        let directory = format!("https://127.0.0.1:{acme}/dir");
        let children = Vec::new();
        let mut pebble = Self { directory, dns, dns_management, ports, contract, acme, management, children, dir };
        pebble.start_dns();
        pebble.start_ca(refused_nonces);
        pebble
    }

    /// The certificate that clients of the CA trust.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.dir.path().join("listener.pem")
    }

    /// The key of that certificate.
    #[must_use]
    pub fn ca_key(&self) -> PathBuf {
        self.dir.path().join("listener.key")
    }

    /// What the CA has logged.
    ///
    /// # Panics
    /// The log can't be read.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    /// The root that its certificates come from; made anew at each start.
    ///
    /// # Panics
    /// It can't be asked.
    #[must_use]
    pub fn root(&self) -> String {
        let url = format!("https://127.0.0.1:{}/roots/0", self.management);
        let output = Command::new("curl").args(["--silent", "--cacert"]).arg(self.ca()).arg(url).output();
        let output = output.expect("curl is needed: run `cargo xtask setup`");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ends the CA, as an outage does.
    ///
    /// # Panics
    /// It had ended already.
    pub fn stop(&mut self) {
        let mut ca = self.children.pop().expect("the CA runs");
        let _ = ca.kill();
        let _ = ca.wait();
    }

    /// Starts it again, at the same address. It remembers nothing.
    pub fn start_again(&mut self) {
        self.start_ca(0);
    }

    /// Sets or removes a TXT record. `value` is `None` to remove it.
    ///
    /// # Panics
    /// The DNS server can't be reached.
    pub fn set_record(&self, name: &str, value: Option<&str>) {
        let (path, body) = match value {
            Some(value) => ("/set-txt", format!(r#"{{"host":"{name}.","value":"{value}"}}"#)),
            None => ("/clear-txt", format!(r#"{{"host":"{name}."}}"#)),
        };
        let mut stream = TcpStream::connect(loopback(self.dns_management)).unwrap();
        let length = body.len();
        write!(stream, "POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 200 "), "{answer}");
    }

    fn start_dns(&mut self) {
        let mut command = Command::new("pebble-challtestsrv");
        command.arg("-dns01").arg(loopback(self.dns).to_string());
        command.args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv4", "127.0.0.1"]);
        command.args(["-defaultIPv6", "", "-management"]).arg(loopback(self.dns_management).to_string());
        self.spawn(command, self.dns_management);
    }

    fn start_ca(&mut self, refused_nonces: u8) {
        let path = |name: &str| self.dir.path().join(name).display().to_string();
        let keys = self.contract.map_or_else(String::new, |own| format!("{:?}:{:?}", own.key_id, own.key));
        let config = format!(
            r#"{{"pebble":{{"listenAddress":"127.0.0.1:{}","managementListenAddress":"127.0.0.1:{}","certificate":{:?},
                "privateKey":{:?},"httpPort":{},"tlsPort":{},"ocspResponderURL":"","externalAccountBindingRequired":{},
                "externalAccountMACKeys":{{{keys}}}}}}}"#,
            self.acme,
            self.management,
            path("listener.pem"),
            path("listener.key"),
            self.ports.http,
            self.ports.https,
            self.contract.is_some()
        );
        fs::write(path("config.json"), config).unwrap();
        let mut command = Command::new("pebble");
        command.args(["-strict", "-config", &path("config.json"), "-dnsserver", &loopback(self.dns).to_string()]);
        command.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0").env("PEBBLE_VA_ALWAYS_VALID", "0");
        command.env("PEBBLE_WFE_NONCEREJECT", refused_nonces.to_string());
        self.spawn(command, self.acme);
    }

    fn spawn(&mut self, mut command: Command, port: u16) {
        let log = File::options().create(true).append(true).open(self.dir.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let program = command.get_program().to_owned();
        let child = command.spawn();
        self.children.push(child.unwrap_or_else(|error| panic!("{program:?}: {error}; run `cargo xtask setup`")));
        let started = Instant::now();
        while TcpStream::connect(loopback(port)).is_err() {
            assert!(started.elapsed() < START_LIMIT, "{program:?} does not listen:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn make_listener_certificate(dir: &Path) {
    fs::write(dir.join("listener.cnf"), LISTENER).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"]);
    openssl.args(["-config", "listener.cnf", "-keyout", "listener.key", "-out", "listener.pem"]).current_dir(dir);
    let output = openssl.output().expect("openssl is needed: run `cargo xtask setup`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
