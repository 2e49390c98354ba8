//! The head of an HTTP/1.1 request: what is refused before anything else reads it.
//!
//! hyper itself is safe against smuggling, but it drops what it does not use (a Content-Length beside a
//! Transfer-Encoding, the second of two equal ones) instead of refusing it. Another program in the chain may have
//! read the same bytes otherwise, so whatever two programs could read in two ways is refused here.

/// What a client did wrong on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireFault {
    /// Not HTTP, or a message that can be read in two ways (400).
    Malformed(&'static str),
    /// The address is too long (414).
    UriTooLong,
    /// The headers are too many or too large (431).
    HeadersTooLarge,
    /// The headers did not arrive in time (408).
    HeadersTooSlow,
}

/// How the body of a message is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes; 0 where there is no body.
    Length(u64),
    /// In chunks.
    Chunked,
    /// There is none, and the client wants the connection to become something else: what follows may be no HTTP.
    Upgrade,
}

/// The sizes that a head may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadLimits {
    /// All of it, in bytes.
    pub(crate) bytes: usize,
    /// Headers.
    pub(crate) headers: usize,
    /// The address, in bytes.
    pub(crate) uri: usize,
}

/// The end of the head, if it is all there. Only an empty line with both CR and LF ends it.
pub(crate) fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(3);
    bytes.get(from..)?.windows(4).position(|window| window == b"\r\n\r\n").map(|at| from + at + 4)
}

/// What is wrong with the beginning of a head that is not complete yet, as far as it can be known.
pub(crate) fn inspect_partial(bytes: &[u8], limits: &HeadLimits) -> Option<WireFault> {
    // The first line has a method and a version besides the address.
    let line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    if line > limits.uri + 64 {
        return Some(WireFault::UriTooLong);
    }
    (bytes.len() > limits.bytes).then_some(WireFault::HeadersTooLarge)
}

/// Reads a whole head, and says how its body is delimited.
pub(crate) fn inspect(head: &[u8], limits: &HeadLimits) -> Result<Framing, WireFault> {
    if head.len() > limits.bytes {
        return Err(WireFault::HeadersTooLarge);
    }
    check_line_ends(head)?;
    let mut headers = vec![httparse::EMPTY_HEADER; limits.headers];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Ok(_) => return Err(WireFault::Malformed("the head ends early")),
        Err(httparse::Error::TooManyHeaders) => return Err(WireFault::HeadersTooLarge),
        Err(_) => return Err(WireFault::Malformed("no HTTP request")),
    }
    let uri = request.path.unwrap_or_default();
    if uri.len() > limits.uri {
        return Err(WireFault::UriTooLong);
    }
    uri.parse::<http::Uri>().map_err(|_| WireFault::Malformed("no address"))?;
    let is_1_0 = request.version == Some(0);
    check_host(request.headers, is_1_0)?;
    match framing(request.headers, is_1_0)? {
        Framing::Length(0) if !is_1_0 && named(request.headers, "upgrade").next().is_some() => Ok(Framing::Upgrade),
        framing => Ok(framing),
    }
}

fn check_line_ends(head: &[u8]) -> Result<(), WireFault> {
    let mut before = 0;
    for &byte in head {
        if (byte == b'\n') != (before == b'\r') {
            return Err(WireFault::Malformed("a line ends in CR or LF alone"));
        }
        if byte == 0 {
            return Err(WireFault::Malformed("a zero byte"));
        }
        before = byte;
    }
    Ok(())
}

fn check_host(headers: &[httparse::Header<'_>], is_1_0: bool) -> Result<(), WireFault> {
    match (named(headers, "host").count(), is_1_0) {
        (1, _) | (0, true) => Ok(()),
        (0, false) => Err(WireFault::Malformed("no Host")),
        _ => Err(WireFault::Malformed("more than one Host")),
    }
}

fn framing(headers: &[httparse::Header<'_>], is_1_0: bool) -> Result<Framing, WireFault> {
    let mut lengths = named(headers, "content-length");
    let mut encodings = named(headers, "transfer-encoding");
    match (lengths.next(), encodings.next()) {
        (None, None) => Ok(Framing::Length(0)),
        (Some(_), Some(_)) => Err(WireFault::Malformed("Content-Length and Transfer-Encoding")),
        (Some(_), None) if lengths.next().is_some() => Err(WireFault::Malformed("more than one Content-Length")),
        (Some(length), None) => content_length(length).map(Framing::Length),
        (None, Some(_)) if is_1_0 => Err(WireFault::Malformed("Transfer-Encoding in HTTP/1.0")),
        (None, Some(_)) if encodings.next().is_some() => Err(WireFault::Malformed("more than one Transfer-Encoding")),
        (None, Some(encoding)) if encoding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        (None, Some(_)) => Err(WireFault::Malformed("a Transfer-Encoding other than chunked")),
    }
}

fn content_length(value: &[u8]) -> Result<u64, WireFault> {
    let bad = WireFault::Malformed("Content-Length is no number");
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(bad);
    }
    std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).ok_or(bad)
}

fn named<'a>(headers: &'a [httparse::Header<'_>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: HeadLimits = HeadLimits { bytes: 4_096, headers: 16, uri: 1_024 };

    fn read(headers: &str) -> Result<Framing, WireFault> {
        inspect(format!("POST /x HTTP/1.1\r\nHost: a\r\n{headers}\r\n").as_bytes(), &LIMITS)
    }

    #[test]
    fn plain_messages_are_delimited() {
        assert_eq!(read(""), Ok(Framing::Length(0)));
        assert_eq!(read("Content-Length: 12\r\n"), Ok(Framing::Length(12)));
        assert_eq!(read("transfer-encoding: Chunked\r\n"), Ok(Framing::Chunked));
        assert_eq!(read("Upgrade: websocket\r\n"), Ok(Framing::Upgrade));
        assert_eq!(read("Upgrade: websocket\r\nContent-Length: 2\r\n"), Ok(Framing::Length(2)));
        assert_eq!(inspect(b"GET / HTTP/1.0\r\n\r\n", &LIMITS), Ok(Framing::Length(0)));
        assert_eq!(inspect(b"GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n", &LIMITS), Ok(Framing::Length(0)));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for headers in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: \r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding:\x0bchunked\r\n",
            "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding\r\n : chunked\r\n",
            "X: a\r\n folded\r\n",
            "X: a\nY: b\r\n",
            "X: a\rY: b\r\n",
            "X: a\0b\r\n",
            "Host: b\r\n",
            "X y: z\r\n",
        ] {
            assert!(matches!(read(headers), Err(WireFault::Malformed(_))), "{headers:?}: {:?}", read(headers));
        }
        for head in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET /\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert!(matches!(inspect(head.as_bytes(), &LIMITS), Err(WireFault::Malformed(_))), "{head:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_told_apart() {
        let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(1_100));
        assert_eq!(inspect(long.as_bytes(), &LIMITS), Err(WireFault::UriTooLong));
        assert_eq!(read(&"X: y\r\n".repeat(16)), Err(WireFault::HeadersTooLarge));
        assert_eq!(read(&format!("X: {}\r\n", "y".repeat(5_000))), Err(WireFault::HeadersTooLarge));
        assert_eq!(inspect_partial(&[b'a'; 1_100], &LIMITS), Some(WireFault::UriTooLong));
        assert_eq!(
            inspect_partial(&[b"GET / HTTP/1.1\r\n".as_slice(), &[b'a'; 5_000]].concat(), &LIMITS),
            Some(WireFault::HeadersTooLarge)
        );
        assert_eq!(inspect_partial(b"GET / HTTP/1.1\r\nHost:", &LIMITS), None);
    }

    proptest! {
        /// No bytes make it panic, and what it accepts has one Host and one meaning of its length.
        #[test]
        fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = inspect(&bytes, &LIMITS);
            let _ = inspect_partial(&bytes, &LIMITS);
            let _ = end_of_head(&bytes, bytes.len() / 2);
        }

        #[test]
        fn headers_in_any_mix_are_judged(lines in proptest::collection::vec(
            prop_oneof![
                Just("Content-Length: 5"), Just("content-length:6"), Just("Transfer-Encoding: chunked"),
                Just("TRANSFER-ENCODING: gzip"), Just("Host: b"), Just("X: y"), Just(" folded"), Just("Content_Length: 7"),
            ], 0..5)) {
            let headers: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let count = |name: &str| lines.iter().filter(|l| l.to_ascii_lowercase().starts_with(name)).count();
            if read(&headers).is_ok() {
                prop_assert!(count("content-length") + count("transfer-encoding") <= 1);
                prop_assert_eq!(count("host"), 0);
                prop_assert_eq!(count(" "), 0);
            }
        }
    }
}
