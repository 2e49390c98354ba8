//! Keys and the vault, on both engines.
#![expect(clippy::unwrap_used, reason = "a panic here is a failed test")]

mod key_file;
mod vault;

use palisade_keys::{EncryptedColumn, MIGRATIONS};
use palisade_store::{Migration, MigrationSet, Migrator, STORE_MIGRATIONS, ValueKind};

/// Tables with encrypted columns, for these tests.
const SETS: &[MigrationSet] = &[
    STORE_MIGRATIONS,
    MIGRATIONS,
    MigrationSet {
        owner: "test",
        migrations: &[Migration {
            version: 1,
            name: "0001_factor",
            sqlite: "CREATE TABLE factor (id BLOB PRIMARY KEY, seed BLOB, spare BLOB) STRICT",
            postgres: "CREATE TABLE factor (id UUID PRIMARY KEY, seed BYTEA, spare BYTEA)",
        }],
        append_only: &[],
    },
];
const MIGRATOR: Migrator = Migrator(SETS);

const SEED: EncryptedColumn =
    EncryptedColumn { table: "factor", column: "seed", id_column: "id", id_kind: ValueKind::Id };
const SPARE: EncryptedColumn =
    EncryptedColumn { table: "factor", column: "spare", id_column: "id", id_kind: ValueKind::Id };
