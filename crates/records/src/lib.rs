//! The one data path: record types are declared once, and everything that reaches a record goes through the declaration.

pub mod directory;
mod text;

use palisade_store::MigrationSet;

/// The tables of this crate.
pub const MIGRATIONS: MigrationSet = palisade_store::migrations!("records", [1 => "0001_person"]);
