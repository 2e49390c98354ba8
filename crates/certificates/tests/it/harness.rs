//! A company with one or two sites on loopback, and clients that look at what it shows.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use palisade_base::{Authority, Caller, Clock as _, Env, Instant, Permit, Scope, SystemClock, TrailEntry};
use palisade_certificates::{
    CertificateStatus, CertificateTrail, Certificates, MANAGE_CERTIFICATES, ManageCertificates, may_manage_certificates,
};
use palisade_config::Config;
use palisade_testkit::{ManualClock, Pebble, PebblePorts, SeededRng};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::aws_lc_rs,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Entries as they were written.
#[derive(Default)]
pub(crate) struct Trail(Mutex<Vec<TrailEntry>>);

#[async_trait]
impl CertificateTrail for Trail {
    async fn record(&self, entry: TrailEntry) {
        self.0.lock().unwrap().push(entry);
    }
}

impl Trail {
    /// Actor, action, resource and outcome of each entry.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |e: &TrailEntry| format!("{} {} {} {}", e.actor, e.action, e.resource, e.outcome);
        self.0.lock().unwrap().iter().map(line).collect()
    }
}

/// The company.
pub(crate) struct Company {
    pub(crate) dir: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) env: Env,
    pub(crate) trail: Arc<Trail>,
}

impl Company {
    /// Its clock begins now: what a real CA issues is good by the real time.
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(SystemClock.now());
        let env = Env::new(clock.clone(), Arc::new(SeededRng::new(5)));
        Self { dir: tempfile::tempdir().unwrap(), clock, env, trail: Arc::default() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Its configuration, with these sections below the data directory.
    pub(crate) fn config(&self, sections: &str) -> Config {
        let text = format!("data_dir = {:?}\n{sections}", self.path("data").display().to_string());
        Config::parse(Path::new("palisade.toml"), &text).unwrap()
    }

    pub(crate) fn load(&self, config: &Config) -> Certificates {
        Certificates::load(config, &self.env).unwrap()
    }
}

pub(crate) fn operator() -> (Caller, Permit<ManageCertificates>) {
    let mut authority = Authority::default();
    authority.allow(MANAGE_CERTIFICATES, Scope::All);
    let caller = Caller::operator("ada", authority);
    let permit = may_manage_certificates(&caller).unwrap();
    (caller, permit)
}

pub(crate) fn status_of(certificates: &Certificates, host: &str) -> CertificateStatus {
    certificates.status().into_iter().find(|status| status.host.to_string() == host).unwrap()
}

/// The doors that a CA knocks at.
pub(crate) struct Doors {
    pub(crate) http: u16,
    pub(crate) https: u16,
    /// HTTP-01 is answered only while there are permits.
    pub(crate) answers: Arc<Semaphore>,
    /// How many asked over HTTP.
    pub(crate) knocks: Arc<Semaphore>,
}

impl Doors {
    pub(crate) async fn bind() -> (Self, TcpListener, TcpListener) {
        let (plain, tls) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let doors = Self {
            http: port(&plain),
            https: port(&tls),
            answers: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            knocks: Arc::new(Semaphore::new(0)),
        };
        (doors, plain, tls)
    }

    pub(crate) const fn ports(&self) -> PebblePorts {
        PebblePorts { http: self.http, https: self.https }
    }

    /// Opens them.
    pub(crate) fn serve(&self, certificates: &Certificates, plain: TcpListener, tls: TcpListener) {
        tokio::spawn(answer_tokens(certificates.clone(), plain, Arc::clone(&self.answers), Arc::clone(&self.knocks)));
        tokio::spawn(shake_hands(certificates.clone(), tls));
    }
}

async fn answer_tokens(
    certificates: Certificates,
    plain: TcpListener,
    answers: Arc<Semaphore>,
    knocks: Arc<Semaphore>,
) {
    while let Ok((mut stream, _)) = plain.accept().await {
        let (certificates, answers, knocks) = (certificates.clone(), Arc::clone(&answers), Arc::clone(&knocks));
        tokio::spawn(async move {
            let mut head = vec![0; 4_096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            knocks.add_permits(1);
            let _permit = answers.acquire().await.unwrap();
            let path = head.split(' ').nth(1).unwrap_or_default();
            let token = path.strip_prefix("/.well-known/acme-challenge/").unwrap_or_default();
            let answer = match certificates.challenge(token) {
                Some(body) => format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
                None => "HTTP/1.0 404 Not Found\r\n\r\n".to_owned(),
            };
            let _ = stream.write_all(answer.as_bytes()).await;
        });
    }
}

async fn shake_hands(certificates: Certificates, tls: TcpListener) {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(certificates.resolver());
    config.alpn_protocols = vec![b"h2".to_vec(), palisade_certificates::ACME_TLS_ALPN.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((stream, _)) = tls.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.shutdown().await;
            }
        });
    }
}

/// The certificate that a client of this host is shown.
pub(crate) async fn shown(port: u16, host: &str) -> CertificateDer<'static> {
    shown_to(port, host, client(None)).await.unwrap()
}

/// The same, as a client of one's own sees it.
pub(crate) async fn shown_to(port: u16, host: &str, config: ClientConfig) -> std::io::Result<CertificateDer<'static>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(stream.get_ref().1.peer_certificates().unwrap()[0].clone())
}

/// A client that trusts this root alone; without one, everything.
pub(crate) fn client(root: Option<&str>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = root {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    if root.is_none() {
        config.dangerous().set_certificate_verifier(Arc::new(TrustAll));
    }
    config
}

/// Waits for something that happens by itself.
pub(crate) async fn until(what: &str, happened: impl Fn() -> bool) {
    let waited = timeout(Duration::from_secs(120), async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// A company whose site `shop.test` orders from a running CA.
pub(crate) struct Shop {
    pub(crate) company: Company,
    pub(crate) pebble: Pebble,
    pub(crate) doors: Doors,
    pub(crate) certificates: Certificates,
}

impl Shop {
    pub(crate) async fn open(challenge: &str) -> Self {
        Self::with(challenge, 0).await
    }

    pub(crate) async fn with(challenge: &str, refused_nonces: u8) -> Self {
        let (doors, plain, tls) = Doors::bind().await;
        let (company, pebble) = (Company::new(), Pebble::start(doors.ports(), refused_nonces));
        let certificates = company.load(&company.config(&Self::sections(&pebble, challenge)));
        doors.serve(&certificates, plain, tls);
        Self { company, pebble, doors, certificates }
    }

    /// What its configuration says.
    pub(crate) fn sections(pebble: &Pebble, challenge: &str) -> String {
        format!(
            "[[site]]\nname = \"shop\"\nhosts = [\"shop.test\", \"www.shop.test\"]\ncertificate = \"acme\"\n\
             [acme]\ndirectory = {:?}\nca = {:?}\nagree_to_terms = true\nchallenge = {challenge:?}\n\
             contact = [\"ada@example.com\"]\ndns_command = \"dns\"\n",
            pebble.directory,
            pebble.ca().display().to_string()
        )
    }

    pub(crate) fn now(&self) -> Instant {
        self.company.env.now()
    }

    pub(crate) fn fingerprint(&self) -> String {
        status_of(&self.certificates, "shop.test").facts.fingerprint
    }

    /// Writes to the trail what happened and happens, without background work.
    pub(crate) async fn trail_lines(&self) -> Vec<String> {
        let upkeep = self.certificates.start(self.company.trail.clone());
        upkeep.stop().await;
        self.certificates.look().await;
        self.company.trail.lines()
    }
}

#[derive(Debug)]
struct TrustAll;

impl ServerCertVerifier for TrustAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
