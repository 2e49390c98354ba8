//! The password policy: the guide's rules, each a setting.

use palisade_base::{FieldError, Span};
use serde::{Deserialize, Serialize};

use super::{Profile, Settings, bound};

/// Admin > Security > Password Policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordPolicy {
    /// The fewest characters; 8 to 64.
    pub min_length: u32,
    /// An upper-case letter is needed.
    pub require_upper: bool,
    /// A lower-case letter is needed.
    pub require_lower: bool,
    /// A digit is needed.
    pub require_digit: bool,
    /// A character that is neither letter nor digit is needed.
    pub require_special: bool,
    /// After how many days a new one must be chosen; 0 for never, at most 3650.
    pub expiry_days: u32,
    /// How many earlier passwords may not come back; 0 to 24.
    pub history: u32,
    /// After how many failures in a row strangers are locked out; 3 to 100.
    pub lockout_failures: u32,
    /// For how many minutes; 1 to 1440.
    pub lockout_minutes: u32,
    /// Passwords known from breaches, and patterns like them, are refused.
    pub refuse_common: bool,
    /// Passwords that hold the user's, the company's or the product's name are refused.
    pub refuse_context: bool,
}

impl PasswordPolicy {
    /// The most characters. No setting: longer ones are no safer, and 64 at least must be possible.
    pub const MAX_LENGTH: usize = 256;
    /// The most bytes that are looked at at all; more is refused before anything is computed.
    pub const MAX_BYTES: usize = 1024;

    /// How long a lockout lasts.
    #[must_use]
    pub fn lockout(&self) -> Span {
        Span::minutes(self.lockout_minutes.into())
    }

    /// After which age a password must be replaced; `None` for never.
    #[must_use]
    pub fn expiry(&self) -> Option<Span> {
        (self.expiry_days > 0).then(|| Span::days(self.expiry_days.into()))
    }
}

impl Settings for PasswordPolicy {
    const KIND: &'static str = "password_policy";

    fn of(profile: Profile) -> Self {
        match profile {
            Profile::Guide => Self {
                min_length: 12,
                require_upper: true,
                require_lower: true,
                require_digit: true,
                require_special: true,
                expiry_days: 90,
                history: 10,
                lockout_failures: 5,
                lockout_minutes: 15,
                refuse_common: true,
                refuse_context: true,
            },
            // ASVS 5.0 6.2.5 and 6.2.10: no character classes, no forced expiry; length and blocklists instead.
            Profile::Asvs => Self {
                min_length: 15,
                require_upper: false,
                require_lower: false,
                require_digit: false,
                require_special: false,
                expiry_days: 0,
                history: 0,
                lockout_failures: 5,
                lockout_minutes: 15,
                refuse_common: true,
                refuse_context: true,
            },
        }
    }

    fn problems(&self) -> Vec<FieldError> {
        [
            bound("min_length", self.min_length, 8, 64, "characters"),
            bound("expiry_days", self.expiry_days, 0, 3650, "days; 0 means never"),
            bound("history", self.history, 0, 24, "earlier passwords"),
            bound("lockout_failures", self.lockout_failures, 3, 100, "failures"),
            bound("lockout_minutes", self.lockout_minutes, 1, 1440, "minutes"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// covers K1.1 (part)
    #[test]
    fn the_defaults_are_the_guides_values() {
        let policy = PasswordPolicy::of(Profile::Guide);
        assert_eq!((policy.min_length, policy.expiry_days, policy.history), (12, 90, 10));
        assert!(policy.require_upper && policy.require_lower && policy.require_digit && policy.require_special);
        assert_eq!((policy.lockout_failures, policy.lockout()), (5, Span::minutes(15)));
    }

    #[test]
    fn a_value_out_of_bounds_is_named() {
        let policy = PasswordPolicy { min_length: 4, lockout_failures: 0, ..PasswordPolicy::of(Profile::Guide) };
        let fields: Vec<_> = policy.problems().into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["min_length", "lockout_failures"]);
    }
}
