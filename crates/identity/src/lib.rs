//! Who somebody is: users, passwords, second factors, sessions, roles, API keys, and the settings that govern them.
#![doc = include_str!("../README.md")]

pub mod model;
pub mod password;
pub mod permissions;
pub mod policy;
mod service;
pub mod settings;
mod store;

use palisade_keys::EncryptedColumn;
use palisade_store::{MigrationSet, ValueKind};

pub use service::{Enrolled, HandOffTarget, Identity, IdentityConfig, Names};
#[doc(hidden)]
pub use store::STATEMENTS;

/// The tables of this crate. They refer to the directory's, so the record layer's come first.
pub const MIGRATIONS: MigrationSet = palisade_store::migrations!("identity", [
    1 => "0001_identity",
    2 => "0002_bind_waiting_factor",
    3 => "0003_site_sessions",
]);

/// The columns that the vault encrypts: to be registered when it is opened.
pub const ENCRYPTED_COLUMNS: &[EncryptedColumn] = &[
    EncryptedColumn { table: "totp_factor", column: "seed", id_column: "id", id_kind: ValueKind::Id },
    EncryptedColumn { table: "identity_key", column: "seed", id_column: "id", id_kind: ValueKind::Id },
];
