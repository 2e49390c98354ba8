//! The vault: a key outside the database, and what is encrypted under it inside.
#![doc = include_str!("../README.md")]

mod cipher;
mod column;
mod error;
mod key_file;
mod policy;
mod ring;
mod rng;
mod rotation;
mod store;
mod vault;

pub use column::{EncryptedColumn, Place};
pub use error::{KeyFileError, VaultError};
pub use key_file::KeyFile;
pub use policy::{MANAGE_KEYS, ManageKeys, may_manage_keys};
pub use rng::SystemRng;
pub use rotation::Rotation;
pub use vault::{Vault, VaultStatus};

/// The tables of this crate.
pub const MIGRATIONS: palisade_store::MigrationSet = palisade_store::migrations!("keys", [1 => "0001_vault"]);

/// Every statement of this crate, for the test that prepares them all.
#[doc(hidden)]
pub const STATEMENTS: &[palisade_store::Statement] = store::STATEMENTS;
