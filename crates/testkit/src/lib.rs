//! What tests stand on: a clock set by hand, randomness from a seed, a real database for each test.
#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use this crate; a panic is a failed test"
)]

mod database;
mod env;
mod mariadb;
mod namespaces;
mod pebble;
mod ports;
mod postgres;
pub mod scratch;
mod store;
pub mod upstream;

pub use database::TestDatabase;
pub use env::{ManualClock, SeededRng, TestEnv};
pub use mariadb::Mariadb;
pub use namespaces::{CLIENT, CLIENT_V6, HOST, HOST_V6, Namespaces, OTHER_CLIENT, THIRD_CLIENT};
pub use pebble::{Contract, Pebble, PebblePorts};
pub use ports::{free_port, free_ports};
pub use postgres::{Postgres, PrivatePostgres};
pub use store::{TestStore, prepare_all};

/// Declares each test twice: on SQLite and on PostgreSQL.
///
/// The migrations come from a constant `MIGRATOR: Migrator` in scope at the call.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$doc:meta])* async fn $name:ident($db:ident: TestStore) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "a test may need nothing from its module")]
            use super::*;

            async fn check($db: $crate::TestStore) $body

            $(#[$doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                check($crate::TestStore::sqlite(MIGRATOR).await).await;
            }

            $(#[$doc])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                check($crate::TestStore::postgres(MIGRATOR).await).await;
            }
        }
    )*};
}
