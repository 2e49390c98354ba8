//! One-time links: set-up, sign-in, choosing a password.
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
    /// A link to make the first administrator with; only while there is none. For the host's command line: valid for 24
    /// hours, once; a new one ends the older ones.
    ///
    /// # Errors
    /// There is an administrator already (`Conflict`), or the caller does not stand at the host.
    pub async fn issue_set_up_link(&self, caller: &Caller) -> Result<OneTimeLink, Error> {
        Err(super::unfinished())
    }

    /// Whether a set-up link still works; for the page that it opens.
    ///
    /// # Errors
    /// It does not (`NotFound`).
    pub async fn check_set_up_link(&self, token: &PlainToken) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Makes the first administrator and signs them in; the session owes the enrolment of a factor.
    ///
    /// # Errors
    /// The link does not work any more (`NotFound`), or fields are wrong; then the link still works.
    pub async fn complete_set_up(
        &self,
        token: &PlainToken,
        new: NewAdministrator,
        origin: Origin,
    ) -> Result<NewSession, Error> {
        Err(super::unfinished())
    }

    /// A link whose opening signs the user in at once, factor included. Only at the host: the demo prints them.
    ///
    /// # Errors
    /// The caller does not stand at the host, or there is no such user.
    pub async fn issue_sign_in_link(&self, caller: &Caller, user: UserId) -> Result<OneTimeLink, Error> {
        Err(super::unfinished())
    }

    /// Opens a one-time sign-in link.
    ///
    /// # Errors
    /// It does not work any more, or never did (`NotFound`).
    pub async fn open_sign_in_link(
        &self,
        token: &PlainToken,
        device: Option<PlainToken>,
        previous: Option<PlainToken>,
        origin: Origin,
    ) -> Result<NewSession, Error> {
        Err(super::unfinished())
    }

    /// A link with which the user chooses a password, valid for 24 hours, once. It does not stand for the second factor.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn issue_password_link(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
        user: UserId,
    ) -> Result<OneTimeLink, Error> {
        Err(super::unfinished())
    }

    /// Whose password a link sets: the user name, for the page that it opens.
    ///
    /// # Errors
    /// It does not work any more (`NotFound`).
    pub async fn check_password_link(&self, token: &PlainToken) -> Result<UserName, Error> {
        Err(super::unfinished())
    }

    /// Sets the password. The user then signs in with it, factor and all; every session of theirs ends.
    ///
    /// # Errors
    /// The link does not work any more, or the password breaks the policy (field `new_password`); then the link still works.
    pub async fn open_password_link(
        &self,
        token: &PlainToken,
        new: &SecretString,
        origin: Origin,
    ) -> Result<(), Error> {
        Err(super::unfinished())
    }
}
