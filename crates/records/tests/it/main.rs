//! The record layer on both engines.
#![expect(clippy::unwrap_used, reason = "a panic here is a failed test")]

mod directory;
mod values;

use palisade_store::{Migrator, STORE_MIGRATIONS};

const MIGRATOR: Migrator = Migrator(&[STORE_MIGRATIONS, palisade_records::MIGRATIONS]);
