//! What a path is, for limits and sessions.

use http::Method;

use super::{PathReading, rule::is_under};
use crate::own_paths;

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
pub(super) const SECRET_REST: [&str; 2] = ["/sign-in/link/", "/set-up/"];

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
    pub(crate) fn of(method: &Method, path: &PathReading) -> Self {
        let (plain, reads) = (path.lenient(), reads(method));
        if is_under(plain, "/api/v1/auth") {
            Self::SignIn { api: true }
        } else if path.is_api() {
            Self::Api
        } else if SECRET_REST.iter().any(|prefix| plain.starts_with(prefix)) || (!reads && is_under(plain, "/sign-in"))
        {
            // Looking at the sign-in page is no try, opening a one-time link is one.
            Self::SignIn { api: false }
        } else if reads && is_file(path, &["/assets"]) {
            Self::Asset
        } else {
            Self::Page
        }
    }
}

/// A file below one of these paths, written as plainly as a browser asks for it: what an app might read in another way
/// is none. A file of ours is one on every site: who is told that they asked too often is told so on a page with its look.
pub(crate) fn is_file(path: &PathReading, below: &[impl AsRef<str>]) -> bool {
    let written = path.as_written();
    if own_paths::is_file(written) {
        return true;
    }
    let as_written = written.eq_ignore_ascii_case(path.lenient()) && !written.contains("/.");
    let is_below = |prefix: &str| written.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
    as_written && (written == "/favicon.ico" || below.iter().any(|prefix| is_below(prefix.as_ref())))
}

/// A method that changes nothing, taken by itself.
pub(crate) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(method: &Method, path: &str) -> PathKind {
        PathKind::of(method, &PathReading::of_text(path).unwrap())
    }

    fn get(path: &str) -> PathKind {
        of(&Method::GET, path)
    }

    fn post(path: &str) -> PathKind {
        of(&Method::POST, path)
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
            "/\\sign-in",
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
        let ours = format!("/.palisade{}", palisade_web::assets::path("bare.css"));
        assert_eq!((get(&ours), post(&ours)), (PathKind::Asset, PathKind::Page));
        assert_eq!(get("/.palisade/assets/none.css"), PathKind::Page);
        assert_eq!(post("/assets/a.css"), PathKind::Page);
        assert_eq!(get("/assetsx"), PathKind::Page);
        assert_eq!(get("/API/v1/people"), PathKind::Api);
        assert_eq!(get("/api"), PathKind::Api);
        assert_eq!(get("/apiary"), PathKind::Page);
        for path in ["/assets/../api/v1/people", "/assets/%2e%2e/x", "/assets//a.css", "/assets/a;b", "/assets/.env"] {
            assert_ne!(get(path), PathKind::Asset, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "/[!-\"$->@-~]{0,400}") {
            if let Some(path) = PathReading::of_text(&path) {
                let _ = PathKind::of(&Method::GET, &path);
            }
        }
    }
}
