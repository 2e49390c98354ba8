//! Makes connections to an address.

use std::{io, sync::Arc, time::Duration};

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use palisade_config::{HostName, UpstreamAddress};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{
    body::UploadBody,
    error::{SetupError, UpstreamError},
    h1::H1,
    settings::UpstreamSettings,
    stream::Stream,
    tls,
};

/// The most that is read ahead of an answer, and the largest head of one.
const BUFFER_BYTES: usize = 64 * 1_024;
/// What an address may send on one HTTP/2 stream before it was taken.
const HTTP2_WINDOW: u32 = 256 * 1_024;

/// HTTP/2's handle: requests of many go through one connection.
pub(crate) type H2 = http2::SendRequest<UploadBody>;

/// Makes connections to one address.
pub(crate) struct Connector {
    target: UpstreamAddress,
    tls: Option<TlsSide>,
    http2: bool,
    time: Duration,
}

struct TlsSide {
    config: Arc<ClientConfig>,
    /// The same without HTTP/2: a WebSocket needs a connection of its own.
    http1: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// A new connection, as the two sides agreed.
pub(crate) enum Fresh {
    H1(Box<H1>),
    H2(H2),
}

impl Connector {
    pub(crate) fn new(
        target: UpstreamAddress,
        settings: &UpstreamSettings,
        config: Option<&ClientConfig>,
    ) -> Result<Self, SetupError> {
        let tls = match (&target, config) {
            (UpstreamAddress::Tcp { tls: true, host, .. }, Some(config)) => {
                let mut http1 = config.clone();
                http1.alpn_protocols.clear();
                let name = tls::name_of(settings, host)?;
                Some(TlsSide { config: Arc::new(config.clone()), http1: Arc::new(http1), name })
            }
            _ => None,
        };
        Ok(Self { target, tls, http2: settings.http2, time: settings.timeouts.connect })
    }

    pub(crate) const fn target(&self) -> &UpstreamAddress {
        &self.target
    }

    /// A connection for requests.
    pub(crate) async fn connect(&self) -> Result<Fresh, UpstreamError> {
        self.in_time(self.connect_either()).await
    }

    /// A connection that can become something else than HTTP.
    pub(crate) async fn connect_http1(&self) -> Result<Box<H1>, UpstreamError> {
        let connecting = async { http1_over(self.stream(false).await?).await };
        self.in_time(connecting).await
    }

    async fn in_time<T>(&self, connecting: impl Future<Output = io::Result<T>>) -> Result<T, UpstreamError> {
        let address = || self.target.to_string();
        match timeout(self.time, connecting).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(UpstreamError::Unreachable { address: address(), cause: error.to_string() }),
            Err(_) => Err(UpstreamError::ConnectTooSlow { address: address() }),
        }
    }

    async fn connect_either(&self) -> io::Result<Fresh> {
        let stream = self.stream(self.http2).await?;
        let agreed = match &stream {
            Stream::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
            Stream::Tcp(_) | Stream::Unix(_) => self.http2,
        };
        if agreed { http2_over(stream).await.map(Fresh::H2) } else { http1_over(stream).await.map(Fresh::H1) }
    }

    async fn stream(&self, http2: bool) -> io::Result<Stream> {
        match (&self.target, &self.tls) {
            (UpstreamAddress::Unix(path), _) => UnixStream::connect(path).await.map(Stream::Unix),
            (UpstreamAddress::Tcp { host, port, .. }, None) => tcp(host, *port).await.map(Stream::Tcp),
            (UpstreamAddress::Tcp { host, port, .. }, Some(tls)) => {
                let config = if http2 { &tls.config } else { &tls.http1 };
                let connector = TlsConnector::from(Arc::clone(config));
                let stream = connector.connect(tls.name.clone(), tcp(host, *port).await?).await;
                stream.map(|stream| Stream::Tls(Box::new(stream))).map_err(|error| explain_tls(&error))
            }
        }
    }
}

fn explain_tls(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("TLS: {error}"))
}

async fn tcp(host: &HostName, port: u16) -> io::Result<TcpStream> {
    let stream = match host.address() {
        Some(address) => TcpStream::connect((address, port)).await?,
        None => TcpStream::connect((host.to_string(), port)).await?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn http1_over(stream: Stream) -> io::Result<Box<H1>> {
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(BUFFER_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    Ok(Box::new(H1::new(sender, connection)))
}

async fn http2_over(stream: Stream) -> io::Result<H2> {
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(HTTP2_WINDOW)
        .initial_connection_window_size(4 * HTTP2_WINDOW)
        .max_send_buf_size(BUFFER_BYTES)
        .max_header_list_size(u32::try_from(BUFFER_BYTES).unwrap_or(u32::MAX))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    // It ends when the last handle is dropped, or the other side closes.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "an HTTP/2 connection to an upstream ended");
        }
    });
    Ok(sender)
}
