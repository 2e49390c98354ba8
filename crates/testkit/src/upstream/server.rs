//! A small web server on loopback or a unix socket, with or without TLS, that speaks HTTP/1.1 and HTTP/2.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::Notify,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use super::{echo, frappe};

/// An application that runs until it is dropped.
pub struct TestUpstream {
    /// Where it listens, as a configuration names it: `http://…`, `https://…` or `unix:/…`.
    pub address: String,
    /// What it counts.
    pub counts: Arc<Counts>,
    /// The certificate of the CA of a server with TLS, in a file.
    pub ca: Option<PathBuf>,
    accepting: JoinHandle<()>,
    _dir: Option<tempfile::TempDir>,
}

/// What an application counts.
#[derive(Default)]
pub struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
    /// Bytes of bodies that it made, and took.
    pub(super) made: AtomicU64,
    pub(super) taken: AtomicU64,
    /// Wakes the stream of events for its next one.
    pub(super) next_event: Notify,
    /// Streams and downloads that are under way.
    pub(super) streams: AtomicUsize,
    /// The methods that it ran.
    called: Mutex<Vec<String>>,
}

impl Counts {
    /// Connections that were made to it.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests that it saw.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Bytes that it made for answers.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::SeqCst)
    }

    /// Bytes of bodies that it took.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }

    /// Streams of events and downloads that are under way.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.streams.load(Ordering::SeqCst)
    }

    /// Lets the stream of events go on by one.
    pub fn send_event(&self) {
        self.next_event.notify_one();
    }

    /// The methods that it ran since somebody asked.
    #[must_use]
    pub fn take_called(&self) -> Vec<String> {
        std::mem::take(&mut self.called.lock().unwrap())
    }

    pub(super) fn note_call(&self, method: &str) {
        self.called.lock().unwrap().push(method.to_owned());
    }

    pub(super) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::SeqCst);
    }
}

impl TestUpstream {
    /// On loopback, without TLS.
    pub async fn start() -> Self {
        Self::start_routes(app).await
    }

    /// The same, with methods in the place of pages: what a request calls, the application notes.
    pub async fn start_methods() -> Self {
        Self::start_routes(|counts| frappe::methods().with_state(Arc::clone(counts))).await
    }

    /// With these routes.
    pub(super) async fn start_routes(app: impl FnOnce(&Arc<Counts>) -> Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let counts = Arc::<Counts>::default();
        let accepting = accept_for(listener, None, &counts, app(&counts));
        Self { address, accepting, counts, ca: None, _dir: None }
    }

    /// On loopback again, at an address where one was before.
    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let counts = Arc::<Counts>::default();
        let accepting = accept(listener, None, &counts);
        Self { address: format!("http://{address}"), accepting, counts, ca: None, _dir: None }
    }

    /// On loopback, with a certificate for this name by a CA of its own. `alpn`: what it agrees to.
    pub async fn start_tls(name: &str, alpn: &[&[u8]]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (mut config, ca) = certificates(name, dir.path());
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://{}", listener.local_addr().unwrap());
        let counts = Arc::<Counts>::default();
        let accepting = accept(listener, Some(TlsAcceptor::from(Arc::new(config))), &counts);
        Self { address, accepting, counts, ca: Some(ca), _dir: Some(dir) }
    }

    /// On a unix socket.
    pub async fn start_unix() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let counts = Arc::<Counts>::default();
        let app = app(&counts);
        let seen = Arc::clone(&counts);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, app.clone()));
            }
        });
        Self { address: format!("unix:{}", path.display()), accepting, counts, ca: None, _dir: Some(dir) }
    }

    /// Its address, where it has one.
    #[must_use]
    pub fn socket(&self) -> SocketAddr {
        self.address.split_once("://").unwrap().1.parse().unwrap()
    }

    /// Takes no more connections; those that are open go on.
    pub fn stop(&self) {
        self.accepting.abort();
    }
}

impl Drop for TestUpstream {
    fn drop(&mut self) {
        self.stop();
    }
}

fn app(counts: &Arc<Counts>) -> Router {
    frappe::routes().merge(echo::routes()).with_state(Arc::clone(counts))
}

fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, counts: &Arc<Counts>) -> JoinHandle<()> {
    accept_for(listener, tls, counts, app(counts))
}

fn accept_for(listener: TcpListener, tls: Option<TlsAcceptor>, counts: &Arc<Counts>, app: Router) -> JoinHandle<()> {
    let counts = Arc::clone(counts);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counts.connections.fetch_add(1, Ordering::SeqCst);
            let (app, tls) = (app.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => serve(stream, app).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            serve(stream, app).await;
                        }
                    }
                }
            });
        }
    })
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, app: Router) {
    let service = TowerToHyperService::new(app);
    let builder = auto::Builder::new(TokioExecutor::new());
    drop(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
}

/// A server's side of TLS for this name, and the file with the CA that vouches for it.
fn certificates(name: &str, dir: &Path) -> (ServerConfig, PathBuf) {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let file = dir.join("ca.pem");
    std::fs::write(&file, ca_certificate.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (config, file)
}
