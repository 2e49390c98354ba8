//! Syslog (RFC 5424): the local daemon's socket, UDP (RFC 5426), or TCP with counted octets (RFC 6587).
//!
//! No syslog transport tells whether a message arrived, TCP neither: what was sent shortly before a connection broke may
//! be lost. Every seal covers all leaves before it, so the next one makes up for it.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use async_trait::async_trait;
use palisade_base::Instant;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpStream, UdpSocket, UnixDatagram, lookup_host},
    sync::Mutex,
};

use super::{OutgoingSeal, Sink, SinkError};

/// Facility 13 (log audit), severity 5 (notice).
const PRIORITY: u8 = 13 * 8 + 5;
/// What a receiver takes in one datagram at least is less (RFC 5426, section 3.2); a seal's message has about 450 bytes.
const APP_NAME: &str = "palisade";

/// Where a syslog daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAddress {
    /// A datagram socket of this host, such as `/dev/log`.
    Unix(PathBuf),
    /// `host:port` by UDP.
    Udp(String),
    /// `host:port` by TCP.
    Tcp(String),
}

impl FromStr for SyslogAddress {
    type Err = SinkError;

    /// Reads `unix:/dev/log`, `udp:loghost:514` or `tcp:loghost:601`.
    fn from_str(text: &str) -> Result<Self, SinkError> {
        let has_port = |address: &str| address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        match text.split_once(':') {
            Some(("unix", path)) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(("udp", address)) if has_port(address) => Ok(Self::Udp(address.to_owned())),
            Some(("tcp", address)) if has_port(address) => Ok(Self::Tcp(address.to_owned())),
            _ => Err(SinkError(format!(
                "`{text}` is no syslog address; write unix:/dev/log, udp:host:514 or tcp:host:601"
            ))),
        }
    }
}

/// Sends seals to a syslog daemon.
#[derive(Debug)]
pub struct SyslogSink {
    name: String,
    address: SyslogAddress,
    host: String,
    connection: Mutex<Option<TcpStream>>,
}

impl SyslogSink {
    /// Sends to this address; `host` is what messages say they come from (empty: nothing).
    #[must_use]
    pub fn new(address: SyslogAddress, host: &str) -> Self {
        let name = match &address {
            SyslogAddress::Unix(path) => format!("syslog:unix:{}", path.display()),
            SyslogAddress::Udp(address) => format!("syslog:udp:{address}"),
            SyslogAddress::Tcp(address) => format!("syslog:tcp:{address}"),
        };
        // RFC 5424 allows printable ASCII without spaces here.
        let host: String = host.chars().filter(char::is_ascii_graphic).take(255).collect();
        let host = if host.is_empty() { "-".to_owned() } else { host };
        Self { name, address, host, connection: Mutex::default() }
    }

    /// `<109>1 2026-03-02T09:00:00Z host palisade - seal - seal: origin\n15\n…`; the line ends of the note are written
    /// as `\n`, so that it stays one line in every log.
    fn message(&self, seal: &OutgoingSeal) -> String {
        let (at, host) = (timestamp(seal.at), &self.host);
        let note = seal.note.replace('\n', "\\n");
        format!("<{PRIORITY}>1 {at} {host} {APP_NAME} - seal - seal: {note}")
    }

    async fn send_by_tcp(&self, address: &str, seals: &[OutgoingSeal]) -> std::io::Result<()> {
        let frames: String = seals
            .iter()
            .map(|seal| {
                let message = self.message(seal);
                format!("{} {message}", message.len())
            })
            .collect();
        // The connection is put back only after all went well: after a failure the next try makes a new one.
        let mut kept = self.connection.lock().await;
        let mut stream = match kept.take().filter(is_open) {
            Some(stream) => stream,
            None => TcpStream::connect(address).await?,
        };
        stream.write_all(frames.as_bytes()).await?;
        stream.flush().await?;
        *kept = Some(stream);
        Ok(())
    }

    async fn send(&self, seals: &[OutgoingSeal]) -> std::io::Result<()> {
        match &self.address {
            SyslogAddress::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                for seal in seals {
                    socket.send_to(self.message(seal).as_bytes(), path).await?;
                }
            }
            SyslogAddress::Udp(address) => {
                let target = resolve(address).await?;
                let socket = UdpSocket::bind(unspecified(target)).await?;
                // Connected, so that "nobody listens there" comes back as an error with the next send.
                socket.connect(target).await?;
                for seal in seals {
                    socket.send(self.message(seal).as_bytes()).await?;
                }
            }
            SyslogAddress::Tcp(address) => self.send_by_tcp(address, seals).await?,
        }
        Ok(())
    }
}

#[async_trait]
impl Sink for SyslogSink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, seals: &[OutgoingSeal]) -> Result<(), SinkError> {
        self.send(seals).await.map_err(|e| SinkError(format!("{}: {e}; does a syslog daemon listen there?", self.name)))
    }
}

/// Whether the daemon has not hung up meanwhile; writing to it then would seem to work once.
fn is_open(stream: &TcpStream) -> bool {
    let mut byte = [0];
    matches!(stream.try_read(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

async fn resolve(address: &str) -> std::io::Result<SocketAddr> {
    let found = lookup_host(address).await?.next();
    found.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address"))
}

fn unspecified(target: SocketAddr) -> SocketAddr {
    match target {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

/// RFC 5424 wants RFC 3339 with at most six digits of a second, which is what an instant prints.
fn timestamp(at: Instant) -> String {
    at.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        assert_eq!("unix:/dev/log".parse::<SyslogAddress>().unwrap(), SyslogAddress::Unix("/dev/log".into()));
        assert_eq!("udp:[::1]:514".parse::<SyslogAddress>().unwrap(), SyslogAddress::Udp("[::1]:514".into()));
        for wrong in ["/dev/log", "tcp:loghost", "tls:loghost:6514", "udp:loghost:99999"] {
            assert!(wrong.parse::<SyslogAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_message_is_one_line_of_rfc_5424() {
        let sink = SyslogSink::new(SyslogAddress::Unix("/dev/log".into()), "depot one");
        let at = Instant::parse("2026-03-02T09:00:00.5Z").unwrap();
        let seal = OutgoingSeal { size: 15, note: "a\n15\nb\n\n\u{2014} a c\n".into(), at };
        assert_eq!(
            sink.message(&seal),
            "<109>1 2026-03-02T09:00:00.5Z depotone palisade - seal - seal: a\\n15\\nb\\n\\n\u{2014} a c\\n"
        );
    }
}
