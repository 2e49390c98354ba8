//! Users: making, changing, disabling, helping.
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
    /// Users in the order of their names, and how many the filter finds in all.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn list_users(
        &self,
        permit: &Permit<ReadUsers>,
        filter: &UserFilter,
    ) -> Result<(Vec<UserRow>, i64), Error> {
        Err(super::unfinished())
    }

    /// Everything about one user.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn user_detail(&self, permit: &Permit<ReadUsers>, user: UserId) -> Result<UserDetail, Error> {
        Err(super::unfinished())
    }

    /// The user of that name or mail address, for commands.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn find_user(&self, permit: &Permit<ReadUsers>, login: &str) -> Result<User, Error> {
        Err(super::unfinished())
    }

    /// Makes a user, and the person too where they are new.
    ///
    /// # Errors
    /// A name is taken (fields `user_name`, `email`), the person has a user already (field `person`), or the password
    /// breaks the policy (field `password`).
    pub async fn create_user(
        &self,
        caller: &Caller,
        permit: &Permit<CreateUsers>,
        new: NewUser,
    ) -> Result<User, Error> {
        Err(super::unfinished())
    }

    /// Changes the names to sign in with.
    ///
    /// # Errors
    /// A name is taken, or the user was changed meanwhile (`Conflict`).
    pub async fn rename_user(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
        user: UserId,
        version: i64,
        user_name: UserName,
        email: Option<EmailAddress>,
    ) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Disables a user: every session ends, every key stops, within a second.
    ///
    /// # Errors
    /// It is the last administrator, or the caller themselves.
    pub async fn disable_user(&self, caller: &Caller, permit: &Permit<ChangeUsers>, user: UserId) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Lets a disabled user in again.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn enable_user(&self, caller: &Caller, permit: &Permit<ChangeUsers>, user: UserId) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Forgets failed tries, of passwords and of codes.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn unlock_user(&self, caller: &Caller, permit: &Permit<ChangeUsers>, user: UserId) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Removes the user's second factor and recovery codes; their sessions end. Grants of privileged roles wait again.
    ///
    /// # Errors
    /// It is the last administrator (at the host it is allowed), or the caller themselves.
    pub async fn reset_factor(&self, caller: &Caller, permit: &Permit<ChangeUsers>, user: UserId) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Makes the user choose a new password at the next sign-in; their sessions end.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn require_password_change(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
        user: UserId,
    ) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// The same for everybody, the caller included; gives how many.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn require_password_change_of_all(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
    ) -> Result<i64, Error> {
        Err(super::unfinished())
    }
}
