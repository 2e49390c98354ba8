//! A site that answers as a test says: over TLS with a certificate of its own making, and over plain HTTP.

use std::{net::SocketAddr, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Empty;
use hyper::{body::Bytes, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use palisade_config::{HostName, Preset};
use palisade_posture::site::SiteFacts;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// When the looks of these tests are made: as the clock of the test kit stands, 2026-03-02.
const NOW: i64 = 1_772_442_000;

/// What the site does.
#[derive(Clone)]
pub(crate) struct Shabby {
    /// On each answer over TLS.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) status: StatusCode,
    /// What is offered by ALPN.
    pub(crate) protocols: &'static [&'static [u8]],
    /// The certificate's life from now on, in days.
    pub(crate) days: i64,
    /// On each answer over plain HTTP; a `HOST` in a value becomes what the client asked for.
    pub(crate) plain: (StatusCode, Vec<(&'static str, &'static str)>),
    pub(crate) guarded: bool,
}

impl Shabby {
    /// As the guides have it.
    pub(crate) fn sound() -> Self {
        let location = "https://tems.example.com/palisade-verify?kept=yes";
        Self {
            headers: vec![
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "SAMEORIGIN"),
                ("x-xss-protection", "1; mode=block"),
                ("referrer-policy", "strict-origin-when-cross-origin"),
                ("content-security-policy", "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'"),
                ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
            ],
            status: StatusCode::OK,
            protocols: &[b"h2", b"http/1.1"],
            days: 60,
            plain: (StatusCode::MOVED_PERMANENTLY, vec![("location", location)]),
            guarded: true,
        }
    }

    /// With this header instead; without it where there is no value.
    pub(crate) fn header(mut self, name: &'static str, value: Option<&'static str>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// Answers from now on. The root of its certificate is what the company's devices know.
    pub(crate) async fn start(self) -> SiteFacts {
        let (root, config) = certificates(&self);
        let (https, plain) = (listener().await, listener().await);
        let facts = SiteFacts {
            name: "tems".to_owned(),
            host: HostName::parse("tems.example.com").unwrap(),
            https: https.local_addr().unwrap(),
            http: Some(plain.local_addr().unwrap()),
            public_port: 443,
            proxy_protocol: false,
            preset: if self.guarded { Preset::Frappe } else { Preset::Strict },
            guarded: self.guarded,
            own_root: Some(root),
        };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(serve(https, Some(acceptor), self.status, self.headers));
        tokio::spawn(serve(plain, None, self.plain.0, self.plain.1));
        facts
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap()
}

async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    status: StatusCode,
    headers: Vec<(&'static str, &'static str)>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, headers) = (tls.clone(), headers.clone());
        tokio::spawn(async move {
            let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or("").to_owned();
                let mut response = Response::new(Empty::<Bytes>::new());
                *response.status_mut() = status;
                *response.headers_mut() = fill(&headers, &host);
                async { Ok::<_, hyper::Error>(response) }
            });
            let builder = Builder::new(TokioExecutor::new());
            // A client that goes away, or is refused, is no failure of the test.
            let _ = match tls {
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => builder.serve_connection(TokioIo::new(stream), answer).await,
                    Err(_) => Ok(()),
                },
                None => builder.serve_connection(TokioIo::new(stream), answer).await,
            };
        });
    }
}

fn fill(headers: &[(&'static str, &'static str)], host: &str) -> HeaderMap {
    let value = |value: &str| HeaderValue::from_str(&value.replace("HOST", host)).unwrap();
    headers.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
}

/// A root, and a server that shows a certificate by it.
fn certificates(shabby: &Shabby) -> (String, ServerConfig) {
    let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (root.not_before, root.not_after) = (now - Duration::days(400), now + Duration::days(400));
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    let mut own = CertificateParams::new(vec!["tems.example.com".to_owned()]).unwrap();
    (own.not_before, own.not_after) = (now - Duration::days(30), now + Duration::days(shabby.days));
    let key = KeyPair::generate().unwrap();
    let certificate = own.signed_by(&key, &root).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    config.alpn_protocols = shabby.protocols.iter().map(|protocol| protocol.to_vec()).collect();
    (root.pem(), config)
}
