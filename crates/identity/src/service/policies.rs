//! The security settings: reading, changing, going back.

use palisade_base::{Caller, Category, Error, Permit, Resource, TrailEntry};
use palisade_store::{Conn, StoreError};
use serde_json::Value;

use super::{Identity, changed_meanwhile, check_permit};
use crate::{
    policy::{ChangePolicy, ReadPolicy},
    settings::{Settings, SettingsVersion, Versioned, differences},
    store::settings::{self, StoredVersion},
};

impl Identity {
    /// The settings of a kind that are in force.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn settings<T: Settings>(&self) -> Result<Versioned<T>, Error> {
        self.settings_on(&mut *self.read().await?).await
    }

    pub(super) async fn settings_on<T: Settings>(&self, conn: &mut Conn) -> Result<Versioned<T>, Error> {
        match settings::newest(conn, T::KIND).await? {
            None => Ok(Versioned { version: 0, value: T::of(self.0.config.profile) }),
            Some(stored) => Ok(Versioned { version: stored.version, value: parse::<T>(&stored.value)? }),
        }
    }

    /// Puts other values in force, for everybody, within a second. The trail gets each field that differs.
    ///
    /// # Errors
    /// A value is out of bounds (its field is named), or somebody changed them meanwhile (`Conflict`).
    pub async fn change_settings<T: Settings>(
        &self,
        caller: &Caller,
        permit: &Permit<ChangePolicy>,
        version: i64,
        value: T,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        self.put_settings(caller, version, value.checked()?, None).await
    }

    /// Every version that was ever in force, newest first.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn settings_history<T: Settings>(
        &self,
        _permit: &Permit<ReadPolicy>,
    ) -> Result<Vec<SettingsVersion<T>>, Error> {
        let versions = settings::all(&mut *self.read().await?, T::KIND).await?;
        versions.into_iter().map(read_version).collect()
    }

    /// Puts an earlier version's values in force again (0: the profile's), as a new version.
    ///
    /// # Errors
    /// There is no such version, or somebody changed the settings meanwhile (`Conflict`).
    pub async fn restore_settings<T: Settings>(
        &self,
        caller: &Caller,
        permit: &Permit<ChangePolicy>,
        version: i64,
        restore: i64,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        let value = if restore == 0 {
            T::of(self.0.config.profile)
        } else {
            let versions = settings::all(&mut *self.read().await?, T::KIND).await?;
            let wanted = versions.into_iter().find(|stored| stored.version == restore);
            parse::<T>(&wanted.ok_or_else(Error::not_found)?.value)?
        };
        // Bounds may be narrower than when it was in force.
        self.put_settings(caller, version, value.checked()?, Some(restore)).await
    }

    async fn put_settings<T: Settings>(
        &self,
        caller: &Caller,
        version: i64,
        value: T,
        restored: Option<i64>,
    ) -> Result<(), Error> {
        let mut tx = self.write().await?;
        let before = self.settings_on::<T>(&mut tx).await?;
        if before.version != version {
            return Err(changed_meanwhile());
        }
        let mut entry = TrailEntry::new(Category::Configuration, caller, "policy.update", Resource::whole(T::KIND));
        for (field, old, new) in differences(&before.value, &value) {
            entry = entry.changed(field, old, new);
        }
        if entry.changes.is_empty() {
            return Ok(());
        }
        if let Some(restored) = restored {
            entry = entry.note("restored", Value::from(restored));
        }
        let new = StoredVersion {
            version: version + 1,
            value: serde_json::to_string(&value).map_err(Error::internal)?,
            changed_by: caller.actor.to_string(),
            changed_at: self.now(),
        };
        match settings::insert(&mut tx, T::KIND, &new).await {
            Err(StoreError::Unique(_)) => return Err(changed_meanwhile()),
            other => other?,
        }
        self.commit(tx, entry, Vec::new()).await
    }
}

fn read_version<T: Settings>(stored: StoredVersion) -> Result<SettingsVersion<T>, Error> {
    let value = parse::<T>(&stored.value)?;
    Ok(SettingsVersion { version: stored.version, value, changed_by: stored.changed_by, changed_at: stored.changed_at })
}

fn parse<T: Settings>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::internal(format!("{}: {error}", T::KIND)))
}
