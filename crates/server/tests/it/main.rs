//! The whole system, opened as the binary opens it.
#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod opening;

use palisade_store::Migrator;

const MIGRATOR: Migrator = palisade_server::MIGRATOR;
