//! A WebSocket that says again what it hears.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// RFC 6455, section 1.3.
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

/// A short text as a server sends it.
#[must_use]
pub fn text_frame(text: &str) -> Vec<u8> {
    frame(0x81, text.as_bytes())
}

/// A short text as a client sends it.
#[must_use]
pub fn masked_text_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap()];
    frame.extend(MASK);
    frame.extend(text.bytes().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Only lengths up to 125: all that the tests send.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind, u8::try_from(payload.len()).unwrap()];
    frame.extend(payload);
    frame
}

/// Opens the WebSocket, or says what is missing for it.
pub(super) async fn echo(mut request: Request) -> Response {
    let headers = request.headers();
    let upgrades =
        headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| upgrades).cloned() else {
        return (StatusCode::UPGRADE_REQUIRED, "a WebSocket only").into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            drop(talk(TokioIo::new(upgraded)).await);
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept(key.as_bytes()));
    response
}

fn accept(key: &[u8]) -> HeaderValue {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &[key, MAGIC].concat());
    HeaderValue::from_str(&data_encoding::BASE64.encode(digest.as_ref())).unwrap()
}

/// Greets at once, then repeats each frame until one closes.
async fn talk(mut stream: TokioIo<hyper::upgrade::Upgraded>) -> std::io::Result<()> {
    stream.write_all(&text_frame("hello")).await?;
    loop {
        let mut head = [0; 6];
        stream.read_exact(&mut head).await?;
        let mut payload = vec![0; usize::from(head[1] & 0x7f)];
        stream.read_exact(&mut payload).await?;
        payload.iter_mut().zip(head[2..].iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        stream.write_all(&frame(head[0], &payload)).await?;
        if head[0] & 0x0f == 8 {
            return stream.shutdown().await;
        }
    }
}
