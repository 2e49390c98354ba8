//! What an application's database user may do, beside the guide's list: facts in, a sight out.

use std::collections::BTreeSet;

use palisade_helper::mariadb::{Application, ApplicationFacts, Difference, Grant, MariadbFacts, MariadbMend, On};

use super::mender::PLAN;
use crate::{Mend, Sight};

pub(super) fn judge(application: &Application, facts: &MariadbFacts) -> Sight {
    let account = application.account();
    let found = facts.applications.iter().find(|found| found.application == *application);
    let Some(found) = found.filter(|found| found.exists) else {
        let mend = Mend::new("Write user and host under [site.database] as the application signs in.");
        return Sight::unseen(format!("The server knows no account {account}."), mend);
    };
    let difference = Difference::of(application, found, &facts.databases);
    let evidence = found.shown.iter().cloned().chain(beside(application, facts, &difference));
    if difference.is_none() {
        return as_wanted(application, facts).with_evidence(evidence);
    }
    let mend = MariadbMend::LeastPrivilege { application: application.clone() };
    let planned = mend.statements(facts).into_iter().map(|statement| format!("mend: {statement}"));
    Sight::finding(tell(&account.to_string(), &difference), how(found)).with_evidence(evidence.chain(planned))
}

/// Its own rights are the guide's; what everybody has, it has as well.
fn as_wanted(application: &Application, facts: &MariadbFacts) -> Sight {
    let (account, database) = (application.account(), &application.database);
    if facts.everybody.is_empty() {
        return Sight::in_force(format!("{account} has the guide's twelve rights on {database}, and no others."));
    }
    let seen = format!("Everybody, so {account} too, may do: {}.", list(&facts.everybody));
    Sight::finding(seen, Mend::new("Take from PUBLIC what was granted to it: REVOKE … ON … FROM PUBLIC."))
}

/// What somebody should know who reads the grants.
fn beside(application: &Application, facts: &MariadbFacts, difference: &Difference) -> Vec<String> {
    let mut lines = Vec::new();
    if difference.pattern == application.database && difference.pattern.contains('_') {
        lines.push(format!(
            "_ stands for any character in `{}`; no other database of today fits it",
            difference.pattern
        ));
    }
    let others = facts.accounts.iter().map(|found| &found.account);
    let others = others.filter(|other| other.user == application.user && other.host != application.host);
    lines.extend(others.map(|other| format!("the same user has another account: {other}")));
    if !facts.everybody.is_empty() {
        lines.push(format!("by PUBLIC: {}", list(&facts.everybody)));
    }
    lines
}

fn list(grants: &[Grant]) -> String {
    grants.iter().map(of_grant).collect::<Vec<_>>().join("; ")
}

fn of_grant(grant: &Grant) -> String {
    format!("{} on {}", words(&grant.privileges), place(&grant.on))
}

fn how(found: &ApplicationFacts) -> Mend {
    if found.is_mendable {
        return Mend::new("Set its rights to the guide's list.").by(PLAN);
    }
    let what =
        "Say the statements below to the server, or name the account as [[mariadb.application]] in the helper's file.";
    Mend::new(what).by(PLAN)
}

fn tell(account: &str, difference: &Difference) -> String {
    let mut parts = Vec::new();
    let surplus = difference.surplus.iter().map(of_grant);
    let roles = difference.roles.iter().map(|role| format!("the role {role}"));
    let proxies = difference.proxies.iter().map(|other| format!("passing for {other}"));
    let too_much: Vec<String> = surplus.chain(roles).chain(proxies).collect();
    if !too_much.is_empty() {
        parts.push(format!("too much: {}", too_much.join("; ")));
    }
    if !difference.missing.is_empty() {
        parts.push(format!("too little: {} on `{}`.*", words(&difference.missing), difference.pattern));
    }
    format!("{account} may do {}.", parts.join(", and "))
}

fn words(privileges: &BTreeSet<String>) -> String {
    privileges.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn place(on: &On) -> String {
    match on {
        On::Everything => "the whole server".to_owned(),
        On::Databases(pattern) => format!("`{pattern}`.*"),
        On::Table { database, table } => format!("`{database}`.`{table}`"),
        On::Column { database, table, column } => format!("{column} of `{database}`.`{table}`"),
        On::Routine { database, name, .. } => format!("the routine `{database}`.`{name}`"),
    }
}
