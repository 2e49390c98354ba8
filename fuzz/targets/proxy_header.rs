//! Any bytes as the start of a connection behind a proxy: a PROXY header is read to its last byte and not beyond, and what
//! follows it changes nothing.
#![no_main]

// The file alone: to build the whole gate with instrumentation, for this alone, takes minutes.
#[allow(dead_code, reason = "the gate uses the rest")]
#[path = "../../crates/gate/src/proxy_protocol.rs"]
mod proxy_protocol;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use libfuzzer_sys::fuzz_target;
use proxy_protocol::ProxyHeader;

/// A line of version 1 is shorter than this, and so is what is taken of version 2.
const LONGEST: usize = 16 + 2_048;

/// How headers begin, so that the fuzzer need not find it letter by letter: the first byte of its input chooses.
const BEGINNINGS: [&[u8]; 8] = [
    b"",
    b"PROXY ",
    b"PROXY UNKNOWN",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 ",
    b"PROXY TCP6 ::ffff:192.0.2.7 ",
    b"\r\n\r\n\0\r\nQUIT\n",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x21\x00",
];

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, rest) = input;
    let bytes = &*[BEGINNINGS[usize::from(kind) % BEGINNINGS.len()], rest].concat();
    let Some((header, length)) = read(bytes) else { return };
    assert!(length <= LONGEST && length <= bytes.len(), "read too far");
    assert_eq!(read(&bytes[..length]), Some((header, length)), "what follows decides");
    assert!(read(&bytes[..length - 1]).is_none(), "a part of a header is none");
    if let ProxyHeader::Client(client) = header {
        assert_eq!(client.ip().to_canonical(), client.ip(), "an IPv4 address in another form");
    }
});

/// What the header says, and how long it is. Bytes that are there already never make a reader wait.
fn read(bytes: &[u8]) -> Option<(ProxyHeader, usize)> {
    let mut rest = bytes;
    let outcome = {
        let reading = pin!(proxy_protocol::read(&mut rest));
        match reading.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("nothing more will come"),
        }
    };
    outcome.ok().map(|header| (header, bytes.len() - rest.len()))
}
