//! Any bytes as a workbook: it is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_sheets::{Limits, read_workbook};

fuzz_target!(|bytes: &[u8]| {
    let _ = read_workbook(bytes, &Limits::default());
});
