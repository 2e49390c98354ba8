//! A path of the configuration, as it is compared with those of requests.

use palisade_config::PathPrefix;

use super::{PathReading, reading::lenient};

/// A path that a rule or a limit is written for, and all below it.
#[derive(Clone, Debug)]
pub(crate) struct RulePath {
    exact: PathPrefix,
    /// As [`lenient`] makes it.
    lenient: String,
}

impl RulePath {
    pub(crate) fn new(path: &PathPrefix) -> Self {
        Self { exact: path.clone(), lenient: lenient(path.as_str()) }
    }

    /// Whether the path is this one, to whoever reads it as it is written. What opens something asks this.
    pub(crate) fn is(&self, path: &PathReading) -> bool {
        path.is_under(&self.exact)
    }

    /// Whether some application could take the path for this one. What closes something asks this.
    pub(crate) fn may_be(&self, path: &PathReading) -> bool {
        path.may_be_under(&self.lenient)
    }

    /// Whether the path counts as this one: one too many rather than one too few. What counts asks this.
    pub(crate) fn counts(&self, path: &PathReading) -> bool {
        self.lenient == "/" || is_under(path.lenient(), &self.lenient)
    }
}

/// Whether some application could take the one path for the other, or for one below it. A page may have its file's ending
/// behind its name, and be served by either.
pub(super) fn may_be_under(lenient: &str, path: &str) -> bool {
    let ends = |rest: &str| {
        let rest = [".html", ".json"].iter().find_map(|ending| rest.strip_prefix(ending)).unwrap_or(rest);
        rest.is_empty() || rest.starts_with('/')
    };
    path == "/" || lenient.strip_prefix(path).is_some_and(ends)
}

/// Whether the path is this one, or below it, or another form of it: `/login.html` and `/login-form` are `/login`.
pub(super) fn is_under(lenient: &str, path: &str) -> bool {
    lenient.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_be(path: &str) -> bool {
        RulePath::new(&PathPrefix::parse("/app/User").unwrap()).may_be(&PathReading::of_text(path).unwrap())
    }

    /// covers K4.2 (part)
    #[test]
    fn what_closes_a_path_closes_every_spelling_of_it() {
        for path in [
            "/app/user",
            "/app/user/",
            "/app/user/7",
            "/APP/User",
            "/app//user",
            "/%61pp/user/",
            "/%2561pp/user",
            "/app;x=1/user",
            "/app/user;a",
            "/app%2Fuser",
            "/app%252Fuser",
            "/app\\user",
            "/app/user.",
            "/app/user.html",
            "/app/user.JSON",
            "/app/user.html/7",
            "/x/../app/user",
            "/app/%2e/user",
            "/app/user%20",
        ] {
            assert!(may_be(path), "{path}");
        }
        for path in ["/app", "/app/users", "/app/user-settings", "/app/user.css", "/x/app/user", "/app/user/.."] {
            assert!(!may_be(path), "{path}");
        }
    }

    #[test]
    fn what_counts_counts_the_forms_of_a_page_too() {
        let rule = RulePath::new(&PathPrefix::parse("/login").unwrap());
        let counts = |path: &str| rule.counts(&PathReading::of_text(path).unwrap());
        for path in ["/login", "/Login/x", "/login-form", "/login.php", "/login;x", "//lo%67in"] {
            assert!(counts(path), "{path}");
        }
        assert!(!counts("/logins") && !counts("/"));
    }
}
