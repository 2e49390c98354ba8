//! Jails: numbers within their ranges, who is never banned, and where filters come from.

use std::collections::BTreeSet;

use super::{Checker, sites::is_short_name};
use crate::{LogJailConfig, Network};

/// Names that bans have in the place of a log jail's.
const TAKEN: [&str; 3] = ["sign-in", "manual", "neighbours"];
/// More log files, or expressions, are no jail.
const MOST: usize = 500;

pub(super) fn check(checker: &mut Checker<'_>) {
    let jails = &checker.config.jails;
    checker.range("jails.company_wait_ms", jails.company_wait_ms, 0, 10_000);
    checker.range("jails.ipv6_escalation", u64::from(jails.ipv6_escalation), 0, 65_536);
    checker.range("jails.history_days", u64::from(jails.history_days), 1, 3_650);
    check_exempt(checker);
    let mut names = BTreeSet::new();
    for (number, jail) in checker.config.jail.iter().enumerate() {
        let at = format!("jail.{number}");
        check_name(checker, &at, &jail.name);
        if !names.insert(&jail.name) {
            let what = format!("two jails are called {:?}", jail.name);
            checker.report(&format!("{at}.name"), what, "Give each its own name.");
        }
        check_jail(checker, &at, jail);
    }
}

/// Whoever is exempt is so from every limit or ban: everybody would mean that there are none.
fn check_exempt(checker: &mut Checker<'_>) {
    let (limits, jails) = (&checker.config.limits, &checker.config.jails);
    let lists = [
        ("limits.allow_list", &limits.allow_list, "limits and bans would hold for nobody"),
        ("jails.never", &jails.never, "nobody would ever be banned"),
        ("jails.company_networks", &jails.company_networks, "nobody would ever be banned, only slowed"),
    ];
    for (at, networks, outcome) in lists {
        let is_too_wide = |network: &&Network| network.is_nearly_everybody();
        for (number, network) in networks.iter().enumerate().filter(|(_, network)| is_too_wide(network)) {
            let what = format!("{network} is (almost) everybody: {outcome}");
            let hint = "Name the networks themselves, such as 198.51.100.0/24.";
            checker.report(&format!("{at}.{number}"), what, hint);
        }
    }
}

fn check_name(checker: &mut Checker<'_>, at: &str, name: &str) {
    let at = format!("{at}.name");
    if !is_short_name(name) {
        let hint = "Write name = \"my-app\": 1 to 40 lower-case letters, digits and hyphens.";
        checker.report(&at, format!("{name:?} can't be a jail's name"), hint);
    } else if TAKEN.contains(&name) {
        let what = format!("{name:?} is the name of bans that are not a log file's");
        checker.report(&at, what, "Give the jail another name.");
    }
}

fn check_jail(checker: &mut Checker<'_>, at: &str, jail: &LogJailConfig) {
    if jail.logs.is_empty() {
        let what = format!("the jail {:?} names no log files", jail.name);
        checker.report(at, what, "Write logs = [\"/var/log/my-app/*.log\"].");
    }
    match (&jail.filter, jail.failregex.is_empty()) {
        (None, true) => {
            let what = format!("the jail {:?} does not say what a failure looks like", jail.name);
            let hint = "Write filter = \"/etc/fail2ban/filter.d/sshd.conf\", or failregex = ['^Login failed for .* from <HOST>$'].";
            checker.report(at, what, hint);
        }
        (Some(_), false) => {
            let what = format!("the jail {:?} has a filter and a failregex", jail.name);
            checker.report(&format!("{at}.failregex"), what, "Keep one of the two.");
        }
        _ => {}
    }
    check_lines(checker, at, jail);
    checker.range(&format!("{at}.max_tries"), u64::from(jail.max_tries), 1, 100_000);
    checker.range(&format!("{at}.find_seconds"), u64::from(jail.find_seconds), 1, 31_536_000);
    checker.range(&format!("{at}.ban_seconds"), u64::from(jail.ban_seconds), 1, 31_536_000);
    if let Some(Err(message)) = jail.increment.as_ref().map(crate::IncrementConfig::check) {
        let (what, hint) = message.split_once("\n  ").unwrap_or((&message, ""));
        checker.report(&format!("{at}.increment"), what, hint);
    }
}

fn check_lines(checker: &mut Checker<'_>, at: &str, jail: &LogJailConfig) {
    for (key, lines) in [("logs", &jail.logs), ("failregex", &jail.failregex), ("ignoreregex", &jail.ignoreregex)] {
        if lines.len() > MOST {
            checker.report(&format!("{at}.{key}"), format!("{key} has more than {MOST} entries"), "Split the jail.");
        }
        for (number, line) in lines.iter().enumerate() {
            if line.trim().is_empty() || line.contains(char::is_control) {
                let what = format!("an entry of {key} is empty, or more than one line");
                let hint = "Write one line in each, in single quotation marks: 'from <HOST>$'.";
                checker.report(&format!("{at}.{key}.{number}"), what, hint);
            }
        }
    }
}

/// Whether the folder is there. What is in it is read, and told of, by the jails themselves.
pub(super) fn check_folder(checker: &mut Checker<'_>) {
    let Some(folder) = &checker.config.jails.fail2ban else { return };
    if let Err(error) = std::fs::read_dir(folder) {
        let what = format!("the folder {} can't be read: {error}", folder.display());
        let hint =
            "Name the folder that holds jail.conf or jail.d, and filter.d; Palisade's user must be able to read it.";
        checker.report("jails.fail2ban", what, hint);
    }
}
