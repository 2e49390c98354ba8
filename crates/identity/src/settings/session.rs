//! How long sessions live, per class of client.

use palisade_base::{FieldError, Span, auth::ClientClass};
use serde::{Deserialize, Serialize};

use super::{Profile, Settings};

/// Admin > Security > Session Settings. Programs have no sessions; how long an API key is valid stands on the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionPolicy {
    /// Browsers.
    pub browser: ClassPolicy,
    /// Devices that their owner enrolled after a second factor.
    pub mobile: ClassPolicy,
}

/// The session settings of one class of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassPolicy {
    /// After how many minutes without a request a session is over; 5 minutes to 30 days.
    pub idle_minutes: u32,
    /// After how many minutes it is over in any case; 15 minutes to 30 days.
    pub life_minutes: u32,
    /// A new sign-on ends the user's older ones, of every class that has this on.
    pub single: bool,
}

/// 30 days.
const MAX_MINUTES: u32 = 30 * 24 * 60;

impl ClassPolicy {
    /// The idle time.
    #[must_use]
    pub fn idle(&self) -> Span {
        Span::minutes(self.idle_minutes.into())
    }

    /// The life.
    #[must_use]
    pub fn life(&self) -> Span {
        Span::minutes(self.life_minutes.into())
    }
}

impl SessionPolicy {
    /// The settings of a class.
    #[must_use]
    pub const fn class(&self, class: ClientClass) -> &ClassPolicy {
        match class {
            ClientClass::Mobile => &self.mobile,
            // A program has no session; should one ever be asked about, the strict settings count.
            ClientClass::Browser | ClientClass::Api => &self.browser,
        }
    }
}

impl Settings for SessionPolicy {
    const KIND: &'static str = "session_policy";

    fn of(profile: Profile) -> Self {
        let mobile_idle = match profile {
            // 168:00:00 is one value in the guide: no idle time of its own.
            Profile::Guide => 168 * 60,
            Profile::Asvs => 24 * 60,
        };
        Self {
            browser: ClassPolicy { idle_minutes: 30, life_minutes: 6 * 60, single: true },
            mobile: ClassPolicy { idle_minutes: mobile_idle, life_minutes: 168 * 60, single: true },
        }
    }

    fn problems(&self) -> Vec<FieldError> {
        let mut problems = Vec::new();
        let fields = [
            ("browser.idle_minutes", self.browser.idle_minutes, 5),
            ("browser.life_minutes", self.browser.life_minutes, 15),
            ("mobile.idle_minutes", self.mobile.idle_minutes, 5),
            ("mobile.life_minutes", self.mobile.life_minutes, 15),
        ];
        for (field, minutes, low) in fields {
            problems.extend(super::bound(field, minutes, low, MAX_MINUTES, "minutes (30 days at most)"));
        }
        for (field, class) in [("browser.idle_minutes", self.browser), ("mobile.idle_minutes", self.mobile)] {
            if class.idle_minutes > class.life_minutes {
                let message = "The idle time can't be longer than the life of a session.".to_owned();
                problems.push(FieldError { field: field.into(), message });
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// covers T8.1 (part), K1.4 (part)
    #[test]
    fn the_defaults_are_the_guides_values() {
        let policy = SessionPolicy::of(Profile::Guide);
        assert_eq!((policy.browser.idle(), policy.browser.life()), (Span::minutes(30), Span::hours(6)));
        assert_eq!(policy.mobile.life(), Span::hours(168));
        assert!(policy.browser.single && policy.mobile.single);
    }

    #[test]
    fn idle_cannot_outlast_life() {
        let mut policy = SessionPolicy::of(Profile::Guide);
        policy.browser.idle_minutes = 7 * 60;
        assert_eq!(policy.problems().len(), 1);
    }
}
