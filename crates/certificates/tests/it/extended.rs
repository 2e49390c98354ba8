//! What newer CAs can and Debian's Pebble can't, put before it: profiles, and when a certificate is to be replaced (ARI).

use std::sync::{Arc, Mutex};

use data_encoding::BASE64URL_NOPAD;
use palisade_testkit::Pebble;
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::harness::client;

/// Passes everything on to Pebble, but for its extensions. The orders are real.
pub(crate) struct Extended {
    pub(crate) directory: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// When it would like a certificate to be replaced: from and until.
    window: Mutex<(String, String)>,
    profiles_ordered: Mutex<Vec<Option<String>>>,
    asked_about: Mutex<Vec<String>>,
}

impl Extended {
    pub(crate) async fn before(pebble: &Pebble) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let (seen, acceptor) = (Arc::new(Seen::default()), acceptor(pebble));
        let behind = pebble.directory.trim_start_matches("https://").trim_end_matches("/dir").to_owned();
        let (directory, known) = (format!("{own}/dir"), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, seen, own, behind) = (acceptor.clone(), Arc::clone(&known), own.clone(), behind.clone());
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await.ok()?;
                    let request = read_message(&mut stream).await?;
                    let answer = answer(&seen, &own, &behind, &request).await?;
                    stream.write_all(&answer).await.ok()?;
                    stream.shutdown().await.ok()
                });
            }
        });
        Self { directory, seen }
    }

    /// It would like certificates to be replaced then.
    pub(crate) fn wish(&self, from: &str, until: &str) {
        *self.seen.window.lock().unwrap() = (from.to_owned(), until.to_owned());
    }

    /// The profile of each order.
    pub(crate) fn profiles_ordered(&self) -> Vec<Option<String>> {
        self.seen.profiles_ordered.lock().unwrap().clone()
    }

    /// The certificates that it was asked about.
    pub(crate) fn asked_about(&self) -> Vec<String> {
        self.seen.asked_about.lock().unwrap().clone()
    }
}

fn acceptor(pebble: &Pebble) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_file(pebble.ca()).unwrap()];
    let key = PrivateKeyDer::from_pem_file(pebble.ca_key()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The answer to a request, as it goes over the wire.
async fn answer(seen: &Seen, own: &str, behind: &str, request: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(request);
    let path = text.split(' ').nth(1)?.to_owned();
    if let Some(certificate) = path.strip_prefix("/ari/") {
        seen.asked_about.lock().unwrap().push(certificate.to_owned());
        let (start, end) = seen.window.lock().unwrap().clone();
        let info = json!({ "suggestedWindow": { "start": start, "end": end } });
        return Some(message(
            "HTTP/1.1 200 OK\r\nRetry-After: 21600\r\nContent-Type: application/json",
            info.to_string().as_bytes(),
        ));
    }
    if path == "/order-plz" {
        seen.profiles_ordered.lock().unwrap().push(profile_in(&text));
    }
    let answer = pass_on(behind, request).await?;
    let (head, body) = split(&answer)?;
    if path != "/dir" {
        return Some(message(&head, body));
    }
    let mut directory: Value = serde_json::from_slice(body).ok()?;
    directory["renewalInfo"] = json!(format!("{own}/ari"));
    directory["meta"]["profiles"] = json!({ "shortlived": "six days", "classic": "ninety days" });
    Some(message(&head, directory.to_string().as_bytes()))
}

/// The profile that a signed order asks for.
fn profile_in(request: &str) -> Option<String> {
    let (_, body) = request.split_once("\r\n\r\n")?;
    let signed: Value = serde_json::from_str(body).ok()?;
    let payload = BASE64URL_NOPAD.decode(signed["payload"].as_str()?.as_bytes()).ok()?;
    let order: Value = serde_json::from_slice(&payload).ok()?;
    order["profile"].as_str().map(str::to_owned)
}

/// Each request has a connection of its own. The Host stays: the CA makes its addresses of it.
async fn pass_on(behind: &str, request: &[u8]) -> Option<Vec<u8>> {
    let stream = TcpStream::connect(behind).await.ok()?;
    let name = ServerName::try_from("localhost").ok()?;
    let mut stream = TlsConnector::from(Arc::new(client(None))).connect(name, stream).await.ok()?;
    let (head, body) = split(request)?;
    stream.write_all(&message(&head, body)).await.ok()?;
    read_message(&mut stream).await
}

/// A message with this head and body, the last on its connection.
fn message(head: &str, body: &[u8]) -> Vec<u8> {
    let ours = ["content-length:", "connection:", "transfer-encoding:"];
    let kept = head.lines().filter(|line| !ours.iter().any(|name| line.to_ascii_lowercase().starts_with(name)));
    let head = kept.collect::<Vec<_>>().join("\r\n");
    [format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

fn split(message: &[u8]) -> Option<(String, &[u8])> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((String::from_utf8_lossy(&message[..end]).into_owned(), &message[end + 4..]))
}

/// Head and body; a body has a length here, or ends with the connection.
async fn read_message(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    while wanted(&read).is_none_or(|whole| read.len() < whole) {
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            break;
        }
    }
    (!read.is_empty()).then_some(read)
}

/// How long the whole message is, once its head is there.
fn wanted(read: &[u8]) -> Option<usize> {
    let (head, body) = split(read)?;
    let start = read.len() - body.len();
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    match length {
        Some(length) => Some(start + usize::min(length, 1 << 20)),
        None if head.starts_with("HTTP/") && !head.contains(" 204 ") => None,
        None => Some(start),
    }
}
