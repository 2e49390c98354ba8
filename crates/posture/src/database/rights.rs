//! What an application's database user may do, beside the guide's list: facts in, a sight out.

use std::collections::BTreeSet;

use palisade_helper::mariadb::{Application, ApplicationFacts, Difference, MariadbFacts, MariadbMend, On};

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
    if difference.is_none() {
        let seen = format!("{account} has the guide's twelve rights on {}, and no others.", application.database);
        return Sight::in_force(seen).with_evidence(found.shown.clone());
    }
    let mend = MariadbMend::LeastPrivilege { application: application.clone() };
    let planned = mend.statements(facts).into_iter().map(|statement| format!("mend: {statement}"));
    Sight::finding(tell(&account.to_string(), &difference), how(found))
        .with_evidence(found.shown.iter().cloned().chain(planned))
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
    let surplus =
        difference.surplus.iter().map(|grant| format!("{} on {}", words(&grant.privileges), place(&grant.on)));
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
