//! The PROXY protocol, version 1 (a line) and 2 (binary): how a trusted proxy says, before the first byte of TLS, whose
//! connection it relays.
//!
//! Written by hand, since it is a page of code, and the reading has to stop at exactly its last byte: what follows is TLS's.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use thiserror::Error as ThisError;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What begins version 2.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, its end included.
const LINE: usize = 107;
/// The longest rest of version 2 that is taken: addresses have 36 bytes, and proxies add some hundreds at the most.
const REST: usize = 2_048;

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyHeader {
    /// The connection is this client's.
    Client(SocketAddr),
    /// It is the proxy's own, as to see whether we live; or the proxy does not know whose it is.
    Proxy,
}

/// There is no header that can be read.
#[derive(Debug, ThisError)]
pub(crate) enum ProxyHeaderError {
    /// The connection broke off.
    #[error("the connection ended within the PROXY header: {0}")]
    Broken(#[from] io::Error),
    /// Something else came.
    #[error("the connection does not begin with a PROXY header")]
    Missing,
    /// A header that says nothing that can be understood.
    #[error("the PROXY header can't be read: {0}")]
    Malformed(&'static str),
}

use ProxyHeaderError::{Malformed, Missing};

/// Reads the header, and not a byte beyond it.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<ProxyHeader, ProxyHeaderError> {
    let mut start = [0; SIGNATURE.len()];
    stream.read_exact(&mut start).await?;
    if start == SIGNATURE {
        let mut head = [0; 4];
        stream.read_exact(&mut head).await?;
        let mut rest = vec![0; length_of(&head)?];
        stream.read_exact(&mut rest).await?;
        return binary(&head, &rest);
    }
    if !start.starts_with(b"PROXY ") {
        return Err(Missing);
    }
    let mut text = start.to_vec();
    while !text.ends_with(b"\r\n") {
        if text.len() >= LINE {
            return Err(Malformed("its line is too long"));
        }
        text.push(stream.read_u8().await?);
    }
    line(&text)
}

/// `PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n`, or `PROXY UNKNOWN` with whatever follows.
fn line(text: &[u8]) -> Result<ProxyHeader, ProxyHeaderError> {
    let text = text.strip_suffix(b"\r\n").ok_or(Malformed("its line has no end"))?;
    let text = std::str::from_utf8(text).map_err(|_| Malformed("its line is not ASCII"))?;
    let words: Vec<&str> = text.split(' ').collect();
    match words[..] {
        ["PROXY", "UNKNOWN", ..] => Ok(ProxyHeader::Proxy),
        ["PROXY", family, source, target, port, target_port] => {
            let address = |word: &str| word.parse::<IpAddr>().map_err(|_| Malformed("an address is none"));
            let (source, target) = (address(source)?, address(target)?);
            let fits = match family {
                "TCP4" => source.is_ipv4() && target.is_ipv4(),
                "TCP6" => source.is_ipv6() && target.is_ipv6(),
                _ => false,
            };
            if !fits {
                return Err(Malformed("the addresses are not of the family that it names"));
            }
            port_of(target_port)?;
            Ok(ProxyHeader::Client(SocketAddr::new(source.to_canonical(), port_of(port)?)))
        }
        _ => Err(Malformed("its line has not six words")),
    }
}

fn port_of(word: &str) -> Result<u16, ProxyHeaderError> {
    let plain = word.bytes().all(|b| b.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    word.parse().ok().filter(|_| plain).ok_or(Malformed("a port is none"))
}

fn length_of(head: &[u8; 4]) -> Result<usize, ProxyHeaderError> {
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    if length > REST { Err(Malformed("it is too long")) } else { Ok(length) }
}

/// Version 2 after its signature: version and command, family and protocol, length; then addresses, ports, and more.
fn binary(head: &[u8; 4], rest: &[u8]) -> Result<ProxyHeader, ProxyHeaderError> {
    match head[0] {
        0x20 => return Ok(ProxyHeader::Proxy),
        0x21 => {}
        _ => return Err(Malformed("its version or its command is unknown")),
    }
    let short = Malformed("it is too short for its addresses");
    match head[1] {
        0x11 => {
            let bytes: &[u8; 12] = rest.first_chunk().ok_or(short)?;
            let source = Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]);
            Ok(ProxyHeader::Client(SocketAddr::from((source, u16::from_be_bytes([bytes[8], bytes[9]])))))
        }
        0x21 => {
            let bytes: &[u8; 36] = rest.first_chunk().ok_or(short)?;
            let source: &[u8; 16] = bytes.first_chunk().ok_or(Malformed("it is too short for its addresses"))?;
            let source = IpAddr::V6(Ipv6Addr::from(*source)).to_canonical();
            Ok(ProxyHeader::Client(SocketAddr::new(source, u16::from_be_bytes([bytes[32], bytes[33]]))))
        }
        // Unspecified, and unix sockets: the connection is taken as the proxy's own.
        0x00 | 0x31 => Ok(ProxyHeader::Proxy),
        _ => Err(Malformed("its family or its protocol can't be a connection here")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What it says, and how many bytes of it were read.
    fn parse(bytes: &[u8]) -> Result<(ProxyHeader, usize), ProxyHeaderError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut stream = bytes;
        let header = runtime.block_on(read(&mut stream))?;
        Ok((header, bytes.len() - stream.len()))
    }

    fn client(bytes: &[u8]) -> String {
        match parse(bytes).unwrap() {
            (ProxyHeader::Client(address), _) => address.to_string(),
            (ProxyHeader::Proxy, _) => "the proxy".to_owned(),
        }
    }

    fn v2(head: [u8; 2], rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &head, &length, rest].concat()
    }

    #[test]
    fn a_line_names_the_client() {
        assert_eq!(client(b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nrest"), "192.0.2.7:56324");
        assert_eq!(client(b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n"), "[2001:db8::7]:56324");
        assert_eq!(client(b"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 443\r\n"), "192.0.2.7:1");
        assert_eq!(client(b"PROXY UNKNOWN\r\n"), "the proxy");
        assert_eq!(client(b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), "the proxy");
    }

    #[test]
    fn the_binary_form_names_the_client() {
        let v4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb];
        assert_eq!(client(&v2([0x21, 0x11], &v4)), "192.0.2.7:56324");
        let with_more = [&v4[..], &[0x03, 0, 4, 1, 2, 3, 4]].concat();
        assert_eq!(parse(&v2([0x21, 0x11], &with_more)).unwrap().1, 16 + 19);
        let v6 = [&Ipv6Addr::LOCALHOST.octets()[..], &Ipv6Addr::LOCALHOST.octets()[..], &[0, 7, 1, 0xbb]].concat();
        assert_eq!(client(&v2([0x21, 0x21], &v6)), "[::1]:7");
        assert_eq!(client(&v2([0x20, 0x00], &[])), "the proxy");
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let lines: [&[u8]; 10] = [
            b"GET / HTTP/1.1\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n",
            b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 056324 443\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 +1 443\r\n",
            b"PROXY  TCP4 192.0.2.7 198.51.100.1 1 443\r\n",
            b"PROXY UDP4 192.0.2.7 198.51.100.1 1 443\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 1 443\n",
            b"PROXY TCP4 192.0.2.\xff 198.51.100.1 1 443\r\n",
        ];
        for bytes in lines {
            assert!(parse(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
        let long = [b"PROXY UNKNOWN ".as_slice(), &[b'a'; 200], b"\r\n"].concat();
        assert!(parse(&long).is_err());
        for bytes in [
            v2([0x11, 0x11], &[0; 12]),
            v2([0x21, 0x11], &[0; 11]),
            v2([0x21, 0x12], &[0; 12]),
            v2([0x21, 0x21], &[0; 35]),
        ] {
            assert!(parse(&bytes).is_err(), "{bytes:?}");
        }
        assert!(parse(&[&SIGNATURE[..], &[0x21, 0x11, 0xff, 0xff]].concat()).is_err());
    }

    proptest! {
        /// Any bytes are a header within its own length, or refused; what follows the header stays unread.
        #[test]
        fn any_bytes_are_read_within_their_bounds(
            start in prop_oneof![Just(b"PROXY ".to_vec()), Just(SIGNATURE.to_vec()), Just(vec![])],
            rest in proptest::collection::vec(any::<u8>(), 0..160),
        ) {
            let bytes = [start, rest].concat();
            if let Ok((header, length)) = parse(&bytes) {
                prop_assert!((15..=SIGNATURE.len() + 4 + REST).contains(&length));
                prop_assert_eq!(parse(&bytes[..length]).unwrap(), (header, length));
            }
        }
    }
}
