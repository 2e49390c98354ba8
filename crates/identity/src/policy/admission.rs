//! Whether somebody may go on to a guarded site.

use crate::model::FactorRule;

/// The answer, with what the person can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// They may.
    Granted,
    /// They hold no role that opens the site.
    NoRole,
    /// They hold one, and it waits until they have a second factor.
    NeedsFactor,
    /// They hold one and have a second factor, and did not give it in this sign-on.
    NeedsSignIn,
}

/// Decides by the roles that somebody holds on the site, and those that open it (one of them; none: no role is asked for).
#[must_use]
pub fn admit(held: &[(String, FactorRule)], opening: &[String], has_factor: bool, factor_given: bool) -> Admission {
    if opening.is_empty() {
        return Admission::Granted;
    }
    let fitting: Vec<FactorRule> =
        held.iter().filter(|(name, _)| opening.contains(name)).map(|(_, rule)| *rule).collect();
    if fitting.is_empty() {
        Admission::NoRole
    } else if (has_factor && factor_given) || fitting.iter().any(|rule| *rule != FactorRule::Required) {
        Admission::Granted
    } else if has_factor {
        Admission::NeedsSignIn
    } else {
        Admission::NeedsFactor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str, rule: FactorRule) -> (String, FactorRule) {
        (name.to_owned(), rule)
    }

    #[test]
    fn one_role_that_is_in_force_opens_the_site() {
        let opening = ["Staff".to_owned(), "Admin".to_owned()];
        let staff = role("Staff", FactorRule::Optional);
        let admin = role("Admin", FactorRule::Required);
        assert_eq!(admit(&[], &opening, true, true), Admission::NoRole);
        assert_eq!(admit(&[role("Guest", FactorRule::Optional)], &opening, true, true), Admission::NoRole);
        assert_eq!(admit(std::slice::from_ref(&staff), &opening, false, false), Admission::Granted);
        assert_eq!(admit(&[admin.clone(), staff], &opening, false, false), Admission::Granted);
        assert_eq!(admit(std::slice::from_ref(&admin), &opening, true, true), Admission::Granted);
        assert_eq!(admit(&[], &[], false, false), Admission::Granted);
        assert_eq!(admit(std::slice::from_ref(&admin), &opening, false, false), Admission::NeedsFactor);
        assert_eq!(admit(&[admin], &opening, true, false), Admission::NeedsSignIn);
    }
}
