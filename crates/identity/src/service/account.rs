//! The own account: password, sessions, devices.
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
    /// The signed-in user.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub async fn own_user(&self, caller: &Caller) -> Result<UserRow, Error> {
        Err(super::unfinished())
    }

    /// Changes the own password. Every other session ends; this one gets a new token.
    ///
    /// # Errors
    /// The present password is not right (field `present_password`; counted like a failed sign-in), or the new one breaks
    /// the policy (field `new_password`).
    pub async fn change_password(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        present: &SecretString,
        new: &SecretString,
    ) -> Result<NewSession, Error> {
        Err(super::unfinished())
    }

    /// The own live sessions.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn own_sessions(&self, permit: &Permit<OwnAccount>) -> Result<Vec<SessionRow>, Error> {
        Err(super::unfinished())
    }

    /// Ends one of the own sessions.
    ///
    /// # Errors
    /// It is not one of them.
    pub async fn end_own_session(
        &self,
        caller: &Caller,
        permit: &Permit<OwnAccount>,
        session: SessionId,
    ) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// The devices that the user has signed in from.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn own_devices(&self, permit: &Permit<OwnAccount>) -> Result<Vec<Device>, Error> {
        Err(super::unfinished())
    }

    /// Names the device of this session as a mobile device: from now on it gets the mobile class's session times. Only in
    /// a session in which the second factor was given.
    ///
    /// # Errors
    /// No factor was given in this session (`Denied`), or the name does not fit (field `name`).
    pub async fn name_mobile_device(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        name: &str,
    ) -> Result<NewSession, Error> {
        Err(super::unfinished())
    }

    /// Forgets a device: it is a stranger's again, and its mobile sessions end.
    ///
    /// # Errors
    /// It is not one of the own devices.
    pub async fn forget_device(&self, caller: &Caller, permit: &Permit<OwnAccount>, device: Uuid) -> Result<(), Error> {
        Err(super::unfinished())
    }
}
