//! A path as it may be logged.

use std::borrow::Cow;

use super::kind::SECRET_REST;

const SHOWN_BYTES: usize = 300;

/// The path without what could be a token. Never the query, which is not part of it.
pub(crate) fn shown(path: &str) -> Cow<'_, str> {
    if let Some(prefix) = SECRET_REST.iter().find(|prefix| path.starts_with(**prefix)) {
        return Cow::Owned(format!("{prefix}(withheld)"));
    }
    let needs_change = path.len() > SHOWN_BYTES || path.split('/').any(could_be_token);
    if !needs_change {
        return Cow::Borrowed(path);
    }
    let kept: Vec<&str> =
        path.split('/').map(|segment| if could_be_token(segment) { "(withheld)" } else { segment }).collect();
    let mut text = kept.join("/");
    // A path is ASCII: http::Uri takes nothing else.
    text.truncate(text.floor_char_boundary(SHOWN_BYTES));
    Cow::Owned(text)
}

/// Our tokens are 43 characters of base64url, with or without a prefix; an id has 36, with hyphens in known places.
fn could_be_token(segment: &str) -> bool {
    segment.len() >= 40
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'%' | b'.' | b'='))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_are_not_shown() {
        let token = "0123456789012345678901234567890123456789abc";
        assert_eq!(shown(&format!("/sign-in/link/{token}")), "/sign-in/link/(withheld)");
        assert_eq!(shown("/set-up/short"), "/set-up/(withheld)");
        assert_eq!(shown(&format!("/x/plk_{token}/y")), "/x/(withheld)/y");
        let id = "/people/01928f6e-7b1c-7def-8123-0123456789ab/edit";
        assert_eq!(shown(id), id);
    }

    proptest! {
        #[test]
        fn no_path_is_shown_at_length(path in "/[ -~]{0,400}") {
            prop_assert!(shown(&path).len() <= 320);
        }
    }
}
