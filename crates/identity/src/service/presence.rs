//! Asking again, before something dangerous is done.

use palisade_base::{Caller, Category, Error, Permit, Resource, SecretString, TrailEntry, auth::SessionFacts};
use palisade_store::Housekeeping;
use uuid::Uuid;

use super::{Identity, check_permit};
use crate::{
    policy::OwnAccount,
    store::{
        tries::{self, Counter, TryKind},
        users::Account,
    },
};

impl Identity {
    /// Makes sure, before a dangerous act, that the person themselves is at the keyboard: `proof` is a code of the
    /// authenticator app, or the password where no factor is enrolled. Counted like the tries of a sign-in; a code works
    /// once.
    ///
    /// # Errors
    /// It is not right (field `proof`), or no try is taken at the moment (`Unauthenticated` for codes).
    pub async fn prove_presence(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        proof: &SecretString,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        let (account, record) = self.account_in(session).await?;
        if self.factor_status(account.user.id).await?.totp_since.is_some() {
            return self.take_code(caller, &account, "proof", proof, record.device).await.map(drop);
        }
        self.take_password(caller, &account, "proof", proof, record.device).await
    }

    /// Tries the present password of somebody who is signed in; counted like a sign-in from that device.
    ///
    /// # Errors
    /// It is not right, or there were too many wrong ones (`field`).
    pub(super) async fn take_password(
        &self,
        caller: &Caller,
        account: &Account,
        field: &'static str,
        password: &SecretString,
        device: Option<Uuid>,
    ) -> Result<(), Error> {
        let counter = Counter::of(account.user.id, device, TryKind::Password);
        let rule = self.password_lockout().await?;
        let counted = self.count_try(&counter, &rule).await?;
        let verdict = self.0.hasher.verify(password, account.password_hash.as_deref()).await?;
        if verdict.matches && rule.permits(&counted) {
            let mut tx = self.write().await?;
            tries::clear(&mut tx, &counter).await?;
            return Ok(tx.commit_housekeeping(Housekeeping::Counters).await?);
        }
        let resource = Resource::new("user", account.user.id);
        let entry = TrailEntry::new(Category::Authentication, caller, "password.try", resource);
        self.trace_failure(entry.failed("wrong_password")).await?;
        Err(Error::field(field, "This is not your present password."))
    }
}
