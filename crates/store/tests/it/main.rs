//! The store on both engines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic here is a failed test")]

mod child;
mod damage;
mod full_disk;
mod kill;
mod migrations;
mod opening;
mod power_cut;
mod privileges;
mod tls;
mod transactions;

use palisade_base::{Caller, Category, Origin, RecordId, Resource, TrailEntry};
use palisade_store::{Migration, MigrationSet, Migrator, STORE_MIGRATIONS, Store, StoreError, statements};

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

statements! {
    ADD = "INSERT INTO thing (id, name, n, on_shelf) VALUES ($1, $2, $3, $4)";
    COUNT = "SELECT count(*) AS n FROM thing";
    COUNT_LEAVES = {
        sqlite: "SELECT count(*) AS n FROM trail_leaf",
        postgres: "SELECT (SELECT count(*) FROM trail_leaf) + (SELECT count(*) FROM trail_pending) AS n",
    };
    THINGS = "SELECT id FROM thing";
    LEAVES = {
        sqlite: "SELECT resource FROM trail_leaf",
        postgres: "SELECT resource FROM trail_leaf UNION ALL SELECT resource FROM trail_pending",
    };
    GAPS = "SELECT count(*) - coalesce(max(seq) + 1, 0) AS n FROM trail_leaf";
}

/// The entry of a change to this thing.
fn entry_for(resource: Resource) -> TrailEntry {
    TrailEntry::new(Category::Change, &Caller::anonymous(Origin::default()), "thing.create", resource)
}

fn entry() -> TrailEntry {
    entry_for(Resource::whole("thing"))
}

/// Adds a thing of that name; returns once it is acknowledged.
async fn add(store: &Store, name: &str) -> Result<RecordId, StoreError> {
    let id = RecordId::new(store.env());
    let mut tx = store.write().await?;
    tx.execute(ADD.bind(id).bind(name).bind(1_i64).bind(true)).await?;
    tx.commit(entry_for(Resource::new("thing", id))).await?;
    Ok(id)
}

async fn number(store: &Store, statement: palisade_store::Statement) -> i64 {
    store.read().await.unwrap().fetch_one(statement.sql()).await.unwrap().get("n").unwrap()
}
