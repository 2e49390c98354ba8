//! A host that guards a site, and clients at the other end of a wire: the real binary, its helper, an application.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{IpAddr, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use palisade_e2e::{Palisade, binary};
use palisade_testkit::{HOST, Namespaces, THIRD_CLIENT, scratch};
use reqwest::{Method, RequestBuilder, StatusCode};
use tempfile::TempDir;

/// The port of the gate. The host is alone in its namespace, so it is free.
pub(crate) const PORT: u16 = 443;
/// The company network of these hosts.
pub(crate) const COMPANY: &str = THIRD_CLIENT;
/// The guarded site.
pub(crate) const SITE: &str = "shop.example";
/// Longer than anything takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// The host. All of it ends when dropped.
pub(crate) struct Host {
    pub(crate) namespaces: Namespaces,
    folder: TempDir,
    server: Option<Child>,
    helper: Option<Child>,
}

/// What a client got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) took: Duration,
}

impl Host {
    /// Serves a guarded site; there is no helper yet. `more` goes into the configuration.
    pub(crate) fn start(more: &str) -> Self {
        let folder = scratch::folder("palisade-wire-");
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        Command::new("chmod").arg("0700").arg(&data).status().unwrap();
        Self::open(folder, &data, &[SITE, HOST], more)
    }

    /// The same, with a company whose administration is at the host's address. `more` goes into the configuration.
    pub(crate) fn start_with_company(more: &str) -> (Self, Palisade) {
        let mut company = Palisade::demo();
        company.stop();
        company.url = format!("https://{HOST}");
        let site = format!("[[site]]\nname = \"kpi\"\nhosts = [\"{HOST}\"]\n[console]\nhost = \"{HOST}\"\n{more}");
        (Self::open(scratch::folder("palisade-wire-"), &company.data_dir(), &[SITE], &site), company)
    }

    fn open(folder: TempDir, data: &Path, hosts: &[&str], more: &str) -> Self {
        let at = folder.path().display();
        let config = format!(
            "data_dir = {data:?}\n[listen]\nhttps = [\"[::]:{PORT}\"]\nhttp = []\noperations = \"127.0.0.1:9440\"\n\
             [log]\nlevel = \"info\"\nformat = \"json\"\n\
             [[site]]\nname = \"shop\"\nhosts = {hosts:?}\nupstream = \"unix:{at}/app.sock\"\npreset = \"frappe\"\n\
             [jails]\ncompany_networks = [\"{COMPANY}/32\"]\ncompany_wait_ms = 50\n\
             [helper]\nsocket = \"{at}/helper.sock\"\n{more}"
        );
        serve_app(UnixListener::bind(folder.path().join("app.sock")).unwrap());
        fs::write(folder.path().join("palisade.toml"), config).unwrap();
        let helper = format!("user = \"root\"\nsocket = \"{at}/helper.sock\"\n[firewall]\nports = [{PORT}]\n");
        fs::write(folder.path().join("helper.toml"), helper).unwrap();
        let namespaces = Namespaces::new();
        let mut host = Self { namespaces, folder, server: None, helper: None };
        host.start_server();
        host
    }

    /// Starts the server, and waits until it serves.
    pub(crate) fn start_server(&mut self) {
        self.server = Some(self.spawn("palisade.toml", "serve", "server.log"));
        self.until("the server to serve", |host| host.log("server.log").contains("serving HTTPS"));
    }

    pub(crate) fn start_helper(&mut self) {
        self.helper = Some(self.spawn("helper.toml", "helper", "helper.log"));
    }

    pub(crate) fn stop_server(&mut self) {
        stop(self.server.take());
    }

    pub(crate) fn stop_helper(&mut self) {
        stop(self.helper.take());
    }

    fn spawn(&self, config: &str, verb: &str, log: &str) -> Child {
        let mut command = self.namespaces.host_command(binary());
        command.env_remove("DATABASE_URL").env_remove("PALISADE_OWNER_DATABASE_URL");
        command.arg("--config").arg(self.path(config)).arg(verb);
        let log = File::create(self.path(log)).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// What a command says of the running server.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(binary());
        let output = command.arg("--config").arg(self.path("palisade.toml")).args(arguments).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Waits for something to become true.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            let logs = [self.log("server.log"), self.log("helper.log"), self.namespaces.rules()].join("\n---\n");
            assert!(start.elapsed() < LIMIT, "waited in vain for {what}\n{logs}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A request over the wire from this address; `None` where no connection comes about.
    pub(crate) fn ask(
        &self,
        from: &str,
        method: Method,
        path: &str,
        shape: impl FnOnce(RequestBuilder) -> RequestBuilder + Send,
    ) -> Option<Got> {
        let from: IpAddr = from.parse().unwrap();
        self.at_client(async || {
            let client = reqwest::Client::builder()
                .tls_danger_accept_invalid_certs(true)
                .redirect(reqwest::redirect::Policy::none())
                .local_address(from)
                .resolve(SITE, format!("{HOST}:{PORT}").parse().unwrap())
                .connect_timeout(LIMIT)
                .timeout(LIMIT)
                .build()
                .unwrap();
            let start = Instant::now();
            let request = shape(client.request(method, format!("https://{SITE}{path}")));
            let answer = request.send().await.ok()?;
            let status = answer.status().as_u16();
            Some(Got { status, text: answer.text().await.unwrap_or_default(), took: start.elapsed() })
        })
    }

    /// Does something at the client's end of the wire.
    pub(crate) fn at_client<T: Send>(&self, work: impl AsyncFnOnce() -> T + Send) -> T {
        self.namespaces.on_client(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(work())
        })
    }

    pub(crate) fn get(&self, from: &str) -> Option<Got> {
        self.ask(from, Method::GET, "/login", |request| request)
    }

    /// Whether this client is served.
    pub(crate) fn serves(&self, from: &str) -> bool {
        self.get(from).is_some_and(|got| got.status == StatusCode::OK)
    }

    /// A try to sign in with a wrong password; its status.
    pub(crate) fn sign_in_wrongly(&self, from: &str) -> Option<u16> {
        let form = [("usr", "anna@example.com"), ("pwd", "guess")];
        self.ask(from, Method::POST, "/api/method/login", |request| request.form(&form)).map(|got| got.status)
    }

    /// How many connections the gate has open.
    pub(crate) fn open_connections(&self) -> u64 {
        let figures = self.namespaces.on_host(|| {
            let mut stream = TcpStream::connect("127.0.0.1:9440").unwrap();
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        });
        let open = figures.lines().find_map(|line| line.strip_prefix("palisade_connections_open "));
        open.unwrap_or_else(|| panic!("{figures}")).parse().unwrap()
    }

    /// What the server holds in memory, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let process = self.server.as_ref().unwrap().id();
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

/// An application whose every try to sign in fails, on a unix socket: it reaches from one namespace into another.
fn serve_app(listener: UnixListener) {
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || while answer(&stream).is_some() {});
        }
    });
}

/// Reads one request with its body, and answers it; `None` when the gate has hung up.
fn answer(stream: &UnixStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut first, mut length) = (String::new(), String::new(), 0);
    while reader.read_line(&mut line).ok()? > 2 {
        if first.is_empty() {
            first.clone_from(&line);
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink()).ok()?;
    let is_sign_in = first.starts_with("POST /api/method/login");
    let (status, text) = if is_sign_in { ("401 Unauthorized", "no") } else { ("200 OK", "hello") };
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    let mut writer = stream;
    (!first.is_empty()).then(|| writer.write_all(answer.as_bytes()).ok())?
}

/// `ip netns exec` becomes the program that it runs, so this reaches it.
fn stop(child: Option<Child>) {
    let Some(mut child) = child else { return };
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    child.wait().unwrap();
}

impl Drop for Host {
    fn drop(&mut self) {
        for mut child in [self.server.take(), self.helper.take()].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
