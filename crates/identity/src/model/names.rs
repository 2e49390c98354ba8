//! Names that people sign in with. Parsed at the door, never checked again.

use std::fmt;

/// Longest user name, in characters.
const USER_NAME_MAX: usize = 64;

/// A user name in its one stored spelling: small letters, digits, `.`, `_`, `-`; 2 to 64 characters.
///
/// Plain ASCII on purpose: two names that look the same cannot be different users.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

/// A mail address in its one stored spelling (small letters), as a second name to sign in with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// What somebody typed to say who they are: either of the two names.
#[derive(Clone, PartialEq, Eq)]
pub enum LoginName {
    /// A user name.
    User(UserName),
    /// A mail address.
    Email(EmailAddress),
    /// Neither; no account can have this name.
    Neither,
}

impl UserName {
    /// Reads a user name in any capitals and width (`ＡＤＡ` is `ada`).
    ///
    /// # Errors
    /// What is wrong with it, for the person who chose it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = fold(text);
        let length = name.chars().count();
        if !(2..=USER_NAME_MAX).contains(&length) {
            return Err(format!("Use 2 to {USER_NAME_MAX} characters for the user name."));
        }
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        if !name.chars().all(fits) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(
                "Use letters a to z, digits, and . _ - in the user name, and begin with a letter or digit.".into()
            );
        }
        Ok(Self(name))
    }

    pub(crate) const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl EmailAddress {
    /// Reads an address `local@domain`, without display name or quotes.
    ///
    /// # Errors
    /// How to write one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let address = fold(text);
        let plain = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
        let fits = address.len() <= 254
            && address.rsplit_once('@').is_some_and(|(local, domain)| {
                (1..=64).contains(&local.len())
                    && local.chars().all(plain)
                    && domain.contains('.')
                    && domain.split('.').all(is_label)
            });
        if fits { Ok(Self(address)) } else { Err("Write a mail address like name@example.com.".into()) }
    }

    pub(crate) const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LoginName {
    /// Reads what was typed. Never fails: what no account can have is [`LoginName::Neither`], and is treated like any
    /// unknown name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.len() > 256 {
            return Self::Neither;
        }
        if text.contains(['@', '\u{ff20}']) {
            EmailAddress::parse(text).map_or(Self::Neither, Self::Email)
        } else {
            UserName::parse(text).map_or(Self::Neither, Self::User)
        }
    }

    /// The stored spelling to look for.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(name) => name.as_str(),
            Self::Email(address) => address.as_str(),
            Self::Neither => "",
        }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Outer white space goes, full-width forms become ASCII, capitals become small.
fn fold(text: &str) -> String {
    text.trim().chars().map(narrow).map(|c| c.to_ascii_lowercase()).collect()
}

/// What NFKC does to the full-width forms that East Asian keyboards type; other characters are refused later anyway.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_user_name_are_one() {
        assert_eq!(UserName::parse(" Ada.Lovelace ").unwrap().as_str(), "ada.lovelace");
        assert_eq!(UserName::parse("\u{ff21}\u{ff24}\u{ff21}").unwrap().as_str(), "ada");
    }

    #[test]
    fn names_that_could_deceive_are_refused() {
        for bad in ["a", "", ".ada", "ada lovelace", "\u{430}da", "ada@x.com", "a\0b", &"a".repeat(65)] {
            assert!(UserName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_was_typed_is_a_user_name_or_an_address_or_nothing() {
        assert!(matches!(LoginName::parse("Ada"), LoginName::User(_)));
        assert!(matches!(LoginName::parse("Ada@Example.com"), LoginName::Email(_)));
        assert!(matches!(LoginName::parse("ada@"), LoginName::Neither));
        assert!(matches!(LoginName::parse(&"a".repeat(1_000_000)), LoginName::Neither));
        assert!(EmailAddress::parse("ada@example.com\r\nBcc: x@example.com").is_err());
    }
}
