//! API keys: what signs programs in.
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
    /// The own keys, newest first.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn own_keys(&self, permit: &Permit<OwnAccount>) -> Result<Vec<ApiKey>, Error> {
        Err(super::unfinished())
    }

    /// Makes a key. The token that comes back is shown once.
    ///
    /// # Errors
    /// The name is empty (field `name`), the life is out of bounds (field `valid_days`), or it would allow what its owner may
    /// not do (field `permissions`).
    pub async fn create_key(
        &self,
        caller: &Caller,
        permit: &Permit<OwnAccount>,
        new: NewApiKey,
    ) -> Result<(ApiKey, PlainToken), Error> {
        Err(super::unfinished())
    }

    /// Revokes one of the own keys; in force within a second.
    ///
    /// # Errors
    /// It is not one of them.
    pub async fn revoke_key(&self, caller: &Caller, permit: &Permit<OwnAccount>, key: ApiKeyId) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Revokes anybody's key.
    ///
    /// # Errors
    /// There is no such key.
    pub async fn revoke_key_of(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
        key: ApiKeyId,
    ) -> Result<(), Error> {
        Err(super::unfinished())
    }
}
