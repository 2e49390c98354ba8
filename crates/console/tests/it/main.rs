//! The console's pages, driven as a browser drives them, on a real database.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail loudly too")]

mod account;
mod bans;
mod browser;
mod certificates;
mod hand_off;
mod policies;
mod posture;
mod roles;
mod sign_in;
mod site;
mod trail;
mod users;

use palisade_store::{Migrator, STORE_MIGRATIONS};

const MIGRATOR: Migrator = Migrator(&[
    STORE_MIGRATIONS,
    palisade_keys::MIGRATIONS,
    palisade_records::MIGRATIONS,
    palisade_identity::MIGRATIONS,
    palisade_trail::MIGRATIONS,
    palisade_bans::MIGRATIONS,
    palisade_posture::MIGRATIONS,
]);
