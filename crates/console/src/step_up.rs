//! Asking again who sits there, before something dangerous is done.

use palisade_base::{Error, SecretString, auth::SessionFacts};
use palisade_identity::policy::permit_own_account;
use palisade_web::{Failure, Fields, Visitor, component::Field};

use crate::ConsoleState;

/// The form field that carries the proof.
pub(crate) const FIELD: &str = "proof";

/// The field that asks for a code of the app, or for the password where no factor is enrolled.
pub(crate) async fn field(state: &ConsoleState, visitor: &Visitor) -> Result<Field, Failure> {
    let session = session(visitor)?;
    let has_factor = state.identity.factor_status(session.user).await?.totp_since.is_some();
    Ok(if has_factor {
        Field::code(FIELD, "Code from your authenticator app").hint("So that nobody does this at your open screen.")
    } else {
        Field::password(FIELD, "Your password")
            .hint("So that nobody does this at your open screen.")
            .autocomplete("current-password")
    })
}

/// Checks the proof.
///
/// # Errors
/// It is not right (field `proof`).
pub(crate) async fn check(state: &ConsoleState, visitor: &Visitor, proof: &SecretString) -> Result<(), Error> {
    let session = session(visitor)?;
    let permit = permit_own_account(&visitor.caller, session)?;
    if proof.expose().trim().is_empty() {
        return Err(Error::field(FIELD, "Fill this in to confirm that it is you."));
    }
    state.identity.prove_presence(&visitor.caller, session, &permit, proof).await
}

/// The proof among the fields of a form, as it was typed.
pub(crate) fn proof(fields: &Fields) -> SecretString {
    SecretString::new(fields.all(FIELD).first().cloned().unwrap_or_default())
}

/// The session of a page that asks for one.
pub(crate) fn session(visitor: &Visitor) -> Result<&SessionFacts, Error> {
    visitor.session.as_ref().ok_or_else(|| Error::internal("a page that needs a session was reached without one"))
}
