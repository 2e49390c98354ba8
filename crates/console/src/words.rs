//! The words for what the code calls by short names.

use palisade_base::{Category, Instant, Scope, auth::ClientClass};
use palisade_identity::model::{FactorRule, Grant, GrantState, UserRow, UserStatus};
use palisade_web::{
    Html, Visitor,
    component::{Badge, When},
};

pub(crate) const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Own => "Own",
        Scope::Team => "Team",
        Scope::All => "All",
    }
}

pub(crate) const fn factor_rule(rule: FactorRule) -> &'static str {
    match rule {
        FactorRule::Required => "Required",
        FactorRule::Recommended => "Recommended",
        FactorRule::Optional => "Optional",
    }
}

pub(crate) const fn class(class: ClientClass) -> &'static str {
    match class {
        ClientClass::Browser => "Browser",
        ClientClass::Mobile => "Mobile device",
        ClientClass::Api => "Program",
    }
}

/// An instant as people say it.
pub(crate) fn when(visitor: &Visitor, at: Instant) -> When {
    When::new(at, visitor.now, &visitor.navigation.zone)
}

/// The state of a user: the one thing about it that matters most.
pub(crate) fn user_state(row: &UserRow, now: Instant) -> Badge {
    if row.user.status == UserStatus::Disabled {
        Badge::stop("Disabled")
    } else if row.locked_until.is_some_and(|until| until > now) {
        Badge::warn("Locked for strangers")
    } else if row.user.password_changed_at.is_none() {
        Badge::note("No password yet")
    } else if row.user.must_change_password {
        Badge::note("Must change password")
    } else {
        Badge::ok("Active")
    }
}

/// A role that somebody holds.
pub(crate) fn grant_badge(grant: &Grant) -> Badge {
    match grant.state {
        GrantState::Active => Badge::plain(&grant.role_name),
        GrantState::Pending => Badge::warn(format!("{}: waits for a second factor", grant.role_name)),
    }
}

/// The roles of somebody, side by side.
pub(crate) fn grant_badges(grants: &[Grant]) -> Html {
    let space = || Html::text(" ");
    Html::concat(grants.iter().flat_map(|grant| [Html::from_component(&grant_badge(grant)), space()]))
}

pub(crate) const fn category(category: Category) -> &'static str {
    match category {
        Category::Authentication => "Signing in",
        Category::Administration => "Administration",
        Category::Access => "Access to data",
        Category::Configuration => "Settings",
        Category::Security => "Security",
        Category::Change => "Changes of records",
    }
}

/// What an entry is about, with its id cut: lists have no room for it.
pub(crate) fn resource(resource: &str) -> String {
    match resource.split_once(':') {
        Some((kind, id)) if id.len() > 12 => format!("{kind} …{}", &id[id.len().saturating_sub(6)..]),
        _ => resource.to_owned(),
    }
}

/// How an entry ended.
pub(crate) fn outcome(outcome: &str) -> Badge {
    match outcome.strip_prefix("failure:") {
        None => Badge::ok("Done"),
        Some(reason) => Badge::warn(refusal(reason)),
    }
}

/// Why something failed, in words; what the program has no words for is shown as it is.
pub(crate) fn refusal(reason: &str) -> String {
    let words = match reason {
        "wrong_password" => "Wrong password",
        "wrong_code" => "Wrong code",
        "wrong_codes" => "Too many wrong codes",
        "unknown_name" => "Unknown name",
        "no_password" => "No password set",
        "locked" => "Locked for strangers",
        "disabled" => "Account disabled",
        "denied" => "Not allowed",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

/// What happened at the door of an account.
pub(crate) fn at_the_door(action: &str) -> String {
    let words = match action {
        "session.start" => "Signed in",
        "sign_in.step" => "Password given",
        "sign_in.try" => "Tried to sign in",
        "session.end" => "Signed out, or session ended",
        "session.renew" => "Session renewed",
        "hand_off.issue" => "Sent on to a site",
        "hand_off.take" => "Came to a site from the console",
        "site_session.start" => "Signed in on a site",
        "factor.begin" => "Began to set up a second factor",
        "factor.enrol" => "Set up a second factor",
        "factor.remove" => "Removed the second factor",
        "factor.try" => "Gave a code",
        "factor.stop" => "Sign-in stopped after wrong codes",
        "recovery_codes.renew" => "Made new recovery codes",
        "password.change" => "Changed the password",
        "password.try" | "presence.prove" => "Gave the password again",
        "device.enrol" => "Named a mobile device",
        "device.forget" => "Forgot a device",
        "user.lock" => "Locked for strangers after failures",
        other => return other.to_owned(),
    };
    words.to_owned()
}

/// A browser's long name for itself, as people would say it; the whole name is in the trail.
pub(crate) fn agent(agent: Option<&str>) -> String {
    let Some(agent) = agent else { return "Unknown program".to_owned() };
    let first =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

/// `1 day`, `3 days`.
pub(crate) fn count(n: i64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// Minutes as people say them: `30 minutes`, `6 hours`, `7 days`.
pub(crate) fn minutes(minutes: u32) -> String {
    let minutes = i64::from(minutes);
    match minutes {
        m if m > 0 && m % 1_440 == 0 => count(m / 1_440, "day", "days"),
        m if m > 0 && m % 60 == 0 => count(m / 60, "hour", "hours"),
        m => count(m, "minute", "minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_told_in_two_words() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";
        assert_eq!(agent(Some(chrome)), "Chrome on Linux");
        assert_eq!(agent(Some("curl/8.5")), "curl");
        assert_eq!(agent(None), "Unknown program");
    }

    #[test]
    fn minutes_are_said_in_the_largest_whole_unit() {
        assert_eq!(
            [30, 60, 360, 10_080, 1_441, 0].map(minutes),
            ["30 minutes", "1 hour", "6 hours", "7 days", "1441 minutes", "0 minutes"]
        );
    }
}
