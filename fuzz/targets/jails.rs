//! Any text as `jail.conf`, beside a sound filter: it is read or refused, and no jail bans the loopback.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_base::Instant;
use palisade_jail::{Jail, JailFiles, MemoryFiles};

fuzz_target!(|text: &str| {
    let filter =
        "[INCLUDES]\nbefore = common.conf\n[Definition]\nfailregex = ^%(p)s<m-<mode>> <HOST>\nm-a = x\nmode = a\n";
    let files = MemoryFiles::new(&[
        ("jail.conf", text),
        ("filter.d/a.conf", filter),
        ("filter.d/common.conf", "[DEFAULT]\np = \\s*\n"),
    ]);
    let Ok(found) = JailFiles::read(&files) else { return };
    for config in found.jails {
        let mut jail = Jail::with_capacity(config.policy, 10);
        let now = Instant::from_micros(1_772_000_000_000_000);
        for last in 1..=9 {
            assert_eq!(jail.record_failure([127, 0, 0, last].into(), now, now, &[]), None);
            jail.record_failure([203, 0, 113, last].into(), now, now, &[]);
        }
    }
});
