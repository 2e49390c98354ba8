//! The settings that an administrator may change: typed, with a value for each profile, checked as a whole.
//!
//! Each kind is stored as JSON, version by version; nothing is overwritten, so any version can be restored.

mod factor;
mod password;
pub mod points;
mod session;

pub use factor::FactorPolicy;
pub use password::PasswordPolicy;
pub use session::{ClassPolicy, SessionPolicy};

use palisade_base::{Error, FieldError, Instant};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A named set of values. `guide` is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// The values of the two guides.
    Guide,
    /// What OWASP ASVS 5.0 and NIST SP 800-63B ask for where they disagree with the guides.
    Asvs,
}

impl Profile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Guide, Self::Asvs];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guide => "guide",
            Self::Asvs => "asvs",
        }
    }
}

/// One kind of settings.
pub trait Settings: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its stored name, which is also the trail's: `password_policy`.
    const KIND: &'static str;

    /// The values of a profile.
    fn of(profile: Profile) -> Self;

    /// What is out of bounds, field by field, as the form names the fields.
    fn problems(&self) -> Vec<FieldError>;

    /// The settings themselves, where they are within bounds.
    ///
    /// # Errors
    /// All fields that are not.
    fn checked(self) -> Result<Self, Error> {
        let problems = self.problems();
        if problems.is_empty() { Ok(self) } else { Err(Error::invalid(problems)) }
    }
}

/// Settings with the version that they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// 0 while the profile's values have never been changed, then 1, 2, 3, …
    pub version: i64,
    /// The values.
    pub value: T,
}

/// One version in the history of a kind of settings.
#[derive(Clone, Debug)]
pub struct SettingsVersion<T> {
    /// Its number.
    pub version: i64,
    /// Its values.
    pub value: T,
    /// Who made it, as the trail names actors.
    pub changed_by: String,
    /// When.
    pub changed_at: Instant,
}

/// The fields that differ, by name, nested ones with a dot: `browser.idle_minutes`.
pub(crate) fn differences<T: Serialize>(before: &T, after: &T) -> Vec<(String, Value, Value)> {
    let as_value = |settings: &T| serde_json::to_value(settings).unwrap_or(Value::Null);
    let mut found = Vec::new();
    compare("", &as_value(before), &as_value(after), &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<(String, Value, Value)>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&path, old.get(name).unwrap_or(&Value::Null), value, found);
            }
        }
        (before, after) if before != after => found.push((path.to_owned(), before.clone(), after.clone())),
        _ => {}
    }
}

/// A field error where a number is not within its bounds.
pub(crate) fn bound(field: &'static str, value: u32, low: u32, high: u32, unit: &str) -> Option<FieldError> {
    (!(low..=high).contains(&value))
        .then(|| FieldError { field: field.into(), message: format!("Choose {low} to {high} {unit}.") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_just_the_fields_that_changed() {
        let before = SessionPolicy::of(Profile::Guide);
        let mut after = before.clone();
        after.browser.idle_minutes = 15;
        assert_eq!(differences(&before, &after), [("browser.idle_minutes".to_owned(), 30.into(), 15.into())]);
    }

    #[test]
    fn every_profile_is_within_its_own_bounds() {
        for profile in Profile::ALL {
            assert_eq!(PasswordPolicy::of(profile).problems(), []);
            assert_eq!(FactorPolicy::of(profile).problems(), []);
            assert_eq!(SessionPolicy::of(profile).problems(), []);
        }
    }
}
