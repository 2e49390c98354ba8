//! Any bytes as the body of a request, cut anywhere: the scanner finds the same fields, and never more than it may keep.
#![no_main]

// The files themselves: to build the whole gate with instrumentation, for these alone, takes minutes.
#[allow(dead_code, reason = "the gate uses the rest")]
#[path = "../../crates/gate/src/calls.rs"]
mod calls;
#[path = "../../crates/gate/src/ways_in/command.rs"]
mod command;
#[allow(dead_code, reason = "the gate uses the rest")]
#[path = "../../crates/gate/src/ways_in/fields/mod.rs"]
mod fields;

use fields::{FieldScanner, Findings};
use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;

const TYPES: [&str; 4] = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=b",
    "multipart/form-data, application/json, application/x-www-form-urlencoded",
];

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (kind, cut, body) = input;
    let value = HeaderValue::from_static(TYPES[usize::from(kind) % TYPES.len()]);
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, value)]);
    let whole = found(&headers, [body]);
    let pieces = found(&headers, body.chunks(usize::from(cut) + 1));
    assert_eq!(whole, pieces, "where a body is cut decides what is in it");
    assert!(!whole.commands.is_empty() || !whole.way_in, "a way in without a command");
    assert!(whole.account.is_none_or(|name| name.chars().count() <= 100), "a long name");
});

fn found<'a>(headers: &HeaderMap, pieces: impl IntoIterator<Item = &'a [u8]>) -> Findings {
    let Some(mut scanner) = FieldScanner::for_body(headers) else { panic!("no scanner for a form") };
    pieces.into_iter().for_each(|piece| scanner.feed(piece));
    scanner.findings()
}
