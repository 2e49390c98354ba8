//! Identity, on both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic here is a failed test")]

mod crowd;
mod dump;
mod factors;
mod jwt;
mod keys;
mod links;
mod parsers;
mod roles;
mod sessions;
mod settings;
mod sign_in;
mod site_sessions;
mod users;
mod world;

use palisade_store::{MigrationSet, Migrator, STORE_MIGRATIONS};

const SETS: &[MigrationSet] =
    &[STORE_MIGRATIONS, palisade_keys::MIGRATIONS, palisade_records::MIGRATIONS, palisade_identity::MIGRATIONS];
const MIGRATOR: Migrator = Migrator(SETS);
