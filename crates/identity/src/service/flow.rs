//! Signing in as a machine of states. Each step needs proof that only the code which checked it can make, so a step
//! cannot be left out by mistake:
//!
//! ```text
//! password right ─┐                    ┌─ owes a factor ───── code taken ─────┐
//!                 ├─ Proven ─ session ─┼─ owes a new password ─ password set ─┼─ Proven ─ session …
//! link taken ─────┘                    ├─ owes an enrolment ── factor put in ─┘
//!                                      └─ full
//! ```

use std::marker::PhantomData;

use palisade_base::{Error, auth::SessionState};

use super::{
    factors::{CodeTaken, FactorEnrolled},
    links::LinkTaken,
    passwords::PasswordSet,
    sign_in::PasswordRight,
};
use crate::store::{sessions::SessionRecord, users::Account};

/// Somebody who has proved enough to be given a session; which one depends on what they still owe.
pub(super) struct Proven {
    pub(super) account: Account,
    /// A second factor was given in this sign-in.
    pub(super) factor_given: bool,
    /// What was proved last, for the trail.
    pub(super) by: &'static str,
    /// The session of the step before; it ends.
    pub(super) before: Option<SessionRecord>,
}

impl Proven {
    pub(super) const fn by_password(account: Account, _: &PasswordRight) -> Self {
        Self { account, factor_given: false, by: "password", before: None }
    }

    /// A one-time link stands for password and factor both, or, at set-up, for the password alone.
    pub(super) const fn by_link(account: Account, link: &LinkTaken) -> Self {
        Self { account, factor_given: link.stands_for_factor, by: "link", before: None }
    }
}

/// A sign-in that stopped half-way, in state `S`.
pub(super) struct Unfinished<S> {
    account: Account,
    record: SessionRecord,
    state: PhantomData<S>,
}

/// What a half-finished sign-in can owe.
pub(super) trait Owes {
    const STATE: SessionState;
}

pub(super) struct Factor;
pub(super) struct Enrolment;
pub(super) struct NewPassword;

impl Owes for Factor {
    const STATE: SessionState = SessionState::OwesFactor;
}

impl Owes for Enrolment {
    const STATE: SessionState = SessionState::OwesEnrolment;
}

impl Owes for NewPassword {
    const STATE: SessionState = SessionState::OwesPassword;
}

impl<S: Owes> Unfinished<S> {
    /// # Errors
    /// The session owes something else.
    pub(super) fn of(account: Account, record: SessionRecord) -> Result<Self, Error> {
        if record.facts.state == S::STATE {
            Ok(Self { account, record, state: PhantomData })
        } else {
            Err(Error::new(palisade_base::Kind::Conflict, "This step of the sign-in is behind you already."))
        }
    }

    pub(super) const fn account(&self) -> &Account {
        &self.account
    }

    fn proven(self, factor_given: bool, by: &'static str) -> Proven {
        Proven { account: self.account, factor_given, by, before: Some(self.record) }
    }
}

impl Unfinished<Factor> {
    pub(super) fn with_code(self, code: &CodeTaken) -> Proven {
        self.proven(true, code.by)
    }
}

impl Unfinished<Enrolment> {
    pub(super) fn enrolled(self, _: &FactorEnrolled) -> Proven {
        self.proven(true, "enrolment")
    }
}

impl Unfinished<NewPassword> {
    /// `account` as it is after the change.
    pub(super) fn with_password(self, account: Account, _: &PasswordSet) -> Proven {
        let given = self.record.factor_given;
        Proven { account, ..self.proven(given, "new_password") }
    }
}
