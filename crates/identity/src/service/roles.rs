//! Roles, what they allow, and who holds them.
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
    /// Takes what the sites declare: permissions for the role pages, and roles that do not exist yet. A permission that is
    /// new in this version of the program is given to the roles whose template names it. Call once at start.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn declare(&self, sites: Vec<SiteDeclaration>) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Every role, by site and name.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn list_roles(&self, permit: &Permit<ReadRoles>) -> Result<Vec<RoleDetail>, Error> {
        Err(super::unfinished())
    }

    /// One role.
    ///
    /// # Errors
    /// There is no such role.
    pub async fn role_detail(&self, permit: &Permit<ReadRoles>, role: RoleId) -> Result<RoleDetail, Error> {
        Err(super::unfinished())
    }

    /// Makes a role.
    ///
    /// # Errors
    /// The name is taken (field `name`), a permission is not declared on the site (field `permissions`), or the caller does
    /// not hold what it allows on the console.
    pub async fn create_role(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeRoles>,
        new: NewRole,
    ) -> Result<RoleId, Error> {
        Err(super::unfinished())
    }

    /// Changes a role: name, description, factor rule, permissions (its site stays). In force within a second; sessions of
    /// its holders get a new id.
    ///
    /// # Errors
    /// As [`Identity::create_role`]; the role was changed meanwhile (`Conflict`); or no administrator would be left.
    pub async fn change_role(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeRoles>,
        role: RoleId,
        version: i64,
        new: NewRole,
    ) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Archives a custom role that nobody holds.
    ///
    /// # Errors
    /// It came with an app, or somebody holds it.
    pub async fn archive_role(&self, caller: &Caller, permit: &Permit<ChangeRoles>, role: RoleId) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Gives a role to a user. Where the role requires a second factor and the user has none, the grant waits for it.
    ///
    /// # Errors
    /// They hold it already (`Conflict`), or the caller may not give it (see `policy::decide_grant`).
    pub async fn grant_role(
        &self,
        caller: &Caller,
        permit: &Permit<GiveRoles>,
        user: UserId,
        role: RoleId,
    ) -> Result<GrantState, Error> {
        Err(super::unfinished())
    }

    /// Takes a role from a user; in force within a second.
    ///
    /// # Errors
    /// They do not hold it, the caller may not take it, or no administrator would be left.
    pub async fn revoke_role(
        &self,
        caller: &Caller,
        permit: &Permit<GiveRoles>,
        user: UserId,
        role: RoleId,
    ) -> Result<(), Error> {
        Err(super::unfinished())
    }
}
