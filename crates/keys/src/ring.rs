//! The data keys in memory.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use palisade_base::{Env, Secret};
use uuid::Uuid;

use crate::{
    KeyFile, Place, VaultError,
    cipher::{Cipher, KEY_LENGTH},
    store::KeyRow,
};

/// The version of stored values that is written now.
const VALUE_VERSION: u8 = 1;
/// Version and key id.
const HEADER_LENGTH: usize = 17;
/// When a key is replaced: a quarter of what NIST SP 800-38D allows with random nonces.
pub(crate) const REPLACE_AT: u64 = 1 << 30;
/// When a key refuses to encrypt. The rest of the 2³² is for what a crash kept from being counted.
const REFUSE_AT: u64 = 1 << 31;

/// A data key.
pub(crate) struct DataKey {
    pub(crate) id: Uuid,
    cipher: Cipher,
    /// Uses that the table has counted.
    counted: AtomicU64,
    /// Uses of this process that it has not.
    uncounted: AtomicU64,
}

/// All data keys, and the key that wraps them.
pub(crate) struct Ring {
    pub(crate) key_file: KeyFile,
    keys: HashMap<Uuid, Arc<DataKey>>,
    current: Uuid,
}

impl Ring {
    /// Unwraps the rows of the table; at least one key must be there. The newest that is not retired is the current one.
    pub(crate) fn unwrap(key_file: KeyFile, rows: &[KeyRow]) -> Result<Self, VaultError> {
        let mut keys = HashMap::new();
        for row in rows {
            keys.insert(row.id, Arc::new(DataKey::unwrap(&key_file, row)?));
        }
        let current = current_of(rows).ok_or(VaultError::UnknownKey(Uuid::nil()))?;
        Ok(Self { key_file, keys, current })
    }

    /// Takes in keys that other nodes made, and their counts. Keys that are known keep what they counted.
    pub(crate) fn merge(&mut self, rows: &[KeyRow]) -> Result<(), VaultError> {
        for row in rows {
            match self.keys.get(&row.id) {
                Some(key) => key.counted.store(row.used, Ordering::Relaxed),
                None => {
                    self.keys.insert(row.id, Arc::new(DataKey::unwrap(&self.key_file, row)?));
                }
            }
        }
        self.current = current_of(rows).unwrap_or(self.current);
        Ok(())
    }

    pub(crate) fn current(&self) -> Result<Arc<DataKey>, VaultError> {
        self.find(self.current).ok_or(VaultError::UnknownKey(self.current))
    }

    pub(crate) fn find(&self, id: Uuid) -> Option<Arc<DataKey>> {
        self.keys.get(&id).map(Arc::clone)
    }

    pub(crate) fn all(&self) -> Vec<Arc<DataKey>> {
        self.keys.values().map(Arc::clone).collect()
    }
}

fn current_of(rows: &[KeyRow]) -> Option<Uuid> {
    rows.iter().filter(|row| !row.retired).max_by_key(|row| row.number).map(|row| row.id)
}

/// All keys must be wrapped by the one key file.
pub(crate) fn check_key_file(key_file: &KeyFile, rows: &[KeyRow]) -> Result<(), VaultError> {
    let given = key_file.fingerprint();
    match rows.iter().find(|row| row.key_file != given) {
        None => Ok(()),
        Some(row) => {
            let origin = key_file.origin().to_owned();
            Err(VaultError::WrongKeyFile { wanted: row.key_file.clone(), given, origin })
        }
    }
}

impl DataKey {
    fn unwrap(key_file: &KeyFile, row: &KeyRow) -> Result<Self, VaultError> {
        check_key_file(key_file, std::slice::from_ref(row))?;
        let key = unwrap_key(key_file, row)?;
        let cipher = Cipher::new(&key)?;
        Ok(Self { id: row.id, cipher, counted: AtomicU64::new(row.used), uncounted: AtomicU64::new(0) })
    }

    /// Encrypts for a place.
    pub(crate) fn encrypt(&self, place: &Place, plain: &[u8], env: &Env) -> Result<Vec<u8>, VaultError> {
        let here = self.uncounted.fetch_add(1, Ordering::Relaxed);
        if self.counted.load(Ordering::Relaxed).saturating_add(here) >= REFUSE_AT {
            return Err(VaultError::Exhausted(self.id));
        }
        let mut out = Vec::with_capacity(HEADER_LENGTH + plain.len() + 28);
        out.push(VALUE_VERSION);
        out.extend_from_slice(self.id.as_bytes());
        self.cipher.seal_onto(&mut out, &place.context(), plain, env)?;
        Ok(out)
    }

    /// Decrypts what this key encrypted for this place.
    pub(crate) fn decrypt(&self, place: &Place, value: &[u8]) -> Result<Secret<Vec<u8>>, VaultError> {
        value
            .get(HEADER_LENGTH..)
            .and_then(|sealed| self.cipher.open(&place.context(), sealed))
            .ok_or_else(|| VaultError::NotGenuine(place.to_string()))
    }

    /// Uses so far, as far as this process knows.
    pub(crate) fn used(&self) -> u64 {
        self.counted.load(Ordering::Relaxed).saturating_add(self.uncounted.load(Ordering::Relaxed))
    }

    pub(crate) fn take_uncounted(&self) -> u64 {
        self.uncounted.swap(0, Ordering::Relaxed)
    }

    /// Gives back what could not be counted in the table.
    pub(crate) fn give_back(&self, uses: u64) {
        self.uncounted.fetch_add(uses, Ordering::Relaxed);
    }
}

/// Which key a stored value was encrypted under; `None` where it is no stored value.
pub(crate) fn key_of(value: &[u8]) -> Option<Uuid> {
    let (version, rest) = value.split_first()?;
    (*version == VALUE_VERSION).then_some(())?;
    Uuid::from_slice(rest.get(..16)?).ok()
}

/// A new data key as a row, wrapped.
pub(crate) fn new_key(key_file: &KeyFile, env: &Env) -> Result<KeyRow, VaultError> {
    wrap(key_file, env.uuid(), &Secret::new(env.bytes()), env)
}

/// The same data key under another key file.
pub(crate) fn rewrap(row: &KeyRow, old: &KeyFile, new: &KeyFile, env: &Env) -> Result<KeyRow, VaultError> {
    let wrapped = wrap(new, row.id, &unwrap_key(old, row)?, env)?;
    Ok(KeyRow { number: row.number, used: row.used, retired: row.retired, ..wrapped })
}

fn wrap(key_file: &KeyFile, id: Uuid, key: &Secret<[u8; KEY_LENGTH]>, env: &Env) -> Result<KeyRow, VaultError> {
    let mut wrapped = Vec::new();
    key_file.cipher()?.seal_onto(&mut wrapped, &wrap_context(id), key.expose(), env)?;
    Ok(KeyRow { id, number: 0, wrapped, key_file: key_file.fingerprint(), used: 0, retired: false })
}

fn unwrap_key(key_file: &KeyFile, row: &KeyRow) -> Result<Secret<[u8; KEY_LENGTH]>, VaultError> {
    let key = key_file.cipher()?.open(&wrap_context(row.id), &row.wrapped);
    let key = key.and_then(|key| key.expose().as_slice().try_into().ok());
    key.map(Secret::new).ok_or(VaultError::DamagedKey(row.id))
}

fn wrap_context(id: Uuid) -> Vec<u8> {
    [b"palisade data key 1".as_slice(), id.as_bytes()].concat()
}
