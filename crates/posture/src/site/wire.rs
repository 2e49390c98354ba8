//! Connections and requests of one visit. What comes back is bounded, and bodies are not read.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http::{HeaderMap, Request, StatusCode, Version};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::SiteFacts;

/// How long one connection, handshake or answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// By which logs tell these requests from others.
const AGENT: &str = concat!("palisade-verify/", env!("CARGO_PKG_VERSION"));

/// An answer, as a client sees it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) version: Version,
}

/// What a TLS handshake came to.
#[derive(Clone, Debug)]
pub(super) struct Handshake {
    pub(super) version: String,
    pub(super) chain: Vec<CertificateDer<'static>>,
}

/// Which protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// A TCP connection to a door of this machine's.
pub(super) async fn connect(to: SocketAddr, facts: &SiteFacts) -> Result<TcpStream, String> {
    let to = super::visit::reachable(to);
    let mut stream = in_time(TcpStream::connect(to)).await?.map_err(|error| format!("{to}: {error}"))?;
    if facts.proxy_protocol {
        // We speak for ourselves, as a proxy's own health check does.
        let written = stream.write_all(b"PROXY UNKNOWN\r\n").await;
        written.map_err(|error| format!("{to}: {error}"))?;
    }
    Ok(stream)
}

/// A GET over TLS, by the site's own name.
pub(super) async fn get(facts: &SiteFacts, protocol: Protocol, path: &str) -> Result<(Handshake, Answer), String> {
    let stream = shake_hands(facts, protocol).await?;
    let (_, connection) = stream.get_ref();
    let handshake = Handshake {
        version: connection.protocol_version().and_then(|version| version.as_str()).unwrap_or("unknown").to_owned(),
        chain: connection
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|part| part.clone().into_owned())
            .collect(),
    };
    if connection.alpn_protocol() != Some(protocol.alpn()) {
        return Err(format!("{} was not agreed to", String::from_utf8_lossy(protocol.alpn())));
    }
    let host = facts.host.authority(facts.public_port);
    let request = Request::get(match protocol {
        Protocol::Http1 => path.to_owned(),
        Protocol::Http2 => format!("https://{host}{path}"),
    });
    Ok((handshake, ask(stream, protocol, request, &host).await?))
}

/// A GET over plain HTTP, with this Host header.
pub(super) async fn get_plain(facts: &SiteFacts, door: SocketAddr, host: &str, path: &str) -> Result<Answer, String> {
    let stream = connect(door, facts).await?;
    ask(stream, Protocol::Http1, Request::get(path), host).await
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    protocol: Protocol,
    request: http::request::Builder,
    host: &str,
) -> Result<Answer, String> {
    let request = request.header(http::header::USER_AGENT, AGENT).header(http::header::ACCEPT, "text/html");
    let request = if protocol == Protocol::Http1 { request.header(http::header::HOST, host) } else { request };
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| error.to_string())?;
    in_time(exchange(TokioIo::new(stream), protocol, request)).await?.map_err(|error| error.to_string())
}

async fn exchange(
    io: TokioIo<impl AsyncRead + AsyncWrite + Send + Unpin + 'static>,
    protocol: Protocol,
    request: Request<Empty<Bytes>>,
) -> hyper::Result<Answer> {
    let (parts, _) = match protocol {
        Protocol::Http1 => {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
            tokio::spawn(connection);
            sender.send_request(request).await?.into_parts()
        }
        Protocol::Http2 => {
            let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            sender.send_request(request).await?.into_parts()
        }
    };
    Ok(Answer { status: parts.status, headers: parts.headers, version: parts.version })
}

/// Whatever certificate is shown is taken: it is judged apart, by [`verify`], with a reason that can be told.
async fn shake_hands(facts: &SiteFacts, protocol: Protocol) -> Result<TlsStream<TcpStream>, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config =
        config.dangerous().with_custom_certificate_verifier(Arc::new(TakeAny(provider))).with_no_client_auth();
    config.alpn_protocols = vec![protocol.alpn().to_vec()];
    let stream = connect(facts.https, facts).await?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(server_name(facts)?, stream);
    in_time(connecting).await?.map_err(|error| format!("no TLS connection could be made: {error}"))
}

/// The name that the certificate has to be for.
fn server_name(facts: &SiteFacts) -> Result<ServerName<'static>, String> {
    match facts.host.address() {
        Some(address) => Ok(ServerName::IpAddress(address.into())),
        None => ServerName::try_from(facts.host.to_string()).map_err(|error| error.to_string()),
    }
}

/// Whether a client that knows these roots would trust the chain, for the site's name, now.
pub(super) fn verify(
    facts: &SiteFacts,
    chain: &[CertificateDer<'static>],
    roots: RootCertStore,
    now: UnixTime,
) -> Result<(), String> {
    let (first, rest) = chain.split_first().ok_or("no certificate was shown")?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let verifier = verifier.map_err(|error| error.to_string())?;
    verifier
        .verify_server_cert(first, rest, &server_name(facts)?, &[], now)
        .map(drop)
        .map_err(|error| error.to_string())
}

async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, String> {
    timeout(PATIENCE, work).await.map_err(|_| format!("no answer within {} seconds", PATIENCE.as_secs()))
}

/// Takes any certificate, so that it can be looked at. Nothing is sent over such a connection but the requests above.
#[derive(Debug)]
struct TakeAny(Arc<CryptoProvider>);

impl ServerCertVerifier for TakeAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
