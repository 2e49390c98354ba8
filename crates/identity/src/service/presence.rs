//! Asking again, before something dangerous is done.
#![expect(unused_variables, clippy::unused_async, reason = "the signatures come first; the bodies follow")]
use palisade_base::{Caller, Error, Permit, SecretString, auth::SessionFacts};

use super::Identity;
use crate::policy::OwnAccount;

impl Identity {
    /// Makes sure, before a dangerous act, that the person themselves is at the keyboard: `proof` is a code of the
    /// authenticator app, or the password where no factor is enrolled. Counted like the tries of a sign-in; a code works
    /// once.
    ///
    /// # Errors
    /// It is not right, or no try is taken at the moment (field `proof`).
    pub async fn prove_presence(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        proof: &SecretString,
    ) -> Result<(), Error> {
        Err(super::unfinished())
    }
}
