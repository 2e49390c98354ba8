//! Bans, on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod check;
mod jails;
mod manual;
mod nodes;
mod own_jails;
mod world;

use palisade_store::{Migrator, STORE_MIGRATIONS};
use palisade_testkit::{on_both_engines, prepare_all};

const MIGRATOR: Migrator = Migrator(&[STORE_MIGRATIONS, palisade_bans::MIGRATIONS]);

on_both_engines! {
    async fn every_statement_is_understood(db: TestStore) {
        prepare_all(&db, palisade_bans::STATEMENTS).await;
    }
}
