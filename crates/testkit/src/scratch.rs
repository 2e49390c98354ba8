//! Folders for what a test needs while it runs.

use std::{process::Command, sync::LazyLock};

use tempfile::TempDir;

/// Memory that looks like a disk.
const IN_MEMORY: &str = "/dev/shm";
/// So much of it has to be free: ten times what all tests of a run need.
const ROOMY_MIB: u64 = 2_048;

/// A folder that goes with the test: in memory where there is room.
///
/// Every change waits for the disk, as it should. On one that is busy with something else a sign-in, which is half a dozen of
/// them, then takes longer than any test waits. What durability promises is tested apart.
///
/// # Panics
/// It can't be made.
#[must_use]
pub fn folder(prefix: &str) -> TempDir {
    let made = if *IS_ROOMY { TempDir::with_prefix_in(prefix, IN_MEMORY) } else { TempDir::with_prefix(prefix) };
    made.unwrap()
}

/// Asked once for each test process.
static IS_ROOMY: LazyLock<bool> = LazyLock::new(is_roomy);

fn is_roomy() -> bool {
    let said = Command::new("df").args(["--output=avail", "-BM", IN_MEMORY]).output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let free = said.lines().nth(1).and_then(|line| line.trim().trim_end_matches('M').parse::<u64>().ok());
    free.is_some_and(|free| free >= ROOMY_MIB)
}
