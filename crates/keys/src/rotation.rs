//! New data keys, and a new key file.

use palisade_base::{Caller, Category, Permit, Resource, TrailEntry};
use palisade_store::{Housekeeping, Value};
use uuid::Uuid;

use crate::{
    EncryptedColumn, KeyFile, ManageKeys, Place, Vault, VaultError,
    ring::{self, DataKey},
    store,
};

/// Rows that are encrypted anew in one transaction: few enough that other writers hardly wait.
const BATCH: i64 = 100;

/// What a rotation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The new data key.
    pub key: Uuid,
    /// How many values were encrypted anew.
    pub values: u64,
    /// How many keys were retired.
    pub retired: u64,
}

impl Vault {
    /// Makes a new data key, encrypts every registered column anew under it, and retires the older keys.
    /// Interrupted, everything stays readable; the next rotation does what was left.
    ///
    /// # Errors
    /// A value does not decrypt (it is named, and older keys are not retired), or the database can't be used.
    pub async fn rotate(&self, _permit: &Permit<ManageKeys>, caller: &Caller) -> Result<Rotation, VaultError> {
        let key = self.add_key(caller).await?;
        let current = self.find(key).ok_or(VaultError::UnknownKey(key))?;
        let mut values = 0;
        for column in &self.0.columns {
            values += self.encrypt_column_anew(column, &current).await?;
        }
        let mut tx = self.0.store.write().await?;
        let retired = tx.execute(store::RETIRE_OTHERS.bind(self.env().now()).bind(key)).await?;
        let entry = entry(caller, "vault.retire", Resource::new("vault_key", key));
        tx.commit(entry.note("values", values).note("retired", retired)).await?;
        Ok(Rotation { key, values, retired })
    }

    /// Wraps all data keys by the key of another key file, which this vault then uses. The values stay as they are.
    ///
    /// Put the new file in the old one's place when this has returned; before, the old one is still the right one.
    ///
    /// # Errors
    /// Nothing was changed: a key is damaged, or the database can't be used.
    pub async fn rewrap(&self, _permit: &Permit<ManageKeys>, caller: &Caller, new: KeyFile) -> Result<(), VaultError> {
        let old = self.read_ring(|ring| ring.key_file.clone());
        let mut tx = self.0.store.write().await?;
        let rows = store::lock_keys(&mut tx).await?;
        for row in &rows {
            tx.execute(store::rewrap(&ring::rewrap(row, &old, &new, self.env())?)).await?;
        }
        let entry = entry(caller, "vault.rewrap", Resource::whole("vault_key"));
        tx.commit(entry.note("from", old.fingerprint()).note("to", new.fingerprint())).await?;
        self.change_ring(|ring| ring.key_file = new);
        Ok(())
    }

    async fn add_key(&self, caller: &Caller) -> Result<Uuid, VaultError> {
        let key_file = self.read_ring(|ring| ring.key_file.clone());
        let row = ring::new_key(&key_file, self.env())?;
        let mut tx = self.0.store.write().await?;
        // Another node may have changed the key file meanwhile.
        ring::check_key_file(&key_file, &store::lock_keys(&mut tx).await?)?;
        store::add_key(&mut tx, &row, self.env().now()).await?;
        tx.commit(entry(caller, "vault.rotate", Resource::new("vault_key", row.id))).await?;
        self.refresh().await?;
        Ok(row.id)
    }

    async fn encrypt_column_anew(&self, column: &EncryptedColumn, key: &DataKey) -> Result<u64, VaultError> {
        let (mut after, mut values) = (None, 0);
        loop {
            let rows = store::read_values(&mut *self.0.store.read().await?, column, after.as_ref(), BATCH).await?;
            let Some((last, _)) = rows.last() else { return Ok(values) };
            after = Some(last.clone());
            values += self.encrypt_rows_anew(column, key, rows).await?;
        }
    }

    async fn encrypt_rows_anew(
        &self,
        column: &EncryptedColumn,
        key: &DataKey,
        rows: Vec<(Value, Vec<u8>)>,
    ) -> Result<u64, VaultError> {
        let mut fresh = Vec::new();
        for (id, old) in rows.into_iter().filter(|(_, value)| ring::key_of(value) != Some(key.id)) {
            let place = Place::new(column.table, column.column, id.clone());
            let plain = self.decrypt(&place, &old).await?;
            fresh.push((id, old, key.encrypt(&place, plain.expose(), self.env())?));
        }
        if fresh.is_empty() {
            return Ok(0);
        }
        let mut values = 0;
        let mut tx = self.0.store.write().await?;
        for (id, old, new) in fresh {
            // Where it was replaced meanwhile, that was done under the new key.
            values += u64::from(store::replace_value(&mut tx, column, id, old, new).await?);
        }
        tx.commit_housekeeping(Housekeeping::Reencryption).await?;
        Ok(values)
    }
}

fn entry(caller: &Caller, action: &'static str, resource: Resource) -> TrailEntry {
    TrailEntry::new(Category::Administration, caller, action, resource)
}
