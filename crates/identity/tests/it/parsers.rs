//! Whatever is typed, nothing here panics, and what is taken keeps its promises.

use palisade_identity::{
    model::{EmailAddress, LoginName, UserName},
    password::{check_password, context_words},
    settings::{PasswordPolicy, Profile, Settings as _},
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_user_name_that_is_taken_is_plain_and_reads_as_itself(text in "\\PC{0,80}") {
        if let Ok(name) = UserName::parse(&text) {
            prop_assert!(name.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)));
            prop_assert_eq!(UserName::parse(name.as_str()).unwrap(), name);
        }
    }

    #[test]
    fn an_address_that_is_taken_has_no_room_for_a_header(text in any::<String>()) {
        if let Ok(address) = EmailAddress::parse(&text) {
            prop_assert!(address.as_str().bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(address.as_str().matches('@').count(), 1);
        }
        let _ = LoginName::parse(&text);
    }

    #[test]
    fn any_password_is_judged(text in any::<String>(), names in any::<String>()) {
        let context = context_words([names.as_str()]);
        for profile in Profile::ALL {
            let policy = PasswordPolicy::of(profile);
            let broken = check_password(&policy, &text, &context);
            prop_assert!(broken.is_empty() <= (text.chars().count() >= policy.min_length as usize));
        }
    }
}
