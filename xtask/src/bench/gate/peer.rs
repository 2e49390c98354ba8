//! The programs that are compared, and the application behind them. All listen on the loopback only, on ports of their
//! own, and end with their [`Peer`].

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::workspace::Workspace;

/// The core of what is measured, and that of the load and the application.
const CORE: &str = "0";
pub(super) const LOAD_CORE: &str = "1";
/// How often a starting program is asked whether it answers, and how long between.
const ASKED: u32 = 100;
const BETWEEN: Duration = Duration::from_millis(100);

/// Where everything of the bench lies.
pub(super) struct Stage {
    pub(super) folder: PathBuf,
    binary: PathBuf,
    application: u16,
}

/// A running program. It is asked to stop when this goes.
pub(super) struct Peer {
    child: Child,
    pub(super) port: u16,
}

impl Peer {
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Stage {
    /// Makes the folder anew, with a certificate.
    pub(super) fn build(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.root.join("target/xtask/bench-gate");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("www"))?;
        fs::write(folder.join("www/1k"), "x".repeat(1_024))?;
        fs::write(folder.join("www/64k"), "x".repeat(65_536))?;
        let stage = Self { binary: workspace.root.join("target/release/palisade"), application: free_port()?, folder };
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-nodes", "-days", "3", "-subj", "/CN=localhost", "-newkey", "ec", "-pkeyopt"]);
        openssl.args(["ec_paramgen_curve:P-256", "-addext", "subjectAltName=DNS:localhost", "-keyout"]);
        openssl.arg(stage.folder.join("key.pem")).arg("-out").arg(stage.folder.join("certificate.pem"));
        let made = openssl.stderr(Stdio::null()).status().context("openssl could not be run")?;
        ensure!(made.success(), "openssl made no certificate");
        restrict(&stage.folder.join("key.pem"))?;
        Ok(stage)
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// An nginx that gives out two files.
    pub(super) fn start_application(&self) -> Result<Peer> {
        let server = format!(
            "server {{ listen 127.0.0.1:{} backlog=4096; root {}; keepalive_requests 1000000000; keepalive_timeout 600s; }}",
            self.application,
            self.path("www")
        );
        self.nginx("application", &server, (LOAD_CORE, self.application, "http"))
    }

    /// nginx as the guide configures it; with `is_kept`, its connections to the application stay open.
    pub(super) fn start_nginx(&self, name: &str, is_kept: bool) -> Result<Peer> {
        let port = free_port()?;
        let application = self.application;
        let (upstream, pass, kept) = if is_kept {
            (
                format!(
                    "upstream application {{ server 127.0.0.1:{application}; keepalive 128; keepalive_requests 1000000000; }}"
                ),
                "http://application".to_owned(),
                "proxy_http_version 1.1; proxy_set_header Connection \"\";",
            )
        } else {
            (String::new(), format!("http://127.0.0.1:{application}"), "")
        };
        let server = GUIDE
            .replace("CERTIFICATE", &self.path("certificate.pem"))
            .replace("KEY", &self.path("key.pem"))
            .replace("PORT", &port.to_string())
            .replace("PASS", &pass)
            .replace("KEPT", kept);
        self.nginx(name, &format!("{upstream}\n{server}"), (CORE, port, "https"))
    }

    fn nginx(&self, name: &str, servers: &str, (core, port, scheme): (&str, u16, &str)) -> Result<Peer> {
        let folder = self.folder.join(name);
        fs::create_dir_all(folder.join("tmp"))?;
        let here = folder.display().to_string();
        fs::write(folder.join("nginx.conf"), NGINX.replace("HERE", &here).replace("SERVERS", servers))?;
        let mut command = pinned(core, Path::new("nginx"));
        command.arg("-c").arg(folder.join("nginx.conf")).arg("-p").arg(&folder);
        start(command, &folder, (port, scheme))
    }

    /// The gate before the same application, with the guide's headers and nothing to sign in at.
    pub(super) fn start_gate(&self) -> Result<Peer> {
        let port = free_port()?;
        let folder = self.folder.join("gate");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let config = folder.join("palisade.toml");
        let text = GATE
            .replace("DATA", &folder.join("data").display().to_string())
            .replace("CERTIFICATE", &self.path("certificate.pem"))
            .replace("KEY", &self.path("key.pem"))
            .replace("APPLICATION", &self.application.to_string())
            .replace("PORT", &port.to_string());
        fs::write(&config, text)?;
        let mut setup = Command::new(&self.binary);
        setup.arg("--config").arg(&config).arg("setup").env_remove("DATABASE_URL").stdin(Stdio::null());
        let output = setup.output().context("palisade setup could not be run")?;
        ensure!(output.status.success(), "palisade setup failed: {}", String::from_utf8_lossy(&output.stderr));
        let mut command = pinned(CORE, &self.binary);
        // One thread, as nginx has one worker.
        command.arg("--config").arg(&config).arg("serve").env("TOKIO_WORKER_THREADS", "1").env_remove("DATABASE_URL");
        start(command, &folder, (port, "https"))
    }
}

/// A program on one core.
pub(super) fn pinned(core: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program);
    command
}

fn start(mut command: Command, folder: &Path, (port, scheme): (u16, &str)) -> Result<Peer> {
    let log = folder.join("log");
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&log)?).spawn()?;
    let mut peer = Peer { child, port };
    for _ in 0..ASKED {
        let ended = peer.child.try_wait()?;
        ensure!(ended.is_none(), "it ended: {}", fs::read_to_string(&log).unwrap_or_default());
        let url = format!("{scheme}://localhost:{port}/1k");
        let mut curl = Command::new("curl");
        let asked = curl.args(["-kfsS", "-o", "/dev/null", &url]).stderr(Stdio::null()).status();
        if asked.context("curl could not be run")?.success() {
            return Ok(peer);
        }
        thread::sleep(BETWEEN);
    }
    let log = fs::read_to_string(&log).unwrap_or_default();
    anyhow::bail!("{} does not answer on port {port}: {log}", folder.display())
}

/// A port of the loopback that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn restrict(key: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(key, fs::Permissions::from_mode(0o600))?)
}

const NGINX: &str = "
daemon off; master_process on; worker_processes 1; pid HERE/pid; error_log HERE/error.log warn;
worker_rlimit_nofile 20000;
events { worker_connections 8192; }
http {
    access_log off; server_tokens off; sendfile on; tcp_nodelay on; default_type text/plain;
    client_body_temp_path HERE/tmp/b; proxy_temp_path HERE/tmp/p; fastcgi_temp_path HERE/tmp/f;
    uwsgi_temp_path HERE/tmp/u; scgi_temp_path HERE/tmp/s;
    SERVERS
}
";

/// The server of the guide, without its limits, which would refuse the load.
const GUIDE: &str = r#"
server {
    listen 127.0.0.1:PORT ssl http2 backlog=4096; server_name localhost;
    keepalive_requests 1000000000;
    ssl_certificate CERTIFICATE; ssl_certificate_key KEY;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:SSL:10m; ssl_prefer_server_ciphers off;
    add_header X-Content-Type-Options "nosniff" always;
    add_header X-Frame-Options "SAMEORIGIN" always;
    add_header X-XSS-Protection "1; mode=block" always;
    add_header Referrer-Policy "strict-origin-when-cross-origin" always;
    add_header Content-Security-Policy "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; font-src 'self' data:; connect-src 'self' wss:; frame-ancestors 'self';" always;
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains; preload" always;
    KEPT
    proxy_set_header Host $host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host;
    location / { proxy_pass PASS; }
}
"#;

/// Clients of the loopback are on the allow-list, so no limit refuses the load here either.
const GATE: &str = r#"
data_dir = "DATA"
[listen]
https = ["127.0.0.1:PORT"]
http = []
operations = "127.0.0.1:0"
[log]
level = "warn"
[tls]
certificate = "CERTIFICATE"
key = "KEY"
[[site]]
name = "bench"
hosts = ["localhost"]
preset = "frappe"
upstream = { to = ["http://127.0.0.1:APPLICATION"], connections = 256 }
"#;
