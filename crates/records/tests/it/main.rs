//! The record layer on both engines.

mod directory;

use palisade_store::{Migrator, STORE_MIGRATIONS};

const MIGRATOR: Migrator = Migrator(&[STORE_MIGRATIONS, palisade_records::MIGRATIONS]);
