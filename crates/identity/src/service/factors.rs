//! The second factor: enrolling, replacing and removing an authenticator app, and recovery codes.
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
    /// The state of the user's factor.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn factor_status(&self, user: UserId) -> Result<FactorStatus, Error> {
        Err(super::unfinished())
    }

    /// Starts enrolling an authenticator app, in a session that owes it or from the account page. Asked again within
    /// the hour it gives the same seed, so that a reloaded page does not spoil what was scanned.
    ///
    /// # Errors
    /// The session owes something else, or the database can't be used.
    pub async fn begin_totp(&self, caller: &Caller, session: &SessionFacts) -> Result<TotpEnrolment, Error> {
        Err(super::unfinished())
    }

    /// Finishes enrolling with the app's first code. The recovery codes that come back are shown once. Where a factor is
    /// enrolled already, `present` must be a code of it.
    ///
    /// # Errors
    /// A code is not right (field `code` or `present`), or nothing waits to be confirmed.
    pub async fn confirm_totp(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        code: &SecretString,
        present: Option<&SecretString>,
        device: Option<PlainToken>,
    ) -> Result<Enrolled, Error> {
        Err(super::unfinished())
    }

    /// Makes ten new recovery codes; the old ones stop working. `present` is a code of the app.
    ///
    /// # Errors
    /// The code is not right (field `present`).
    pub async fn renew_recovery_codes(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        present: &SecretString,
    ) -> Result<Vec<SecretString>, Error> {
        Err(super::unfinished())
    }

    /// Removes the factor. Refused where a role requires one. Every other session of the user ends.
    ///
    /// # Errors
    /// The code is not right (field `present`), or a role requires the factor.
    pub async fn remove_totp(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        present: &SecretString,
    ) -> Result<(), Error> {
        Err(super::unfinished())
    }
}
