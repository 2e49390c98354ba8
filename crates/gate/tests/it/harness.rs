//! A whole gate on loopback, with an app behind it that does what tests need.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Bytes, extract::Request, http::HeaderMap, response::IntoResponse, routing};
use http::{HeaderName, HeaderValue, StatusCode, header};
use palisade_bans::Bans;
use palisade_base::{
    Actor, ApiKeyId, Authority, Caller, Env, Error, Kind, Origin, Permission, PersonId, PlainToken, Scope, SessionId,
    TrailEntry, UserId,
    auth::{
        Authenticator, ClientClass, HandOff, HeldOnSite, Identified, OnSite, Presented, SessionFacts, SessionState,
        ShownOnSite, SiteEntry, SiteSessions, SiteUser,
    },
};
use palisade_certificates::Certificates;
use palisade_config::{Config, HostName, Network, SiteConfig};
use palisade_counters::LimitBoard;
use palisade_gate::{
    BoundAddresses, Gate, GateError, GateHandle, GateParts, Metrics, Readiness, SecurityTrail, SignInElsewhere, Site,
    SiteApp, TlsError,
};
use palisade_store::{DatabaseUrl, Migrator, PoolConfig, STORE_MIGRATIONS, Store};
use palisade_testkit::{ManualClock, TestEnv, scratch};
use palisade_upstream::{Upstream, UpstreamSettings};
use palisade_web::{Access, CsrfKey, Navigation, Routes, SiteFrame, Visitor};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Who is known: tokens and what they stand for.
pub(crate) const ANNA: &str = "anna-token";
pub(crate) const BERT: &str = "bert-token";
pub(crate) const CHANGED: &str = "changed-token";
pub(crate) const KEY: &str = "plk_key";

/// Longer than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

const READ: Permission = Permission::new("kpi.employee.read");

/// A gate that serves until it is dropped.
pub(crate) struct TestGate {
    pub(crate) bound: BoundAddresses,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) bans: Bans,
    pub(crate) limits: LimitBoard,
    pub(crate) trail: Arc<RecordedTrail>,
    pub(crate) seen: Arc<Mutex<Vec<(String, bool, Origin)>>>,
    /// What was asked about guarded sites.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    /// Site sessions that are over, by their tokens.
    pub(crate) over: Arc<Mutex<Vec<&'static str>>>,
    pub(crate) readiness: Readiness,
    pub(crate) metrics: Metrics,
    pub(crate) config: Arc<Config>,
    pub(crate) handle: GateHandle,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) served: JoinHandle<()>,
    _dir: tempfile::TempDir,
}

#[derive(Default)]
pub(crate) struct RecordedTrail(pub(crate) Mutex<Vec<TrailEntry>>);

impl SecurityTrail for RecordedTrail {
    fn record(&self, entry: TrailEntry) {
        self.0.lock().unwrap().push(entry);
    }
}

impl RecordedTrail {
    /// Action, resource, outcome and detail of each entry.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |e: &TrailEntry| {
            format!("{} {} {} {} {}", e.actor, e.action, e.resource, e.outcome, e.detail().unwrap_or_default())
        };
        self.0.lock().unwrap().iter().map(line).collect()
    }
}

/// Two sites on one loopback address, everybody limited, nothing trusted.
pub(crate) fn config(dir: &Path) -> Config {
    let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let mut config = Config::demo(loopback, dir);
    let hosts = |names: &[&str]| names.iter().map(|name| HostName::parse(name).unwrap()).collect();
    config.sites[0].hosts = hosts(&["localhost", "kpi.example", "127.0.0.1"]);
    config.sites.push(SiteConfig { name: "other".into(), hosts: hosts(&["other.example"]), ..SiteConfig::default() });
    config.limits.allow_list = Vec::new();
    config
}

pub(crate) fn network(text: &str) -> Network {
    Network::parse(text).unwrap()
}

impl TestGate {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// A gate whose configuration is changed first.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let test = TestEnv::default();
        Self::with_env(change, test.env.clone(), test.clock).await
    }

    pub(crate) async fn with_env(change: impl FnOnce(&mut Config), env: Env, clock: Arc<ManualClock>) -> Self {
        let dir = scratch::folder("palisade-gate-");
        let mut config = config(dir.path());
        change(&mut config);
        let bans = open_bans(&config, dir.path(), &env).await;
        let (trail, seen) = (Arc::new(RecordedTrail::default()), Arc::default());
        let (asked, over) = (Arc::default(), Arc::default());
        let readiness = Readiness::new(true);
        let certificates = Certificates::load(&config, &env).unwrap();
        let sites = sites(&config);
        let config = Arc::new(config);
        let limits = LimitBoard::default();
        let parts = GateParts {
            certificates,
            config: Arc::clone(&config),
            env,
            authenticator: Arc::new(Known { seen: Arc::clone(&seen) }),
            site_sessions: Arc::new(KnownOnSite { asked: Arc::clone(&asked), over: Arc::clone(&over) }),
            trail: trail.clone(),
            readiness: readiness.clone(),
            bans: bans.clone(),
            limits: limits.clone(),
            sites,
        };
        let gate = Gate::new(parts).unwrap().bind().await.unwrap();
        let (bound, metrics, handle) = (gate.addresses().clone(), gate.metrics(), gate.handle());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(gate.serve(async { drop(stopped.await) }));
        let stop = Some(stop);
        Self {
            bound,
            clock,
            bans,
            limits,
            trail,
            seen,
            asked,
            over,
            readiness,
            metrics,
            config,
            handle,
            stop,
            served,
            _dir: dir,
        }
    }

    /// Puts another configuration in force: this one, changed.
    pub(crate) async fn reload(&self, change: impl FnOnce(&mut Config)) -> Result<BoundAddresses, GateError> {
        let mut config = Config::clone(&self.config);
        change(&mut config);
        let sites = sites(&config);
        self.handle.reload(Arc::new(config), sites).await
    }

    /// The directory that its data is in.
    pub(crate) fn data_dir(&self) -> &Path {
        self._dir.path()
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) fn https(&self) -> SocketAddr {
        self.bound.https[0]
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.bound.http[0]
    }

    /// A URL at one of the sites' hosts.
    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.https().port())
    }

    /// A browser without its cookies: follows nothing, trusts every certificate, finds every host here.
    pub(crate) fn client(&self) -> reqwest::Client {
        client_builder(self).build().unwrap()
    }

    /// The same, on HTTP/1.1 only.
    pub(crate) fn http1_client(&self) -> reqwest::Client {
        client_builder(self).http1_only().build().unwrap()
    }

    /// GET with headers; gives the answer.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = self.client().get(self.url("kpi.example", path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// A TLS connection on which the test writes its own bytes. `alpn` empty: HTTP/1.1 without asking.
    pub(crate) async fn tls(&self, server_name: &str, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.https()).await.unwrap();
        let mut tls = client_config(&[&rustls::version::TLS13, &rustls::version::TLS12]);
        tls.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let name = rustls_pki_types::ServerName::try_from(server_name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(tls)).connect(name, stream).await.unwrap()
    }

    /// Sends bytes over TLS, and gives all that comes back until the gate closes the connection.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.tls("kpi.example", &[]).await;
        stream.write_all(bytes).await.unwrap();
        read_all(&mut stream).await
    }
}

fn sites(config: &Config) -> Vec<Site> {
    let navigation = Arc::new(Navigation::new("Test company", jiff::tz::TimeZone::UTC));
    let frame = SiteFrame { csrf: CsrfKey::new(&[7; 32]), navigation };
    let site = |site: &SiteConfig| {
        let built = Site::new(config, site, frame.clone(), app_of(site));
        // Its people sign in on the console's host, though its app is ours.
        if site.name == "second" { Site { elsewhere: Some(SignInElsewhere::of(site)), ..built } } else { built }
    };
    config.sites.iter().map(site).collect()
}

/// The site `frappe` has its upstream behind it. Every other has an app below: a guarded one knows nothing of us.
fn app_of(site: &SiteConfig) -> SiteApp {
    match UpstreamSettings::of(site).filter(|_| site.name == "frappe") {
        Some(settings) => SiteApp::Upstream(Arc::new(Upstream::new(settings).unwrap())),
        None if site.upstream.is_some() => SiteApp::BuiltIn(foreign_app(&site.name)),
        None => SiteApp::BuiltIn(app(&site.name)),
    }
}

impl Drop for TestGate {
    fn drop(&mut self) {
        self.stop();
    }
}

fn client_builder(gate: &TestGate) -> reqwest::ClientBuilder {
    let mut builder = reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE);
    for host in ["kpi.example", "other.example", "tems.example", "evil.example", "localhost"] {
        builder = builder.resolve(host, gate.https());
    }
    builder
}

/// Reads until the other side closes; an unclean end counts as one.
pub(crate) async fn read_all(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    let end = tokio::time::timeout(PATIENCE, async {
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            bytes.extend_from_slice(&chunk[..read]);
        }
    });
    end.await.expect("the gate closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) fn client_config(versions: &[&'static rustls::SupportedProtocolVersion]) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustAll))
        .with_no_client_auth()
}

pub(crate) fn trust_all() -> Arc<dyn rustls::client::danger::ServerCertVerifier> {
    Arc::new(TrustAll)
}

/// Nobody is banned yet.
async fn open_bans(config: &Config, dir: &Path, env: &Env) -> Bans {
    let url = DatabaseUrl::Sqlite(dir.join("bans.db"));
    Migrator(&[STORE_MIGRATIONS, palisade_bans::MIGRATIONS]).run(&url, None, env.now()).await.unwrap();
    let store = Store::open(&url, &PoolConfig::default(), env.clone()).await.unwrap();
    Bans::open(store, config).await.unwrap()
}

/// A gate of this configuration that is not bound.
pub(crate) async fn try_gate(config: Config) -> Result<Gate, palisade_gate::GateError> {
    let (env, dir) = (TestEnv::default().env, scratch::folder("palisade-gate-"));
    let certificates = Certificates::load(&config, &env).map_err(TlsError::from)?;
    Gate::new(GateParts {
        certificates,
        bans: open_bans(&config, dir.path(), &env).await,
        config: Arc::new(config),
        env,
        authenticator: Arc::new(Known { seen: Arc::default() }),
        site_sessions: Arc::new(KnownOnSite { asked: Arc::default(), over: Arc::default() }),
        trail: Arc::new(RecordedTrail::default()),
        readiness: Readiness::new(true),
        limits: LimitBoard::default(),
        sites: Vec::new(),
    })
}

#[derive(Debug)]
struct TrustAll;

impl rustls::client::danger::ServerCertVerifier for TrustAll {
    fn verify_server_cert(
        &self,
        _end_entity: &rustls_pki_types::CertificateDer<'_>,
        _intermediates: &[rustls_pki_types::CertificateDer<'_>],
        _server_name: &rustls_pki_types::ServerName<'_>,
        _ocsp: &[u8],
        _now: rustls_pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &rustls_pki_types::CertificateDer<'_>,
        _dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &rustls_pki_types::CertificateDer<'_>,
        _dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Stands for identity: knows a few tokens.
struct Known {
    seen: Arc<Mutex<Vec<(String, bool, Origin)>>>,
}

#[async_trait]
impl Authenticator for Known {
    async fn identify(&self, site: &str, presented: Presented, origin: Origin) -> Result<Identified, Error> {
        self.seen.lock().unwrap().push((site.to_owned(), presented.background, origin.clone()));
        let anonymous = Identified { caller: Caller::anonymous(origin.clone()), session: None, renewed: None };
        if let Some(key) = presented.api_key {
            return match key.reveal() {
                KEY => Ok(api_client(origin)),
                "plk_down" => Err(Error::new(Kind::Unavailable, "Nobody can be looked up at the moment.")),
                _ => Err(Error::new(Kind::Unauthenticated, "This API key is not valid.")),
            };
        }
        Ok(match presented.session.as_ref().map(PlainToken::reveal) {
            Some(ANNA) => user(1, "Anna", origin),
            Some(BERT) => user(2, "Bert", origin),
            Some(CHANGED) => Identified { renewed: PlainToken::from_client("new-token"), ..user(3, "Cleo", origin) },
            _ => anonymous,
        })
    }
}

/// Stands for identity on guarded sites: `staff` and `admin` are tokens of people with that role, and the code is `code`.
struct KnownOnSite {
    asked: Arc<Mutex<Vec<String>>>,
    over: Arc<Mutex<Vec<&'static str>>>,
}

impl KnownOnSite {
    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }
}

#[async_trait]
impl SiteSessions for KnownOnSite {
    async fn on_site(&self, shown: ShownOnSite<'_>, origin: Origin) -> Result<Option<OnSite>, Error> {
        self.note(format!("on_site {} background={}", shown.site, shown.background));
        let role = match shown.token.reveal() {
            "staff" => "Staff",
            "admin" => "Admin",
            "down" => return Err(Error::new(Kind::Unavailable, "Nobody can be looked up at the moment.")),
            _ => return Ok(None),
        };
        let Identified { caller, session, .. } = user(1, "Anna", origin);
        let token = shown.identity_for.map(|parties| format!("{} to {}", parties.issuer, parties.audience).into());
        let user = SiteUser {
            id: UserId(uuid::Uuid::from_u128(1)),
            login: "anna".into(),
            name: "Anna Ö".into(),
            email: Some("anna@handy.example".into()),
            roles: vec![role.into()],
        };
        Ok(session.map(|session| OnSite { caller, session, user: Arc::new(user), token }))
    }

    async fn still_on_site(&self, held: &[HeldOnSite<'_>]) -> Result<Vec<bool>, Error> {
        self.note(format!("still {}", held.len()));
        let over = self.over.lock().unwrap();
        let is_over = |token: &str| over.contains(&token);
        if is_over("down") {
            return Err(Error::new(Kind::Unavailable, "Nobody can be looked up at the moment."));
        }
        let live = ["staff", "admin"].map(|token| (PlainToken::from_client(token).unwrap().hashed(), is_over(token)));
        Ok(held.iter().map(|held| live.iter().any(|(token, over)| *token == held.token && !over)).collect())
    }

    async fn take_hand_off(&self, hand_off: HandOff<'_>, _: Origin) -> Result<SiteEntry, Error> {
        self.note(format!("take {} {} own={}", hand_off.site, hand_off.code.reveal(), hand_off.state.is_some()));
        if hand_off.state.is_none() || hand_off.code.reveal() != "code" {
            return Err(Error::new(Kind::Unauthenticated, "Begun elsewhere."));
        }
        let token = PlainToken::from_client("staff").unwrap();
        Ok(SiteEntry { token, class: ClientClass::Browser, expires_at: palisade_base::Instant::from_micros(0) })
    }

    async fn end_sign_on(&self, site: &str, token: &PlainToken, _: Origin) -> Result<(), Error> {
        self.note(format!("end {site} {}", token.reveal()));
        Ok(())
    }
}

fn user(number: u128, name: &str, origin: Origin) -> Identified {
    let id = UserId(uuid::Uuid::from_u128(number));
    let session = SessionFacts {
        id: SessionId(uuid::Uuid::from_u128(number)),
        user: id,
        state: SessionState::Full,
        class: ClientClass::Browser,
        display_name: name.to_owned(),
    };
    let caller = Caller {
        actor: Actor::User(id),
        person: Some(PersonId(uuid::Uuid::from_u128(number))),
        authority: Arc::new(Authority::from_iter([(READ, Scope::Own)])),
        origin: Origin { session: Some(session.id), ..origin },
    };
    Identified { caller, session: Some(session), renewed: None }
}

fn api_client(origin: Origin) -> Identified {
    let (key, owner) = (ApiKeyId(uuid::Uuid::from_u128(9)), UserId(uuid::Uuid::from_u128(1)));
    let authority = Arc::new(Authority::from_iter([(READ, Scope::All)]));
    let caller = Caller { actor: Actor::ApiClient { key, owner }, person: None, authority, origin };
    Identified { caller, session: None, renewed: None }
}

/// The app: pages for every kind of answer, and some that ask who is there.
fn app(site: &str) -> Router {
    let routes = Routes::new(())
        .get("/whoami", Access::Public, async |visitor: Visitor| visitor.caller.actor.to_string())
        .get("/mine", Access::Permission(READ, Scope::Own), async || "yours")
        .get("/all", Access::Permission(READ, Scope::All), async || "everything")
        .get("/api/v1/all", Access::Permission(READ, Scope::All), async || "everything");
    routes.into_router().merge(foreign_app(site))
}

/// The pages that know nothing of us, as those of a guarded site.
fn foreign_app(site: &str) -> Router {
    let name = site.to_owned();
    Router::new()
        .route("/", routing::get(async move || name.clone()))
        .route("/api/v1/people", routing::get(async || "people"))
        .route("/sign-in", routing::get(async || "sign-in page").post(async || "tried"))
        .route("/upload", routing::post(upload))
        .route("/away", routing::get(async || axum::response::Redirect::to("/elsewhere")))
        .route("/unchanged", routing::get(async || StatusCode::NOT_MODIFIED))
        .route("/own-headers", routing::get(own_headers))
        .route("/panic", routing::get(panicking))
        .route("/slow", routing::get(slow))
        .route("/never", routing::get(std::future::pending::<()>))
        .route("/large", routing::get(async || vec![b'a'; 32 * 1024 * 1024]))
        .route("/assets/a.css", routing::get(async || ([(header::CACHE_CONTROL, "public, max-age=60")], "a{}")))
        .route("/echo", routing::any(echo))
        .route("/echo/api", routing::any(echo))
        .route("/bad-gateway", routing::any(async || StatusCode::BAD_GATEWAY))
        .route("/refuse", routing::any(async || StatusCode::UNAUTHORIZED))
        .route("/forbidden", routing::any(async || StatusCode::FORBIDDEN))
        .route("/api/method/login", routing::any(frappe_login))
        .route("/api/method/frappe.www.login.login_via_key", routing::get(frappe_login))
        .route("/login", routing::any(async || ([(header::CONTENT_TYPE, "text/html")], "the form again")))
}

/// Lets everybody in who does not ask to be refused; a session is called as the query says.
async fn frappe_login(uri: http::Uri) -> impl IntoResponse {
    let query = uri.query().unwrap_or_default();
    let status = if query == "refuse=403" { StatusCode::FORBIDDEN } else { StatusCode::OK };
    (status, [(header::SET_COOKIE, format!("{query}; Path=/; HttpOnly"))])
}

async fn panicking() -> &'static str {
    panic!("a secret of the app")
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(3)).await;
    "late"
}

async fn upload(body: Bytes) -> String {
    body.len().to_string()
}

async fn own_headers() -> impl IntoResponse {
    let headers = [
        (header::SERVER, "Apache/1.3"),
        (header::X_FRAME_OPTIONS, "ALLOWALL"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-powered-by"), "PHP/4"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=0"),
    ];
    (headers, "own")
}

/// Every header as the app gets it, one a line, and the address.
async fn echo(request: Request) -> String {
    let mut lines: Vec<String> = header_lines(request.headers());
    lines.sort();
    format!("{}\n{}", request.uri(), lines.join("\n"))
}

fn header_lines(headers: &HeaderMap) -> Vec<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| format!("{name}: {}", text(value))).collect()
}

/// A header of an answer, or nothing.
pub(crate) fn header_of<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
