//! The trail, on both engines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic here is a failed test")]

mod export;
mod seals;
mod search;
mod sinks;
mod support;
mod verify;

use palisade_store::{MigrationSet, Migrator, STORE_MIGRATIONS};

const SETS: &[MigrationSet] = &[STORE_MIGRATIONS, palisade_keys::MIGRATIONS, palisade_trail::MIGRATIONS];
const MIGRATOR: Migrator = Migrator(SETS);
