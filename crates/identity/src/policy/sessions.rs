//! What a session still owes, and when it is over.

use palisade_base::{Instant, auth::SessionState};

use crate::{
    model::{EndReason, FactorRule},
    settings::{ClassPolicy, FactorPolicy},
};

/// What is known of somebody who is signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// A second factor is enrolled.
    pub has_factor: bool,
    /// It, or something that stands for it, was given in this sign-in.
    pub factor_given: bool,
    /// A role, or the policy for everybody, requires one.
    pub factor_required: bool,
    /// The password has run out, or must be changed for another reason.
    pub password_due: bool,
}

impl Owed {
    /// What comes next. The factor comes first: nobody gets to choose a new password without it.
    #[must_use]
    pub const fn state(self) -> SessionState {
        if self.has_factor && !self.factor_given {
            SessionState::OwesFactor
        } else if self.password_due {
            SessionState::OwesPassword
        } else if self.factor_required && !self.has_factor && !self.factor_given {
            SessionState::OwesEnrolment
        } else {
            SessionState::Full
        }
    }
}

/// Whether somebody with grants of roles with these rules needs a second factor.
#[must_use]
pub fn needs_factor(policy: &FactorPolicy, rules: impl IntoIterator<Item = FactorRule>) -> bool {
    policy.require_for_everyone || rules.into_iter().any(|rule| rule == FactorRule::Required)
}

/// The times that decide whether a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimes {
    /// What it may be used for.
    pub state: SessionState,
    /// When it began.
    pub created_at: Instant,
    /// When a person last used it.
    pub last_used_at: Instant,
    /// The end that was set when it began.
    pub expires_at: Instant,
}

/// Why and since when the session is over by time; `None` while it lives. Stricter settings count at once; looser ones
/// do not lengthen a life that was set.
#[must_use]
pub fn session_end(times: &SessionTimes, class: &ClassPolicy, now: Instant) -> Option<(EndReason, Instant)> {
    let life = times.expires_at.min(times.created_at + class.life());
    let idle = times.last_used_at + class.idle();
    let (reason, at) = if idle < life { (EndReason::Idle, idle) } else { (EndReason::Expired, life) };
    (now >= at).then_some((reason, at))
}

#[cfg(test)]
mod tests {
    use palisade_base::Span;

    use super::*;
    use crate::settings::{Profile, SessionPolicy, Settings as _};

    const START: Instant = Instant::from_micros(1_000_000_000_000);
    const NOTHING: Owed = Owed { has_factor: false, factor_given: false, factor_required: false, password_due: false };

    /// covers K1.2 (part)
    #[test]
    fn the_factor_comes_before_the_password_and_enrolment_last() {
        assert_eq!(NOTHING.state(), SessionState::Full);
        let with_factor = Owed { has_factor: true, password_due: true, ..NOTHING };
        assert_eq!(with_factor.state(), SessionState::OwesFactor);
        assert_eq!(Owed { factor_given: true, ..with_factor }.state(), SessionState::OwesPassword);
        let privileged = Owed { factor_required: true, password_due: true, ..NOTHING };
        assert_eq!(privileged.state(), SessionState::OwesPassword);
        assert_eq!(Owed { password_due: false, ..privileged }.state(), SessionState::OwesEnrolment);
    }

    fn times(last_used_minutes: i64) -> SessionTimes {
        SessionTimes {
            state: SessionState::Full,
            created_at: START,
            last_used_at: START + Span::minutes(last_used_minutes),
            expires_at: START + Span::hours(6),
        }
    }

    /// covers T8.1 (part), K1.4 (part)
    #[test]
    fn a_browser_session_ends_idle_after_30_minutes_and_in_any_case_after_6_hours() {
        let browser = SessionPolicy::of(Profile::Guide).browser;
        let at = |minutes| START + Span::minutes(minutes);
        assert_eq!(session_end(&times(0), &browser, at(29)), None);
        assert_eq!(session_end(&times(0), &browser, at(30)), Some((EndReason::Idle, at(30))));
        assert_eq!(session_end(&times(359), &browser, at(359)), None);
        assert_eq!(session_end(&times(359), &browser, at(360)), Some((EndReason::Expired, at(360))));
    }

    #[test]
    fn a_stricter_setting_counts_for_sessions_that_live() {
        let mut browser = SessionPolicy::of(Profile::Guide).browser;
        browser.life_minutes = 60;
        assert_eq!(session_end(&times(50), &browser, START + Span::minutes(60)).unwrap().0, EndReason::Expired);
        browser.life_minutes = 24 * 60;
        assert_eq!(session_end(&times(359), &browser, START + Span::minutes(360)).unwrap().0, EndReason::Expired);
    }

    /// covers K1.2 (part)
    #[test]
    fn one_privileged_role_is_enough_to_need_a_factor() {
        let policy = FactorPolicy::of(Profile::Guide);
        assert!(needs_factor(&policy, [FactorRule::Optional, FactorRule::Required]));
        assert!(!needs_factor(&policy, [FactorRule::Optional, FactorRule::Recommended]));
        assert!(needs_factor(&FactorPolicy { require_for_everyone: true, ..policy }, []));
    }
}
