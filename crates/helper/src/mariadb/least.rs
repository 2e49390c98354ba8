//! What an application's account may do, beside what it needs.

use std::collections::BTreeSet;

use super::{
    model::{Account, Application, ApplicationFacts, Grant, On},
    store::NEEDED,
};

/// Too much, and too little.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// How the application's database stands, or should stand, in its grants.
    pub pattern: String,
    /// What it needs and does not have.
    pub missing: BTreeSet<String>,
    /// What it has and does not need.
    pub surplus: Vec<Grant>,
    /// Roles that it could take.
    pub roles: Vec<String>,
    /// Accounts that it could pass for.
    pub proxies: Vec<Account>,
}

impl Difference {
    /// Compares what an account has with the guide's list. `databases` are all of the server's.
    #[must_use]
    pub fn of(application: &Application, facts: &ApplicationFacts, databases: &[String]) -> Self {
        let pattern = pattern(application, facts, databases);
        let needed: BTreeSet<String> = NEEDED.map(str::to_owned).into();
        let on_own = On::Databases(pattern.clone());
        let has: BTreeSet<&String> =
            facts.grants.iter().filter(|grant| grant.on == on_own).flat_map(|grant| &grant.privileges).collect();
        let missing = needed.iter().filter(|one| !has.contains(one)).cloned().collect();
        let surplus = facts.grants.iter().filter_map(|grant| {
            let fits = grant.on == on_own || is_within(&grant.on, &application.database);
            surplus(grant, if fits { &NEEDED } else { &[] })
        });
        let (roles, proxies) = (facts.roles.clone(), facts.proxies.clone());
        Self { missing, surplus: surplus.collect(), pattern, roles, proxies }
    }

    /// Whether it has exactly what it needs.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty() && self.roles.is_empty() && self.proxies.is_empty()
    }
}

fn surplus(grant: &Grant, needed: &[&str]) -> Option<Grant> {
    let privileges: BTreeSet<String> =
        grant.privileges.iter().filter(|one| !needed.contains(&one.as_str())).cloned().collect();
    (!privileges.is_empty()).then(|| Grant { on: grant.on.clone(), privileges })
}

/// Rights on parts of its own database are covered by those on the whole of it.
fn is_within(on: &On, own: &str) -> bool {
    match on {
        On::Table { database, .. } | On::Column { database, .. } | On::Routine { database, .. } => database == own,
        On::Everything | On::Databases(_) => false,
    }
}

/// In a grant `_` stands for any character. A grant that was written without a backslash, as people do, is left as it is
/// while it fits no other database; with two in place, the server goes by the more exact one.
fn pattern(application: &Application, facts: &ApplicationFacts, databases: &[String]) -> String {
    let (plain, exact) = (application.database.as_str(), escaped(&application.database));
    let stands = |pattern: &str| facts.grants.iter().any(|grant| grant.on == On::Databases(pattern.to_owned()));
    let fits_others = databases.iter().any(|other| other != plain && fits(plain, other));
    if stands(plain) && !stands(&exact) && !fits_others { plain.to_owned() } else { exact }
}

/// The name itself, as a pattern.
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%")
}

/// Whether a name without `%` fits another as a pattern.
fn fits(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    loop {
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == '_' || wanted.eq_ignore_ascii_case(&found) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mariadb::GRANT_OPTION;

    fn application() -> Application {
        Application { user: "erpnext_user".into(), host: "localhost".into(), database: "erpnext_db".into() }
    }

    fn grant(on: On, privileges: &[&str]) -> Grant {
        Grant { on, privileges: privileges.iter().map(|&one| one.to_owned()).collect() }
    }

    fn on(pattern: &str) -> On {
        On::Databases(pattern.to_owned())
    }

    fn facts(grants: Vec<Grant>) -> ApplicationFacts {
        ApplicationFacts { exists: true, grants, ..ApplicationFacts::none(&application()) }
    }

    fn difference(grants: Vec<Grant>, databases: &[&str]) -> Difference {
        let databases: Vec<String> = databases.iter().map(|&name| name.to_owned()).collect();
        Difference::of(&application(), &facts(grants), &databases)
    }

    #[test]
    fn the_guides_own_statement_is_least_privilege() {
        let found = difference(vec![grant(on("erpnext_db"), &NEEDED)], &["erpnext_db", "mysql"]);
        assert!(found.is_none(), "{found:?}");
        assert!(difference(vec![grant(on("erpnext\\_db"), &NEEDED)], &["erpnext_db", "erpnextxdb"]).is_none());
    }

    #[test]
    fn an_underscore_that_fits_another_database_is_too_much() {
        let found = difference(vec![grant(on("erpnext_db"), &NEEDED)], &["erpnext_db", "erpnextXdb"]);
        assert_eq!((found.pattern.as_str(), found.missing.len()), ("erpnext\\_db", 12));
        assert_eq!(found.surplus, [grant(on("erpnext_db"), &NEEDED)]);
    }

    #[test]
    fn of_two_rows_for_the_own_database_the_exact_one_counts() {
        let both = vec![grant(on("erpnext_db"), &["SELECT"]), grant(on("erpnext\\_db"), &NEEDED)];
        let found = difference(both, &["erpnext_db"]);
        assert_eq!((found.missing.len(), found.surplus), (0, vec![grant(on("erpnext_db"), &["SELECT"])]));
    }

    #[test]
    fn too_much_and_too_little_are_told_apart() {
        let own = [&NEEDED[1..], &["REFERENCES", GRANT_OPTION]].concat();
        let table = On::Table { database: "mysql".into(), table: "user".into() };
        let own_table = On::Table { database: "erpnext_db".into(), table: "tabUser".into() };
        let routine =
            |database: &str| On::Routine { kind: "PROCEDURE".into(), database: database.into(), name: "p".into() };
        let found = difference(
            vec![
                grant(On::Everything, &["PROCESS"]),
                grant(on("erpnext_db"), &own),
                grant(on("other"), &["SELECT"]),
                grant(table.clone(), &["SELECT"]),
                grant(own_table.clone(), &["SELECT", "TRIGGER"]),
                grant(routine("erpnext_db"), &["EXECUTE", "ALTER ROUTINE"]),
                grant(routine("other"), &["EXECUTE"]),
            ],
            &["erpnext_db"],
        );
        assert_eq!(found.missing, ["SELECT".to_owned()].into());
        assert_eq!(
            found.surplus,
            [
                grant(On::Everything, &["PROCESS"]),
                grant(on("erpnext_db"), &["REFERENCES", GRANT_OPTION]),
                grant(on("other"), &["SELECT"]),
                grant(table, &["SELECT"]),
                grant(own_table, &["TRIGGER"]),
                grant(routine("other"), &["EXECUTE"]),
            ]
        );
    }

    #[test]
    fn roles_and_proxies_are_too_much() {
        let facts = ApplicationFacts {
            roles: vec!["clerk".into()],
            proxies: vec![Account::new("root", "localhost")],
            ..facts(vec![grant(on("erpnext_db"), &NEEDED)])
        };
        let found = Difference::of(&application(), &facts, &[]);
        assert!(!found.is_none() && found.missing.is_empty() && found.surplus.is_empty());
    }
}
