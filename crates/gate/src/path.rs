//! What a path is, and how it may be shown.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;

/// What limits and sessions need to know about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathKind {
    /// A file that pages refer to: no session, no limit.
    Asset,
    /// A try to sign in, in whatever way. Also `true` where it goes to the API.
    SignIn {
        /// It counts against the API's limit too.
        api: bool,
    },
    /// A call to the API.
    Api,
    /// A page.
    Page,
}

/// Paths whose rest is a secret: one-time links.
const SECRET_REST: [&str; 2] = ["/sign-in/link/", "/set-up/"];

impl PathKind {
    /// Whether the API's limit counts it.
    pub(crate) const fn is_api(self) -> bool {
        matches!(self, Self::Api | Self::SignIn { api: true })
    }

    /// Whether the login limit counts it.
    pub(crate) const fn is_sign_in(self) -> bool {
        matches!(self, Self::SignIn { .. })
    }

    /// Judges a path of a built-in site as broadly as any app could read it. To count too much is safe; to be talked out
    /// of counting is not. What a guarded site's are is judged by [`crate::ways_in`].
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let plain = simplify(path);
        let reads = reads(method);
        if is_under(&plain, "/api/v1/auth") {
            Self::SignIn { api: true }
        } else if is_under(&plain, "/api") {
            Self::Api
        } else if SECRET_REST.iter().any(|prefix| plain.starts_with(prefix)) || (!reads && is_under(&plain, "/sign-in"))
        {
            // Looking at the sign-in page is no try, opening a one-time link is one.
            Self::SignIn { api: false }
        } else if reads && is_file(path, &plain, &["/assets"]) {
            Self::Asset
        } else {
            Self::Page
        }
    }
}

/// A file below one of these paths, written as plainly as a browser asks for it: what an app might read in another way
/// is none.
pub(crate) fn is_file(path: &str, plain: &str, below: &[impl AsRef<str>]) -> bool {
    let as_written = path.len() == plain.len() && !plain.contains("/.") && !path.contains(['%', '\\', ';']);
    let is_below = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
    as_written && (path == "/favicon.ico" || below.iter().any(|prefix| is_below(prefix.as_ref())))
}

/// A method that changes nothing, taken by itself.
pub(crate) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The path as the most lenient app would read it: decoded until nothing is left to decode, backslashes and repeated
/// slashes as one slash, without parameters behind `;` and without dots, in lower case.
pub(crate) fn simplify(path: &str) -> String {
    let mut plain = String::with_capacity(path.len() + 1);
    for segment in decoded(path).split(['/', '\\']) {
        match segment.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => plain.truncate(plain.rfind('/').unwrap_or(0)),
            name => {
                plain.push('/');
                plain.extend(name.chars().map(|c| c.to_ascii_lowercase()));
            }
        }
    }
    if plain.is_empty() || path.ends_with('/') {
        plain.push('/');
    }
    plain
}

/// Some decode twice. Whoever writes it three times over is not asking for a page.
fn decoded(path: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(path);
    for _ in 0..3 {
        if !plain.contains('%') {
            break;
        }
        plain = Cow::Owned(percent_decode_str(&plain).decode_utf8_lossy().into_owned());
    }
    plain
}

/// Whether the path is this one, or below it, or another form of it: `/login.html` and `/login-form` are `/login`.
pub(crate) fn is_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', ';', '-']))
}

/// The path as it may be logged: without what could be a token. Never the query, which is not part of it.
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

const SHOWN_BYTES: usize = 300;

/// Our tokens are 43 characters of base64url, with or without a prefix; an id has 36, with hyphens in known places.
fn could_be_token(segment: &str) -> bool {
    segment.len() >= 40
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'%' | b'.' | b'='))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn get(path: &str) -> PathKind {
        PathKind::of(&Method::GET, path)
    }

    fn post(path: &str) -> PathKind {
        PathKind::of(&Method::POST, path)
    }

    /// covers T4.3 (part)
    #[test]
    fn every_way_to_sign_in_counts_as_one() {
        for path in [
            "/sign-in",
            "/sign-in/factor",
            "/sign-in/",
            "//sign-in",
            "/%73ign-in",
            "/%2573ign-in",
            "/Sign-In",
            "/x/../sign-in",
            "/./sign-in;v=1",
            "\\sign-in",
            "/sign-in/new-password",
        ] {
            assert_eq!(post(path), PathKind::SignIn { api: false }, "{path}");
        }
        for path in ["/sign-in/link/abc", "/set-up/abc", "/set%2Dup/abc"] {
            assert_eq!(get(path), PathKind::SignIn { api: false }, "{path}");
        }
        assert_eq!(post("/api/v1/auth/token"), PathKind::SignIn { api: true });
        assert_eq!(get("/sign-in"), PathKind::Page);
        assert_eq!(post("/sign-insurance"), PathKind::Page);
    }

    /// covers T4.1 (part), T4.2 (part)
    #[test]
    fn only_reading_a_file_is_free() {
        assert_eq!(get("/assets/a.css"), PathKind::Asset);
        assert_eq!(post("/assets/a.css"), PathKind::Page);
        assert_eq!(get("/assetsx"), PathKind::Page);
        assert_eq!(get("/API/v1/people"), PathKind::Api);
        assert_eq!(get("/api"), PathKind::Api);
        assert_eq!(get("/apiary"), PathKind::Page);
        for path in ["/assets/../api/v1/people", "/assets/%2e%2e/x", "/assets//a.css", "/assets/a;b", "/assets/.env"] {
            assert_ne!(get(path), PathKind::Asset, "{path}");
        }
    }

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
        fn no_path_makes_it_panic(path in "/[ -~]{0,400}") {
            prop_assert!(shown(&path).len() <= 320);
            let _ = get(&path);
            // What is simple already stays as it is.
            prop_assert!(path.contains('%') || simplify(&simplify(&path)) == simplify(&path));
        }
    }
}
