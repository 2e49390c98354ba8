//! What a new password must be. Every rule that is broken is named, so that nobody has to guess twice.

use palisade_base::{Error, FieldError, SecretString};

use super::common;
use crate::settings::PasswordPolicy;

/// Shorter context words would refuse too much: "Ann" is in "annual".
const CONTEXT_WORD_MIN: usize = 4;

/// A rule that a password breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It has fewer characters than this.
    TooShort(u32),
    /// It has more than [`PasswordPolicy::MAX_LENGTH`].
    TooLong,
    /// There is no upper-case letter in it.
    NoUpper,
    /// There is no lower-case letter in it.
    NoLower,
    /// There is no digit in it.
    NoDigit,
    /// There is nothing but letters and digits in it.
    NoSpecial,
    /// It is one of those that are tried first, or little more.
    Common,
    /// It holds this word, which says who or where somebody is.
    Context(String),
    /// It was used before.
    Used(u32),
}

impl Broken {
    /// What to do, in one sentence.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::TooShort(least) => format!("Use at least {least} characters."),
            Self::TooLong => format!("Use at most {} characters.", PasswordPolicy::MAX_LENGTH),
            Self::NoUpper => "Add an upper-case letter.".into(),
            Self::NoLower => "Add a lower-case letter.".into(),
            Self::NoDigit => "Add a digit.".into(),
            Self::NoSpecial => "Add a character that is neither letter nor digit, such as a full stop or a space.".into(),
            Self::Common => "This is one of the passwords that attackers try first. Three or four words that have nothing to do with each other are better.".into(),
            Self::Context(word) => format!("Leave out “{word}”: who knows you would try it."),
            Self::Used(history) => format!("You had this password before. Choose one that is not among your last {history}."),
        }
    }
}

/// The words that a password of this user must not hold: the parts of these names, four letters and longer.
#[must_use]
pub fn context_words<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<String> = names
        .into_iter()
        .flat_map(|name| name.split(|c: char| !c.is_alphanumeric()))
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() >= CONTEXT_WORD_MIN)
        .collect();
    words.sort();
    words.dedup();
    words
}

/// Every rule that the password breaks, but for the history, which only the hashes can tell.
#[must_use]
pub fn check_password(policy: &PasswordPolicy, password: &str, context: &[String]) -> Vec<Broken> {
    if password.len() > PasswordPolicy::MAX_BYTES {
        return vec![Broken::TooLong];
    }
    let length = password.chars().count();
    let has = |kind: fn(char) -> bool| password.contains(kind);
    let mut broken = Vec::new();
    let mut rule = |is_broken: bool, name: Broken| {
        if is_broken {
            broken.push(name);
        }
    };
    rule(length < policy.min_length as usize, Broken::TooShort(policy.min_length));
    rule(length > PasswordPolicy::MAX_LENGTH, Broken::TooLong);
    rule(policy.require_upper && !has(char::is_uppercase), Broken::NoUpper);
    rule(policy.require_lower && !has(char::is_lowercase), Broken::NoLower);
    rule(policy.require_digit && !has(char::is_numeric), Broken::NoDigit);
    rule(policy.require_special && !has(|c| !c.is_alphanumeric()), Broken::NoSpecial);
    rule(policy.refuse_common && common::is_common(password), Broken::Common);
    if policy.refuse_context {
        broken.extend(common::first_contained(password, context).map(Broken::Context));
    }
    broken
}

/// The broken rules as an error of the form's field.
pub(crate) fn refused(field: &'static str, broken: &[Broken]) -> Error {
    let error = |rule: &Broken| FieldError { field: field.into(), message: rule.message() };
    Error::invalid(broken.iter().map(error).collect())
}

/// The password, where it breaks no rule.
pub(crate) fn require(
    policy: &PasswordPolicy,
    field: &'static str,
    password: &SecretString,
    context: &[String],
) -> Result<(), Error> {
    let broken = check_password(policy, password.expose(), context);
    if broken.is_empty() { Ok(()) } else { Err(refused(field, &broken)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Profile, Settings as _};

    const GOOD: &str = "Quiet7 lantern;fog";

    fn guide() -> PasswordPolicy {
        PasswordPolicy::of(Profile::Guide)
    }

    fn broken(password: &str) -> Vec<Broken> {
        check_password(&guide(), password, &[])
    }

    /// covers K1.1 (part)
    #[test]
    fn a_password_that_keeps_every_rule_is_taken() {
        assert_eq!(broken(GOOD), []);
    }

    /// covers K1.1 (part)
    #[test]
    fn eleven_characters_are_too_short_and_twelve_are_not() {
        assert_eq!(broken("Fog7;lanqer"), [Broken::TooShort(12)]);
        assert_eq!(broken("Fog7;lanqerX"), []);
        assert_eq!(check_password(&PasswordPolicy { min_length: 11, ..guide() }, "Fog7;lanqer", &[]), []);
    }

    /// covers K1.1 (part)
    #[test]
    fn each_kind_of_character_is_asked_for_by_a_setting_of_its_own() {
        type Case = (&'static str, Broken, fn(&mut PasswordPolicy));
        let cases: [Case; 4] = [
            ("quiet7 lantern;fog", Broken::NoUpper, |p| p.require_upper = false),
            ("QUIET7 LANTERN;FOG", Broken::NoLower, |p| p.require_lower = false),
            ("Quiet lantern;fog", Broken::NoDigit, |p| p.require_digit = false),
            ("Quiet7LanternFog", Broken::NoSpecial, |p| p.require_special = false),
        ];
        for (password, rule, switch_off) in cases {
            assert_eq!(broken(password), [rule], "{password}");
            let mut policy = guide();
            switch_off(&mut policy);
            assert_eq!(check_password(&policy, password, &[]), [], "{password}");
        }
    }

    /// covers K1.1 (part)
    #[test]
    fn known_breached_passwords_are_refused_however_they_are_dressed_up() {
        for password in
            ["Password123!", "P@ssw0rd2024!!", "Qwertyuiop1!", "Iloveyou2023!", "Letmein!!1234", "Dragon-Monkey7"]
        {
            assert_eq!(broken(password), [Broken::Common], "{password}");
            let policy = PasswordPolicy { refuse_common: false, ..guide() };
            assert_eq!(check_password(&policy, password, &[]), [], "{password}");
        }
    }

    /// covers K1.1 (part)
    #[test]
    fn words_that_say_who_somebody_is_are_refused() {
        let context =
            context_words(["ada.lovelace", "Ada", "Lovelace", "ada@handycrew.example", "Handy Crew Ltd", "Palisade"]);
        assert_eq!(context, ["crew", "example", "handy", "handycrew", "lovelace", "palisade"]);
        let refused = |password: &str| check_password(&guide(), password, &context);
        assert_eq!(refused("Quiet7 L0velace;fog"), [Broken::Context("lovelace".into())]);
        assert_eq!(refused("Quiet7 p.a.l.i.s.a.d.e;"), [Broken::Context("palisade".into())]);
        assert_eq!(refused(GOOD), []);
        let policy = PasswordPolicy { refuse_context: false, ..guide() };
        assert_eq!(check_password(&policy, "Quiet7 L0velace;fog", &context), []);
    }

    /// covers K1.1 (part)
    #[test]
    fn long_and_unicode_passwords_are_taken_as_typed() {
        let long = format!("{GOOD} {}", "k\u{f8}benhavn \u{1f40c} ".repeat(8));
        assert!(long.chars().count() >= 64);
        assert_eq!(broken(&long), []);
        assert_eq!(broken(&format!("Qx7;{}", "\u{1f40c}\u{1f528}".repeat(126))), []);
        assert_eq!(broken(&format!("Qx7;{}", "\u{1f40c}\u{1f528}".repeat(127))), [Broken::TooLong]);
        assert_eq!(broken(&"a".repeat(1024 * 1024)), [Broken::TooLong]);
    }

    #[test]
    fn the_asvs_profile_asks_for_length_and_nothing_else() {
        let asvs = PasswordPolicy::of(Profile::Asvs);
        assert_eq!(check_password(&asvs, "plum gravel tidewater", &[]), []);
        assert_eq!(check_password(&asvs, "plum gravel", &[]), [Broken::TooShort(15)]);
    }
}
