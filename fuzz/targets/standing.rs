//! Any bytes as a packed standing: they are read or refused, and what was read is written again as it was.
#![no_main]

// The two files alone, and not their crate: it would bring two database engines into every build of these targets.
#[path = "../../crates/kpi/src/standing/pack.rs"]
mod pack;
#[path = "../../crates/kpi/src/standing/source.rs"]
mod source;

use libfuzzer_sys::fuzz_target;
use pack::{CategoryEntry, Entry, SkillEntry, ToolEntry};
use source::Source;

fuzz_target!(|bytes: &[u8]| {
    read_again::<SkillEntry>(bytes);
    read_again::<ToolEntry>(bytes);
    read_again::<CategoryEntry>(bytes);
});

/// There is one spelling of everything.
fn read_again<E: Entry>(bytes: &[u8]) {
    if let Ok(entries) = pack::unpack::<E>(bytes) {
        assert_eq!(pack::pack(&entries), bytes);
    }
}
