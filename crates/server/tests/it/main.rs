//! The whole system, opened as the binary opens it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is a failed test")]

mod opening;
mod sign_in_attempts;
mod two_hosts;

use palisade_store::Migrator;

const MIGRATOR: Migrator = palisade_server::MIGRATOR;
