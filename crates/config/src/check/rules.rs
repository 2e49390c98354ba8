//! Access, rules and limits of guarded sites.

use std::collections::BTreeSet;

use super::{Checker, sites::is_short_name};
use crate::{AccessConfig, LimitBy, LimitConfig, RuleConfig, SignIn, SiteConfig};

pub(super) fn check(checker: &mut Checker<'_>) {
    let config = checker.config;
    for (number, site) in config.sites.iter().enumerate() {
        let at = format!("site.{number}");
        check_access(checker, &at, site);
        for (number, rule) in site.rule.iter().enumerate() {
            check_rule(checker, &format!("{at}.rule.{number}"), site, number, rule);
        }
    }
    let mut names = BTreeSet::new();
    for (number, limit) in config.limit.iter().enumerate() {
        let at = format!("limit.{number}");
        if !names.insert(&limit.name) {
            let what = format!("two limits are called {:?}", limit.name);
            checker.report(&format!("{at}.name"), what, "Give each its own name.");
        }
        check_limit(checker, &at, limit);
    }
}

fn check_access(checker: &mut Checker<'_>, at: &str, site: &SiteConfig) {
    let access = &site.access;
    let needs_console = access.sign_in == SignIn::Required
        || site.rule.iter().any(|rule| rule.sign_in == Some(SignIn::Required) || !rule.roles.is_empty());
    if access.sign_in == SignIn::Required && !site.is_guarded() {
        let what = format!("{:?} is a built-in app, which asks for a sign-in anyway", site.name);
        checker.report(&format!("{at}.access.sign_in"), what, "Take it out: it is for guarded sites.");
    } else if needs_console && checker.config.console_host().is_none() {
        let what = format!("people can't sign in before {:?}: no console is served", site.name);
        let hint = "Write [console] with host = \"guard.example.com\".";
        checker.report(&format!("{at}.access.sign_in"), what, hint);
    }
    if access.roles.is_empty() && access.sign_in == SignIn::Required {
        let what = format!("nobody could get to {:?}: it has no roles", site.name);
        checker.report(&format!("{at}.access.roles"), what, "Write roles = [\"User\"], or leave it out.");
    }
    check_role_names(checker, at, access);
}

fn check_role_names(checker: &mut Checker<'_>, at: &str, access: &AccessConfig) {
    for (number, role) in access.roles.iter().enumerate() {
        let place = format!("{at}.access.roles.{number}");
        let sound = (1..=60).contains(&role.chars().count()) && role.trim() == role;
        if !sound || role.contains(['/', ',']) || role.chars().any(char::is_control) {
            let hint = "A role's name has 1 to 60 characters, without \"/\", \",\" and without spaces at its ends.";
            checker.report(&place, format!("{role:?} can't be a role's name"), hint);
        } else if access.roles[..number].contains(role) {
            checker.report(&place, format!("the role {role:?} is named twice"), "Name each role once.");
        }
    }
}

fn check_rule(checker: &mut Checker<'_>, at: &str, site: &SiteConfig, number: usize, rule: &RuleConfig) {
    if let Some(earlier) = site.rule[..number].iter().find(|earlier| earlier.path.covers(rule.path.as_str())) {
        let what =
            format!("the rule for {} never decides: {} stands before it and fits the same", rule.path, earlier.path);
        checker.report(&format!("{at}.path"), what, "The first rule that fits decides: put the narrower path first.");
    }
    for (place, role) in rule.roles.iter().enumerate() {
        if !site.access.roles.contains(role) {
            let what = format!("the site {:?} has no role {role:?}", site.name);
            let hint = format!("Its roles are: {}. Add it to roles under [site.access].", site.access.roles.join(", "));
            checker.report(&format!("{at}.roles.{place}"), what, hint);
        }
    }
    if !rule.roles.is_empty() && rule.sign_in == Some(SignIn::Open) {
        let what = format!("the rule for {} is open and asks for roles", rule.path);
        checker.report(&format!("{at}.sign_in"), what, "Roles need a sign-in: keep one of the two.");
    }
    if rule.networks.is_empty() && rule.roles.is_empty() && rule.sign_in.is_none() {
        let what = format!("the rule for {} says nothing", rule.path);
        checker.report(at, what, "Add networks = […], roles = […] or sign_in = \"…\".");
    }
}

fn check_limit(checker: &mut Checker<'_>, at: &str, limit: &LimitConfig) {
    let name = limit.name.as_str();
    if !is_short_name(name) {
        let hint = "Write name = \"uploads\": 1 to 40 lower-case letters, digits and hyphens.";
        checker.report(&format!("{at}.name"), format!("{name:?} can't be a limit's name"), hint);
    } else if matches!(name, "api" | "login" | "user") {
        let what = format!("{name:?} is the name of a limit that is there already");
        checker.report(&format!("{at}.name"), what, "Give it another name; that one is set under [limits].");
    }
    let config = checker.config;
    if let Some(wanted) = &limit.site
        && !config.sites.iter().any(|site| site.name == *wanted)
    {
        let known: Vec<&str> = config.sites.iter().map(|site| site.name.as_str()).collect();
        let hint = format!("The sites are: {}.", known.join(", "));
        checker.report(&format!("{at}.site"), format!("there is no site {wanted:?}"), hint);
    }
    if limit.by == LimitBy::Network && limit.networks.is_empty() {
        let what = format!("the limit {name:?} counts by network and names none");
        checker.report(&format!("{at}.by"), what, "Add networks = [\"192.0.2.0/24\"]: each of them is counted as one.");
    }
    checker.range(&format!("{at}.requests"), u64::from(limit.requests), 1, 10_000);
    checker.range(&format!("{at}.seconds"), u64::from(limit.seconds), 1, 86_400);
    checker.range(&format!("{at}.burst"), u64::from(limit.burst), 0, 10_000);
}
