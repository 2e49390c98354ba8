//! Any bytes as a request to the helper: it is read or refused, and what was read survives being written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_helper::protocol::Request;

fuzz_target!(|bytes: &[u8]| {
    let Ok(request) = Request::read(bytes) else { return };
    let written = serde_json::to_vec(&request).expect("a request has a form in JSON");
    assert_eq!(Request::read(&written), Ok(request));
});
