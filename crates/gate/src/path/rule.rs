//! A path of the configuration, as it is compared with what requests are for.

use palisade_config::PathPrefix;

use super::{PathReading, reading::lenient};
use crate::calls::{Call, Calls};

/// Rules for these hold for every method, by whichever door it is called. One for a version of the API, `/api/v2`, holds for
/// its paths alone: who closes a version leaves the others as they are.
const ALL_METHODS: [&str; 3] = ["/", "/api", "/api/method"];

/// What a request is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) path: &'a PathReading,
    /// What the path stands for, where the application is Frappe.
    pub(crate) call: Option<Call<'a>>,
    /// What fields of the query and the body command besides.
    pub(crate) commands: &'a Calls,
}

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

    /// Whether the application could take the path for this one. What closes something asks this.
    pub(crate) fn may_be(&self, target: Target<'_>) -> bool {
        target.path.may_be_under(&self.lenient) || target.call.is_some_and(|call| self.covers(call))
    }

    /// Whether one of these commands may call what the path stands for.
    pub(crate) fn is_called_by(&self, commands: &Calls) -> bool {
        let names_some = || self.holds_for_all_methods() || self.call().is_some_and(Call::is_method);
        !commands.is_empty() && names_some() && commands.may_be(|call| self.covers(call))
    }

    /// Whether the path counts as this one: one too many rather than one too few. What counts asks this.
    pub(crate) fn counts(&self, path: &PathReading) -> bool {
        self.lenient == "/" || is_under(path.lenient(), &self.lenient)
    }

    /// Whether a request counts as one for this path, by its own or by what it calls.
    pub(crate) fn counts_for(&self, target: Target<'_>) -> bool {
        self.counts(target.path)
            || target.call.is_some_and(|call| self.covers(call))
            || self.is_called_by(target.commands)
    }

    /// Whether it stands for what is called so.
    pub(crate) fn covers(&self, call: Call<'_>) -> bool {
        (call.is_method() && self.holds_for_all_methods()) || self.call().is_some_and(|own| own.covers(call))
    }

    fn holds_for_all_methods(&self) -> bool {
        ALL_METHODS.contains(&self.lenient.as_str())
    }

    fn call(&self) -> Option<Call<'_>> {
        Call::in_path(&self.lenient)
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

    fn rule(path: &str) -> RulePath {
        RulePath::new(&PathPrefix::parse(path).unwrap())
    }

    /// By its path alone, of an application of which nothing is known.
    fn may_be(path: &str) -> bool {
        let path = PathReading::of_text(path).unwrap();
        rule("/app/User").may_be(Target { path: &path, call: None, commands: &Calls::default() })
    }

    /// Behind the gate of a Frappe site: whether a rule for the one path holds for the other, called with this command.
    fn holds(own: &str, path: &str, command: &str) -> (bool, bool) {
        let (path, mut commands) = (PathReading::of_text(path).unwrap(), Calls::default());
        commands.note(command.as_bytes());
        let target = Target { path: &path, call: Call::in_path(path.lenient()), commands: &commands };
        let closes = rule(own).may_be(target) || rule(own).is_called_by(&commands);
        (closes, rule(own).counts_for(target))
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
        let rule = rule("/login");
        let counts = |path: &str| rule.counts(&PathReading::of_text(path).unwrap());
        for path in ["/login", "/Login/x", "/login-form", "/login.php", "/login;x", "//lo%67in"] {
            assert!(counts(path), "{path}");
        }
        assert!(!counts("/logins") && !counts("/"));
    }

    /// covers K4.2 (part), T4.2 (part)
    #[test]
    fn a_rule_for_a_method_holds_by_whichever_door_it_is_called() {
        const RULE: &str = "/api/method/frappe.client.get_list";
        for (path, command) in [
            ("/api/method/frappe.client.get_list", ""),
            ("/api/v1/method/frappe.client.get_list", ""),
            ("/api/v2/method/frappe.client.get_list", ""),
            ("/api/v2/method/frappe.client.get_list/", ""),
            ("/API/V2/Method/Frappe.Client.Get_List", ""),
            ("/api/v2/m%65thod/frappe.client.get%5flist", ""),
            ("/api//v2;x/method/frappe.client.get_list;y", ""),
            ("/api%2Fv1%2Fmethod%2Ffrappe.client.get_list", ""),
            ("/%2561pi/v1/method/frappe.client.get_list", ""),
            ("/api/v1/method/frappe.client.get_list/anything", ""),
            ("/x/../api/v1/method/frappe.client.get_list.", ""),
            ("/", "frappe.client.get_list"),
            ("/app/user", "Frappe.Client.Get_List"),
            ("/api/method/ping", "frappe.client.get_list"),
            ("/files/a.png", "frappe.client%2Eget_list"),
            ("/", "frappe.client.get_list "),
        ] {
            assert_eq!(holds(RULE, path, command), (true, true), "{path} {command}");
        }
        for (path, command) in [
            ("/api/v2/method/frappe.client.get", ""),
            ("/api/v2/method/frappe.client.get_list_more", ""),
            ("/api/v2/document/frappe.client.get_list", ""),
            ("/api/v2/methods/frappe.client.get_list", ""),
            ("/", "frappe.client.get"),
            ("/", ""),
        ] {
            assert_eq!(holds(RULE, path, command), (false, false), "{path} {command}");
        }
        let by_type = "/api/v2/method/User/update_password";
        assert!(holds(by_type, "/", "frappe.core.doctype.user.user.update_password").0);
        let long = "/api/method/frappe.core.doctype.user.user.update_password";
        assert!(holds(long, by_type, "").0);
        assert!(holds("/api/method/upload_file", "/", "frappe.handler.upload_file").0);
    }

    /// covers K4.2 (part)
    #[test]
    fn a_rule_for_all_methods_holds_for_commands_and_one_for_pages_or_a_version_does_not() {
        for own in ["/", "/api", "/api/method"] {
            assert_eq!(holds(own, "/app", "ping"), (true, true), "{own}");
            assert_eq!(holds(own, "/api/v2/method/ping", ""), (true, true), "{own}");
        }
        for own in ["/app/user", "/api/v2", "/api/v1/method", "/api/resource/User", "/files"] {
            for command in ["ping", "what is no name"] {
                assert_eq!(holds(own, "/login", command), (false, false), "{own} {command}");
            }
        }
        assert_eq!(holds("/api/v2", "/api/v2/method/ping", ""), (true, true));
        assert_eq!(holds("/api/v2", "/api/method/ping", ""), (false, false));
        for path in ["/api/v1/resource/User", "/api/v2/document/User/anna", "/API/V2/Document/user"] {
            assert_eq!(holds("/api/resource/User", path, ""), (true, true), "{path}");
        }
    }
}
