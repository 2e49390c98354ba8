//! The vault: what crates encrypt and decrypt with.

use std::sync::{Arc, PoisonError, RwLock};

use palisade_base::{Authority, Caller, Category, Env, Resource, Secret, TrailEntry};
use palisade_store::{Housekeeping, Store, StoreError, ValueKind};

use crate::{
    EncryptedColumn, KeyFile, Place, VaultError,
    ring::{self, DataKey, REPLACE_AT, Ring},
    store,
};

/// The vault's own encrypted column.
const SECRETS: EncryptedColumn =
    EncryptedColumn { table: "vault_secret", column: "ciphertext", id_column: "name", id_kind: ValueKind::Text };

/// Encrypts and decrypts values of the database. Cheap to clone.
#[derive(Clone)]
pub struct Vault(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) columns: Vec<EncryptedColumn>,
    ring: RwLock<Ring>,
}

/// What an administrator is shown about the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultStatus {
    /// Fingerprint of the key file.
    pub key_file: String,
    /// Where the key file is.
    pub origin: String,
    /// How many data keys there are, retired ones included.
    pub data_keys: usize,
    /// How many values the current data key has encrypted.
    pub current_used: u64,
}

impl Vault {
    /// Opens the vault with the database's key file; makes the first data key where there is none.
    /// `columns` are all encrypted columns of all crates.
    ///
    /// # Errors
    /// The key file belongs to another database, a key is damaged, or the database can't be used.
    pub async fn open(
        store: Store,
        key_file: KeyFile,
        columns: impl IntoIterator<Item = EncryptedColumn>,
    ) -> Result<Self, VaultError> {
        let columns = columns.into_iter().chain([SECRETS]).collect();
        let mut rows = store::read_keys(&mut *store.read().await?).await?;
        if rows.is_empty() {
            make_first_key(&store, &key_file).await?;
            rows = store::read_keys(&mut *store.read().await?).await?;
        }
        let ring = RwLock::new(Ring::unwrap(key_file, &rows)?);
        Ok(Self(Arc::new(Inner { store, columns, ring })))
    }

    /// Whether the database has a vault already, and so belongs to a key file that exists somewhere.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn exists(store: &Store) -> Result<bool, VaultError> {
        Ok(!store::read_keys(&mut *store.read().await?).await?.is_empty())
    }

    /// Whether this is the key file of the database's vault; any is, where there is no vault yet.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn fits(store: &Store, key_file: &KeyFile) -> Result<bool, VaultError> {
        let rows = store::read_keys(&mut *store.read().await?).await?;
        Ok(ring::check_key_file(key_file, &rows).is_ok())
    }

    /// Encrypts a value for a place.
    ///
    /// # Errors
    /// The place's column is not registered, or the current key is used up.
    pub fn encrypt(&self, place: &Place, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        if !self.0.columns.iter().any(|column| place.is_in(column)) {
            return Err(VaultError::Unregistered(place.to_string()));
        }
        self.current()?.encrypt(place, plain, self.env())
    }

    /// Decrypts the value that stands in a place.
    ///
    /// # Errors
    /// The value was changed, moved there from elsewhere, or encrypted under a key that the database does not have.
    pub async fn decrypt(&self, place: &Place, value: &[u8]) -> Result<Secret<Vec<u8>>, VaultError> {
        let id = ring::key_of(value).ok_or_else(|| VaultError::NotGenuine(place.to_string()))?;
        let key = match self.find(id) {
            Some(key) => key,
            None => {
                // Another node may have made it a moment ago.
                self.refresh().await?;
                self.find(id).ok_or(VaultError::UnknownKey(id))?
            }
        };
        key.decrypt(place, value)
    }

    /// A secret of the system itself: random bytes, made on first use, the same ever after.
    ///
    /// # Errors
    /// It can't be decrypted, has another length, or the database can't be used.
    pub async fn secret(&self, name: &'static str, length: usize) -> Result<Secret<Vec<u8>>, VaultError> {
        if let Some(found) = self.find_secret(name, length).await? {
            return Ok(found);
        }
        match self.make_secret(name, length).await {
            // Another node was faster: its secret counts.
            Ok(()) | Err(VaultError::Store(StoreError::Unique(_))) => {}
            Err(error) => return Err(error),
        }
        self.find_secret(name, length).await?.ok_or(VaultError::Store(StoreError::NoRow))
    }

    /// Once a minute: counts uses in the table, learns of other nodes' keys. Tells whether a rotation is due.
    ///
    /// # Errors
    /// The database can't be used; the counts are kept for the next time.
    pub async fn upkeep(&self) -> Result<bool, VaultError> {
        let keys = self.read_ring(Ring::all);
        let uses: Vec<(Arc<DataKey>, u64)> =
            keys.into_iter().map(|key| (Arc::clone(&key), key.take_uncounted())).collect();
        if let Err(error) = self.count_uses(&uses).await {
            uses.iter().for_each(|(key, uses)| key.give_back(*uses));
            return Err(error);
        }
        self.refresh().await?;
        Ok(self.current()?.used() >= REPLACE_AT)
    }

    /// What an administrator is shown.
    ///
    /// # Errors
    /// The vault has no current key, which opening it rules out.
    pub fn status(&self) -> Result<VaultStatus, VaultError> {
        self.read_ring(|ring| {
            Ok(VaultStatus {
                key_file: ring.key_file.fingerprint(),
                origin: ring.key_file.origin().to_owned(),
                data_keys: ring.all().len(),
                current_used: ring.current()?.used(),
            })
        })
    }

    pub(crate) fn env(&self) -> &Env {
        self.0.store.env()
    }

    pub(crate) fn current(&self) -> Result<Arc<DataKey>, VaultError> {
        self.read_ring(Ring::current)
    }

    pub(crate) fn find(&self, id: uuid::Uuid) -> Option<Arc<DataKey>> {
        self.read_ring(|ring| ring.find(id))
    }

    pub(crate) fn read_ring<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        look(&self.0.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn change_ring<T>(&self, change: impl FnOnce(&mut Ring) -> T) -> T {
        change(&mut self.0.ring.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in the keys that the table has by now.
    pub(crate) async fn refresh(&self) -> Result<(), VaultError> {
        let rows = store::read_keys(&mut *self.0.store.read().await?).await?;
        self.change_ring(|ring| ring.merge(&rows))
    }

    async fn count_uses(&self, uses: &[(Arc<DataKey>, u64)]) -> Result<(), VaultError> {
        if uses.iter().all(|(_, uses)| *uses == 0) {
            return Ok(());
        }
        let mut tx = self.0.store.write().await?;
        for (key, uses) in uses.iter().filter(|(_, uses)| *uses > 0) {
            let uses = i64::try_from(*uses).unwrap_or(i64::MAX);
            tx.execute(store::COUNT_USES.bind(uses).bind(key.id)).await?;
        }
        Ok(tx.commit_housekeeping(Housekeeping::Counters).await?)
    }

    async fn find_secret(&self, name: &'static str, length: usize) -> Result<Option<Secret<Vec<u8>>>, VaultError> {
        let found = store::read_secret(&mut *self.0.store.read().await?, name).await?;
        let Some(value) = found else { return Ok(None) };
        let secret = self.decrypt(&secret_place(name), &value).await?;
        match secret.expose().len() {
            found if found != length => Err(VaultError::Length { name, found, wanted: length }),
            _ => Ok(Some(secret)),
        }
    }

    async fn make_secret(&self, name: &'static str, length: usize) -> Result<(), VaultError> {
        let mut secret = Secret::new(vec![0; length]);
        self.env().fill(secret.expose_mut());
        let value = self.encrypt(&secret_place(name), secret.expose())?;
        let mut tx = self.0.store.write().await?;
        if store::read_secret(&mut tx, name).await?.is_some() {
            // Somebody else was faster; an empty commit waits until theirs is on disk.
            return Ok(tx.commit_housekeeping(Housekeeping::Counters).await?);
        }
        tx.execute(store::ADD_SECRET.bind(name).bind(value).bind(self.env().now())).await?;
        Ok(tx.commit(own_entry("vault.secret.create", Resource::new("vault_secret", name))).await?)
    }
}

async fn make_first_key(store: &Store, key_file: &KeyFile) -> Result<(), VaultError> {
    let mut tx = store.write().await?;
    if !store::lock_keys(&mut tx).await?.is_empty() {
        // Somebody else was faster; an empty commit waits until theirs is on disk.
        return Ok(tx.commit_housekeeping(Housekeeping::Counters).await?);
    }
    let first = ring::new_key(key_file, store.env())?;
    store::add_key(&mut tx, &first, store.env().now()).await?;
    Ok(tx.commit(own_entry("vault.create", Resource::new("vault_key", first.id))).await?)
}

fn secret_place(name: &str) -> Place {
    Place::new(SECRETS.table, SECRETS.column, name)
}

/// What the vault does by itself.
fn own_entry(action: &'static str, resource: Resource) -> TrailEntry {
    TrailEntry::new(Category::Configuration, &Caller::job("vault", Authority::none()), action, resource)
}
