//! A client that knows no newer TLS than it should be refused for. Our own library can't be one, so its first words are
//! written here by hand (RFC 4346 and RFC 2246, section 7.4.1.2).

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use super::{SiteFacts, wire};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The old versions, by name and number.
const VERSIONS: [(&str, [u8; 2]); 2] = [("TLS 1.0", [3, 1]), ("TLS 1.1", [3, 2])];
/// Suites that servers of that age had: ECDHE and RSA with AES in CBC mode, and 3DES.
const SUITES: [u16; 6] = [0xc009, 0xc013, 0xc00a, 0xc014, 0x002f, 0x000a];
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OldTls {
    Refused,
    Agreed,
}

/// Tries each old version.
pub(super) async fn try_all(facts: &SiteFacts) -> Vec<(&'static str, Result<OldTls, String>)> {
    let mut tries = Vec::new();
    for (name, version) in VERSIONS {
        tries.push((name, try_one(facts, version).await));
    }
    tries
}

async fn try_one(facts: &SiteFacts, version: [u8; 2]) -> Result<OldTls, String> {
    let mut stream = wire::connect(facts.https, facts).await?;
    let name = facts.host.address().is_none().then(|| facts.host.to_string());
    let answer = timeout(PATIENCE, async {
        stream.write_all(&client_hello(version, name.as_deref())).await?;
        let mut start = [0; 6];
        stream.read_exact(&mut start).await.map(|_| start)
    });
    match answer.await {
        Ok(Ok(start)) => Ok(judge(start)),
        // Closed without a word.
        Ok(Err(_)) => Ok(OldTls::Refused),
        Err(_) => Err("no answer to an old handshake".to_owned()),
    }
}

/// A server that agrees says so with its first message; everything else (an alert, usually) is a refusal.
fn judge(start: [u8; 6]) -> OldTls {
    if start[0] == HANDSHAKE && start[5] == SERVER_HELLO { OldTls::Agreed } else { OldTls::Refused }
}

fn client_hello(version: [u8; 2], name: Option<&str>) -> Vec<u8> {
    let mut hello = version.to_vec();
    // The handshake is never finished, so its random part protects nothing.
    hello.extend([0x5a; 32]);
    hello.push(0);
    hello.extend(with_length(&SUITES.iter().flat_map(|suite| suite.to_be_bytes()).collect::<Vec<_>>()));
    hello.extend([1, 0]);
    hello.extend(with_length(&extensions(name)));
    let mut message = vec![CLIENT_HELLO, 0];
    message.extend(with_length(&hello));
    let mut record = vec![HANDSHAKE, 3, 1];
    record.extend(with_length(&message));
    record
}

/// The server's name, curves and point formats: without them an old server could refuse for another reason.
fn extensions(name: Option<&str>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(name) = name {
        let entry = [vec![0], with_length(name.as_bytes())].concat();
        all.extend([vec![0, 0], with_length(&with_length(&entry))].concat());
    }
    all.extend([vec![0, 10], with_length(&with_length(&[0, 23, 0, 24]))].concat());
    all.extend([vec![0, 11], with_length(&[1, 0])].concat());
    all
}

/// The bytes behind their number, two bytes long.
fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_hello_is_an_agreement_and_an_alert_is_none() {
        assert_eq!(judge([22, 3, 2, 0, 80, 2]), OldTls::Agreed);
        assert_eq!(judge([21, 3, 2, 0, 2, 2]), OldTls::Refused, "an alert");
        assert_eq!(judge([72, 84, 84, 80, 47, 49]), OldTls::Refused, "HTTP/1");
    }

    #[test]
    fn the_lengths_of_the_hello_fit_what_follows_them() {
        let hello = client_hello([3, 2], Some("tems.example.com"));
        assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
        assert_eq!(usize::from(u16::from_be_bytes([hello[7], hello[8]])), hello.len() - 9);
        assert_eq!(&hello[9..11], [3, 2]);
    }
}
