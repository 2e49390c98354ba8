//! What Frappe is asked to run, by `cmd` or by the path behind `/api/method/`: whether that is a way in.

use crate::calls::plain_name;

/// Parts of a method's name that have to do with signing in: `login`, `frappe.www.login.login_via_key`,
/// `frappe.integrations.oauth2_logins.custom`, `frappe.core.doctype.user.user.update_password`, and an app's own.
const NAMES: [&str; 15] = [
    "login",
    "log_in",
    "signin",
    "sign_in",
    "signup",
    "sign_up",
    "authenticate",
    "twofactor",
    "two_factor",
    "reset_password",
    "resetpassword",
    "update_password",
    "verify_password",
    "forgot_password",
    "oauth2.get_token",
];

/// Words that are too short to be looked for inside of others (`footprint` has an `otp`).
const WORDS: [&str; 3] = ["otp", "2fa", "mfa"];

/// Whether the method's name, or the path that ends in it, is a way in. `name` is in lower case.
pub(super) fn names_way_in(name: &str) -> bool {
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    NAMES.iter().any(|part| name.contains(part)) || words.any(|word| WORDS.contains(&word))
}

/// Whether a value of `cmd` is a way in. What is no plain method name can't be judged, and counts.
pub(super) fn is_way_in(value: &[u8]) -> bool {
    plain_name(value).is_none_or(|name| names_way_in(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// covers T4.3 (part)
    #[test]
    fn the_methods_by_which_people_sign_in_are_known() {
        for command in [
            "login",
            "Login",
            "frappe.www.login.login_via_key",
            "frappe.www.login.send_login_link",
            "frappe.core.doctype.user.user.reset_password",
            "frappe.core.doctype.user.user.update_password",
            "frappe.integrations.oauth2_logins.login_via_google",
            "frappe.integrations.doctype.ldap_settings.ldap_settings.login",
            "frappe.integrations.oauth2.get_token",
            "tems.api.verify_otp",
            "login ",
            "log%69n",
            "\u{ff4c}ogin",
        ] {
            assert!(is_way_in(command.as_bytes()), "{command}");
        }
    }

    #[test]
    fn other_methods_are_not() {
        for command in [
            "",
            "logout",
            "ping",
            "frappe.auth.get_logged_user",
            "a-server-script",
            "frappe.desk.form.save.savedocs",
            "tems.reports.carbon_footprint",
            "frappe.core.doctype.user.user.test_password_strength",
        ] {
            assert!(!is_way_in(command.as_bytes()), "{command}");
        }
    }
}
