//! Signing in: password, then whatever the session still owes, each step with a session of its own.
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
    /// Tries a user name (or mail address) and password. The session that comes back says in its `state` what it still
    /// owes: everything, a factor, an enrolment, a new password, or nothing.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`](palisade_base::Kind) with the same words for every reason why it failed (unknown name,
    /// wrong password, locked, disabled); [`Kind::TooMany`](palisade_base::Kind) where too many wait to sign in at once.
    pub async fn sign_in(&self, attempt: SignInAttempt) -> Result<NewSession, Error> {
        Err(super::unfinished())
    }

    /// Gives a code of the authenticator app or a recovery code, for a session that owes it.
    ///
    /// # Errors
    /// The code is not right (field `code`), or the sign-in was stopped after too many wrong ones (`Unauthenticated`).
    pub async fn give_factor(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        code: &SecretString,
        device: Option<PlainToken>,
    ) -> Result<NewSession, Error> {
        Err(super::unfinished())
    }

    /// Sets a new password, for a session that owes one.
    ///
    /// # Errors
    /// The password breaks the policy (field `new_password`, each rule in a sentence).
    pub async fn choose_password(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        new: &SecretString,
        device: Option<PlainToken>,
    ) -> Result<NewSession, Error> {
        Err(super::unfinished())
    }

    /// Ends the session.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn sign_out(&self, caller: &Caller, session: &SessionFacts) -> Result<(), Error> {
        Err(super::unfinished())
    }

    /// Why the session of this cookie is over; `None` where it lives, or was never one of ours.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn why_ended(&self, token: &PlainToken) -> Result<Option<Ended>, Error> {
        Err(super::unfinished())
    }
}
