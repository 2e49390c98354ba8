//! Any text as a filter, and any bytes as lines of a log: the filter is read or refused, every line gets a verdict, and
//! whoever is accused stands in one of the lines.
#![no_main]

use std::{net::IpAddr, sync::Arc};

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use palisade_base::Instant;
use palisade_jail::{Filter, Judge, MemoryFiles, Verdict};

fuzz_target!(|bytes: &[u8]| {
    let (definition, log) = bytes.split_at(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
    let text = format!("[Definition]\n{}", String::from_utf8_lossy(definition));
    let files = MemoryFiles::new(&[("filter.d/a.conf", &text), ("filter.d/b.conf", "[DEFAULT]\nx = ^\\S+ \n")]);
    let Ok(filter) = Filter::read(&files, "a") else { return };
    let mut judge = Judge::new(Arc::new(filter), TimeZone::UTC);
    let now = Instant::from_micros(1_772_000_000_000_000);
    for line in log.split(|&byte| byte == b'\n') {
        if let Verdict::Failure(failure) = judge.judge(line, now)
            && let Some(address) = failure.host.address()
        {
            assert!(failure.at <= now, "a failure of the future");
            assert!(stands_in(address, log), "{address} stands nowhere in the log");
        }
    }
});

/// Whether some run of the characters of addresses, its ends trimmed, is this address.
fn stands_in(address: IpAddr, log: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    let runs = log.split(|byte| !is_part(byte)).filter_map(|run| std::str::from_utf8(run).ok());
    runs.into_iter().any(|run| {
        let starts = (0..run.len()).filter(|&start| run.is_char_boundary(start));
        starts.into_iter().any(|start| {
            let ends = (start + 1..=run.len()).rev();
            ends.into_iter().any(|end| run[start..end].parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical() == address))
        })
    })
}
