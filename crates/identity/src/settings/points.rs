//! Which points of the guides and of ASVS 5.0 a setting meets, and which it breaks.

use super::{FactorPolicy, PasswordPolicy, SessionPolicy};
use crate::model::{FactorRule, Role, RoleDetail};

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Who asks: a guide's chapter, or a requirement of ASVS 5.0.
    pub source: &'static str,
    /// What, in a sentence.
    pub asks: &'static str,
    /// Whether the values that are in force meet it.
    pub is_met: bool,
}

impl Point {
    /// Whether one of the two guides asks it.
    #[must_use]
    pub fn is_of_guide(&self) -> bool {
        self.source.starts_with("Guide")
    }
}

const fn point(source: &'static str, asks: &'static str, is_met: bool) -> Point {
    Point { source, asks, is_met }
}

const GUIDE_PASSWORDS: &str = "Guide: Password Policies";
const GUIDE_FACTORS: &str = "Guide: Multi-Factor Authentication";
const GUIDE_SESSIONS: &str = "Guide: Session Security";
const GUIDE_EXPIRY: &str = "Guide: session expiry";

/// Those that the password policy bears on.
#[must_use]
pub fn of_passwords(policy: &PasswordPolicy) -> Vec<Point> {
    let classes = policy.require_upper || policy.require_lower || policy.require_digit || policy.require_special;
    vec![
        point(GUIDE_PASSWORDS, "At least 12 characters", policy.min_length >= 12),
        point(GUIDE_PASSWORDS, "Upper-case letters are required", policy.require_upper),
        point(GUIDE_PASSWORDS, "Lower-case letters are required", policy.require_lower),
        point(GUIDE_PASSWORDS, "Numbers are required", policy.require_digit),
        point(GUIDE_PASSWORDS, "Special characters are required", policy.require_special),
        point(GUIDE_PASSWORDS, "Passwords run out after 90 days", (1..=90).contains(&policy.expiry_days)),
        point(GUIDE_PASSWORDS, "The last 10 passwords can't come back", policy.history >= 10),
        point(GUIDE_PASSWORDS, "Lockout after 5 failures", policy.lockout_failures <= 5),
        point("ASVS 6.2.1", "At least 8 characters, 15 recommended", policy.min_length >= 8),
        point("ASVS 6.2.4", "The most common passwords are refused", policy.refuse_common),
        point("ASVS 6.2.5", "Any composition is allowed: no required kinds of characters", !classes),
        point("ASVS 6.2.9", "Passwords of 64 characters and more are allowed", PasswordPolicy::MAX_LENGTH >= 64),
        point("ASVS 6.2.10", "Passwords stay valid until they are known to others", policy.expiry_days == 0),
        point("ASVS 6.2.11", "Words of the company and the user are refused", policy.refuse_context),
        point("ASVS 6.2.12", "Passwords known from breaches are refused", policy.refuse_common),
        point("ASVS 6.3.1", "Guessing is slowed down or stopped", policy.lockout_failures <= 100),
    ]
}

/// Those that the rules for second factors bear on.
#[must_use]
pub fn of_factors(policy: &FactorPolicy, roles: &[RoleDetail]) -> Vec<Point> {
    let is_guides = |role: &Role, name: &str| role.key.as_ref().is_some_and(|key| key.eq_ignore_ascii_case(name));
    // A role that no app here has is held by nobody.
    let rule = |name: &str, at_least: &[FactorRule]| {
        let with_key = roles.iter().find(|detail| is_guides(&detail.role, name));
        policy.require_for_everyone || with_key.is_none_or(|detail| at_least.contains(&detail.role.factor))
    };
    let recommended = [FactorRule::Required, FactorRule::Recommended];
    vec![
        point(GUIDE_FACTORS, "Required for Admin", rule("admin", &recommended[..1])),
        point(GUIDE_FACTORS, "Recommended for Manager", rule("manager", &recommended)),
        point(GUIDE_FACTORS, "Optional for Employee", true),
        point("ASVS 6.3.3", "Everybody uses a second factor", policy.require_for_everyone),
        point("ASVS 6.5.1", "One-time codes and recovery codes work once", true),
    ]
}

/// Those that the session settings bear on.
#[must_use]
pub fn of_sessions(policy: &SessionPolicy) -> Vec<Point> {
    let (browser, mobile) = (&policy.browser, &policy.mobile);
    vec![
        point(GUIDE_SESSIONS, "30 minutes idle time", browser.idle_minutes <= 30),
        point(GUIDE_SESSIONS, "One session per user", browser.single),
        point(GUIDE_EXPIRY, "Sessions end after 6 hours", browser.life_minutes <= 6 * 60),
        point(GUIDE_EXPIRY, "Sessions on mobile devices end after 7 days", mobile.life_minutes <= 7 * 24 * 60),
        point("ASVS 7.3.1", "Sessions end when they are not used", true),
        point("ASVS 7.3.2", "Sessions end after a longest time in any case", true),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Profile, Settings as _};

    fn broken(points: &[Point]) -> Vec<&str> {
        points.iter().filter(|point| !point.is_met).map(|point| point.source).collect()
    }

    /// covers K1.1 (part)
    #[test]
    fn each_profile_meets_its_own_points() {
        let guide = of_passwords(&PasswordPolicy::of(Profile::Guide));
        assert_eq!(broken(&guide), ["ASVS 6.2.5", "ASVS 6.2.10"]);
        let asvs = of_passwords(&PasswordPolicy::of(Profile::Asvs));
        assert!(broken(&asvs).iter().all(|source| source.starts_with("Guide")));
        assert_eq!(broken(&of_sessions(&SessionPolicy::of(Profile::Guide))), [] as [&str; 0]);
    }

    /// covers K1.1 (part)
    #[test]
    fn a_looser_value_breaks_its_point() {
        let loose =
            PasswordPolicy { min_length: 11, history: 9, expiry_days: 91, ..PasswordPolicy::of(Profile::Guide) };
        let points = of_passwords(&loose);
        let asks: Vec<_> =
            points.iter().filter(|point| !point.is_met && point.source == GUIDE_PASSWORDS).map(|p| p.asks).collect();
        assert_eq!(
            asks,
            ["At least 12 characters", "Passwords run out after 90 days", "The last 10 passwords can't come back"]
        );
    }
}
