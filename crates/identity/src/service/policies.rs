//! The security settings: reading, changing, going back.
#![allow(unused_imports, reason = "the signatures come first; the bodies follow")]
#![expect(unused_variables, clippy::unused_async, reason = "the signatures come first; the bodies follow")]
use palisade_base::{
    ApiKeyId, Caller, Error, Origin, Permit, PlainToken, RoleId, SecretString, SessionId, UserId, auth::SessionFacts,
};
use uuid::Uuid;

use super::{Enrolled, Identity};
use crate::{
    model::*,
    policy::*,
    settings::{Settings, SettingsVersion, Versioned},
};

impl Identity {
    /// The settings of a kind that are in force.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn settings<T: Settings>(&self) -> Result<Versioned<T>, Error> {
        Err(super::unfinished())
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
        Err(super::unfinished())
    }

    /// Every version that was ever in force, newest first.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn settings_history<T: Settings>(
        &self,
        permit: &Permit<ReadPolicy>,
    ) -> Result<Vec<SettingsVersion<T>>, Error> {
        Err(super::unfinished())
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
        Err(super::unfinished())
    }
}
