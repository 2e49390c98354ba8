//! Texts that a spreadsheet program would run rather than show, and how they are made harmless.

use std::borrow::Cow;

/// Whether a spreadsheet program that opens this text from CSV may take it for a formula or a command.
///
/// That is: after any spaces and apostrophes it starts with `=`, `+`, `-`, `@`, one of their full-width forms, or a
/// control character such as tab or carriage return.
#[must_use]
pub fn is_formula_like(text: &str) -> bool {
    // Apostrophes are skipped so that adding one to a formula-like text gives a formula-like text again:
    // only then can `restore` tell an apostrophe of ours from one that was typed.
    text.trim_start_matches(['\'', ' ', '\u{a0}', '\u{feff}']).starts_with(|first: char| {
        matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') || first.is_control()
    })
}

/// The text with an apostrophe before it where [`is_formula_like`] says so: shown as text, run by nobody.
#[must_use]
pub fn neutralise(text: &str) -> Cow<'_, str> {
    if is_formula_like(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Takes off the apostrophe that [`neutralise`] put on: exactly its inverse.
pub(crate) fn restore(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula_like(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_of_every_kind_are_recognised() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\rx", " =1", "'=1", "＝1", "\u{0}x", "\u{feff}=1"] {
            assert!(is_formula_like(text), "{text:?}");
        }
        for text in ["", "a=1", "3-1", "O'Neil", "'quoted'", "(555) 555-0101", "1+1"] {
            assert!(!is_formula_like(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn restoring_is_the_inverse_of_neutralising(text in "[='+@ \\-\ta-c]{0,8}") {
            let safe = neutralise(&text).into_owned();
            prop_assert_eq!(restore(&safe), text.as_str());
            prop_assert!(!safe.starts_with(['=', '+', '-', '@', '\t']));
        }
    }
}
