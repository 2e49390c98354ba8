//! The whole system, opened as the binary opens it.

mod opening;

use palisade_store::Migrator;

const MIGRATOR: Migrator = palisade_server::MIGRATOR;
