//! The second factor, as far as it is no property of a role.

use palisade_base::{FieldError, Span};
use serde::{Deserialize, Serialize};

use super::{Profile, Settings, bound};

/// Admin > Security > Multi-Factor Authentication. Which role needs a factor is a property of the role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorPolicy {
    /// Everybody needs a second factor, whatever their roles say.
    pub require_for_everyone: bool,
    /// After how many wrong codes a sign-in is stopped, counted per account; 3 to 10.
    pub wrong_codes: u32,
    /// For how many minutes no code is taken after that; 1 to 1440.
    pub lockout_minutes: u32,
    /// How many minutes there are to give the code, enrol a factor, or choose a new password while signing in; 2 to 60.
    pub challenge_minutes: u32,
}

impl FactorPolicy {
    /// How long no code is taken after too many wrong ones.
    #[must_use]
    pub fn lockout(&self) -> Span {
        Span::minutes(self.lockout_minutes.into())
    }

    /// How long an unfinished sign-in lives.
    #[must_use]
    pub fn challenge(&self) -> Span {
        Span::minutes(self.challenge_minutes.into())
    }
}

impl Settings for FactorPolicy {
    const KIND: &'static str = "factor_policy";

    fn of(profile: Profile) -> Self {
        Self {
            require_for_everyone: profile == Profile::Asvs,
            wrong_codes: 5,
            lockout_minutes: 15,
            challenge_minutes: 15,
        }
    }

    fn problems(&self) -> Vec<FieldError> {
        [
            bound("wrong_codes", self.wrong_codes, 3, 10, "wrong codes"),
            bound("lockout_minutes", self.lockout_minutes, 1, 1440, "minutes"),
            bound("challenge_minutes", self.challenge_minutes, 2, 60, "minutes"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
