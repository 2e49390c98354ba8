//! The store on both engines.

mod transactions;

use palisade_store::{Migration, MigrationSet, Migrator, STORE_MIGRATIONS};

/// A table for these tests beside the store's own.
const SETS: &[MigrationSet] = &[
    STORE_MIGRATIONS,
    MigrationSet {
        owner: "test",
        migrations: &[Migration {
            version: 1,
            name: "0001_thing",
            sqlite: "CREATE TABLE thing (id BLOB PRIMARY KEY, name TEXT NOT NULL, n INTEGER, on_shelf INTEGER, \
                     UNIQUE (name, n)) STRICT",
            postgres: "CREATE TABLE thing (id UUID PRIMARY KEY, name TEXT NOT NULL, n BIGINT, on_shelf BOOLEAN, \
                       UNIQUE (name, n))",
        }],
        append_only: &[],
    },
];
const MIGRATOR: Migrator = Migrator(SETS);
