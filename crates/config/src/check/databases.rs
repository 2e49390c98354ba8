//! Databases of guarded applications.

use super::Checker;
use crate::SiteDatabaseConfig;

/// Databases that are the server's own.
const OWN: [&str; 4] = ["mysql", "sys", "information_schema", "performance_schema"];
/// A longer name is none of MariaDB's.
const LONGEST: usize = 255;

pub(super) fn check(checker: &mut Checker<'_>) {
    let config = checker.config;
    for (number, site) in config.sites.iter().enumerate() {
        let Some(database) = &site.database else { continue };
        let at = format!("site.{number}.database");
        if site.is_guarded() {
            check_names(checker, &at, database);
        } else {
            let what = format!("database is for guarded sites, and {:?} is a built-in app", site.name);
            checker.report(&at, what, "Take it out: the program's own database is in [database].");
        }
    }
}

fn check_names(checker: &mut Checker<'_>, at: &str, database: &SiteDatabaseConfig) {
    let hint = "Write it as the application's own settings have it: user = \"erpnext_user\", name = \"erpnext_db\".";
    for (key, name) in [("user", &database.user), ("host", &database.host), ("name", &database.name)] {
        if name.is_empty() {
            checker.report(at, format!("{key} is missing"), hint);
        } else if name.len() > LONGEST || name.contains(char::is_control) {
            checker.report(&format!("{at}.{key}"), format!("{name:?} can't be the {key} of a database"), hint);
        }
    }
    if database.user == "root" {
        let hint = "Give the application a user of its own: the guide's section 6 says how.";
        checker.report(&format!("{at}.user"), "root is no application's user", hint);
    }
    if OWN.iter().any(|own| own.eq_ignore_ascii_case(&database.name)) {
        let what = format!("the database {} is the server's own", database.name);
        checker.report(&format!("{at}.name"), what, hint);
    }
}
