//! The keys that identity tokens are signed with.

use palisade_base::Instant;
use palisade_store::{Conn, StoreError, WriteTx, statements};
use uuid::Uuid;

statements! {
    /// A new key.
    INSERT = "INSERT INTO identity_key (id, seed, signs_from) VALUES ($1, $2, $3)";
    /// All of them, the one that signs last first.
    LIST = "SELECT id, seed, signs_from FROM identity_key ORDER BY signs_from DESC, id DESC";
    /// Nobody needs it any more.
    DELETE = "DELETE FROM identity_key WHERE id = $1";
}

/// A key as it is stored.
pub(crate) struct StoredKey {
    pub(crate) id: Uuid,
    /// As the vault encrypted it.
    pub(crate) seed: Vec<u8>,
    pub(crate) signs_from: Instant,
}

pub(crate) async fn insert(tx: &mut WriteTx, key: StoredKey) -> Result<(), StoreError> {
    tx.execute(INSERT.bind(key.id).bind(key.seed).bind(key.signs_from)).await.map(drop)
}

pub(crate) async fn list(conn: &mut Conn) -> Result<Vec<StoredKey>, StoreError> {
    let rows = conn.fetch_all(LIST.sql()).await?;
    let read = |row: &palisade_store::Row| {
        Ok(StoredKey { id: row.get("id")?, seed: row.get("seed")?, signs_from: row.get("signs_from")? })
    };
    rows.iter().map(read).collect()
}

pub(crate) async fn delete(tx: &mut WriteTx, key: Uuid) -> Result<(), StoreError> {
    tx.execute(DELETE.bind(key)).await.map(drop)
}
