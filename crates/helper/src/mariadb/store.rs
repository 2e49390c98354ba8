//! Everything that is said to a MariaDB server: fixed questions, and the statements that mend.
//!
//! What comes from elsewhere stands in backticks (names), in hexadecimal digits (values to compare with), or is a word out
//! of letters and blanks (privileges). That reads the same in every mode of the server's.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{
    least::Difference,
    model::{Account, MariadbMend, On},
};

/// The guide's list: what an application's database user needs, on its own database.
pub const NEEDED: [&str; 12] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "INDEX",
    "ALTER",
    "LOCK TABLES",
    "EXECUTE",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
];
/// Whoever has this may hand on what they may do.
pub const GRANT_OPTION: &str = "GRANT OPTION";

/// Where the tables keep a privilege that is held on databases, and what it is called.
const ON_DATABASES: [(&str, &str); 19] = [
    ("Select_priv", "SELECT"),
    ("Insert_priv", "INSERT"),
    ("Update_priv", "UPDATE"),
    ("Delete_priv", "DELETE"),
    ("Create_priv", "CREATE"),
    ("Drop_priv", "DROP"),
    ("References_priv", "REFERENCES"),
    ("Index_priv", "INDEX"),
    ("Alter_priv", "ALTER"),
    ("Create_tmp_table_priv", "CREATE TEMPORARY TABLES"),
    ("Lock_tables_priv", "LOCK TABLES"),
    ("Create_view_priv", "CREATE VIEW"),
    ("Show_view_priv", "SHOW VIEW"),
    ("Create_routine_priv", "CREATE ROUTINE"),
    ("Alter_routine_priv", "ALTER ROUTINE"),
    ("Execute_priv", "EXECUTE"),
    ("Event_priv", "EVENT"),
    ("Trigger_priv", "TRIGGER"),
    ("Grant_priv", GRANT_OPTION),
];
/// Those that are held on the whole server only.
const ON_EVERYTHING: [(&str, &str); 8] = [
    ("Reload_priv", "RELOAD"),
    ("Shutdown_priv", "SHUTDOWN"),
    ("Process_priv", "PROCESS"),
    ("File_priv", "FILE"),
    ("Show_db_priv", "SHOW DATABASES"),
    ("Super_priv", "SUPER"),
    ("Repl_slave_priv", "REPLICATION SLAVE"),
    ("Create_user_priv", "CREATE USER"),
];

/// The privileges that the tables and the running server are compared by.
pub(super) fn compared_privileges() -> BTreeSet<&'static str> {
    ON_DATABASES.iter().chain(&ON_EVERYTHING).map(|(_, name)| *name).collect()
}

/// Which release it is.
pub(super) const VERSION: &str = "SELECT 'version', HEX(VERSION());";

/// Everything but the accounts' ways in. Each row begins with the word that tells what it is of.
pub(super) fn server_questions() -> String {
    let (on_databases, on_everything) = (names(&ON_DATABASES), names(&ON_EVERYTHING));
    [
        "SELECT 'stored', HEX(User), HEX(Host), HEX(Priv) FROM mysql.global_priv;",
        &format!("SELECT 'stored_global', HEX(User), HEX(Host), is_role, CONCAT_WS(',', {on_everything}, {on_databases}) FROM mysql.user;"),
        &format!("SELECT 'stored_database', HEX(User), HEX(Host), HEX(Db), CONCAT_WS(',', {on_databases}) FROM mysql.db;"),
        "SELECT 'global', HEX(GRANTEE), PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.USER_PRIVILEGES;",
        "SELECT 'database', HEX(GRANTEE), HEX(TABLE_SCHEMA), PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.SCHEMA_PRIVILEGES;",
        "SELECT 'schema', HEX(SCHEMA_NAME) FROM information_schema.SCHEMATA;",
        "SELECT 'test_tables', COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'test';",
        "SELECT 'test_grant', HEX(User), HEX(Host), HEX(Db) FROM mysql.db WHERE Db IN ('test', 'test\\_%', 'test_%');",
        "SELECT 'socket', COUNT(*) FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'unix_socket' AND PLUGIN_STATUS = 'ACTIVE';",
    ]
    .join("\n")
}

fn names(columns: &[(&str, &str)]) -> String {
    let one = |(column, name): &(&str, &str)| format!("IF({column} = 'Y', '{name}', NULL)");
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// How each of these gets in, a row for each.
pub(super) fn sign_in_questions<'a>(accounts: impl Iterator<Item = &'a Account>) -> String {
    accounts.map(|of| format!("SHOW CREATE USER {};\n", account(of))).collect()
}

/// What this account was granted beside rights on databases and the whole server.
pub(super) fn grant_questions(of: &Account) -> String {
    let grantee = text(&grantee(of));
    let (user, host) = (text(&of.user), text(&of.host));
    [
        format!("SELECT 'table', HEX(TABLE_SCHEMA), HEX(TABLE_NAME), PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.TABLE_PRIVILEGES WHERE GRANTEE = {grantee};"),
        format!("SELECT 'column', HEX(TABLE_SCHEMA), HEX(TABLE_NAME), HEX(COLUMN_NAME), PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.COLUMN_PRIVILEGES WHERE GRANTEE = {grantee};"),
        format!("SELECT 'routine', Routine_type, HEX(Db), HEX(Routine_name), Proc_priv FROM mysql.procs_priv WHERE User = {user} AND Host = {host};"),
        format!("SELECT 'role', HEX(Role) FROM mysql.roles_mapping WHERE User = {user} AND Host = {host};"),
        format!("SELECT 'proxy', HEX(Proxied_user), HEX(Proxied_host) FROM mysql.proxies_priv WHERE User = {user} AND Host = {host};"),
    ]
    .join("\n")
}

/// The same as the server tells it to people.
pub(super) fn show_grants(of: &Account) -> String {
    format!("SHOW GRANTS FOR {};", account(of))
}

/// The role that everybody has, whoever they are (from release 10.11).
pub(super) fn everybody() -> Account {
    Account::new("PUBLIC", "")
}

/// As `information_schema` names an account: nothing in it is escaped.
pub(super) fn grantee(account: &Account) -> String {
    format!("'{}'@'{}'", account.user, account.host)
}

/// The statements of a mend, in their order. `of_application` is what an application's account has too much and too little.
pub(super) fn statements(mend: &MariadbMend, of_application: &Difference) -> Vec<String> {
    match mend {
        MariadbMend::DropAccount { account: of } => vec![format!("DROP USER {};", account(of))],
        MariadbMend::SocketSignIn { account: of } => {
            vec![format!("ALTER USER {} IDENTIFIED VIA unix_socket;", account(of))]
        }
        MariadbMend::DropTestDatabase => vec!["DROP DATABASE `test`;".to_owned()],
        MariadbMend::RevokeTestGrants => {
            vec!["DELETE FROM mysql.db WHERE Db IN ('test', 'test\\_%', 'test_%');".to_owned(), reload()]
        }
        MariadbMend::Reload => vec![reload()],
        MariadbMend::LeastPrivilege { application } => least_privilege(&application.account(), of_application),
    }
}

fn reload() -> String {
    "FLUSH PRIVILEGES;".to_owned()
}

/// What is missing comes first, so that the application never has less than it needs.
fn least_privilege(holder: &Account, difference: &Difference) -> Vec<String> {
    let holder = account(holder);
    let mut statements = Vec::new();
    if !difference.missing.is_empty() {
        let (missing, on) = (in_order(&difference.missing), on(&On::Databases(difference.pattern.clone())));
        statements.push(format!("GRANT {missing} ON {on} TO {holder};"));
    }
    for grant in &difference.surplus {
        let privileges = match &grant.on {
            On::Column { column, .. } => on_column(&grant.privileges, column),
            _ => in_order(&grant.privileges),
        };
        statements.push(format!("REVOKE {privileges} ON {} FROM {holder};", on(&grant.on)));
    }
    if !difference.roles.is_empty() {
        statements.push(format!("SET DEFAULT ROLE NONE FOR {holder};"));
    }
    statements.extend(difference.roles.iter().map(|role| format!("REVOKE {} FROM {holder};", name(role))));
    statements
        .extend(difference.proxies.iter().map(|other| format!("REVOKE PROXY ON {} FROM {holder};", account(other))));
    statements
}

/// As the guide's list has them, then the others.
fn in_order(privileges: &BTreeSet<String>) -> String {
    let listed = NEEDED.into_iter().filter(|needed| privileges.contains(*needed));
    let others = privileges.iter().map(String::as_str).filter(|other| !NEEDED.contains(other));
    listed.chain(others).collect::<Vec<_>>().join(", ")
}

fn on_column(privileges: &BTreeSet<String>, column: &str) -> String {
    let column = name(column);
    let one = |privilege: &String| match privilege.as_str() {
        // It is held on the table, not on a column.
        GRANT_OPTION => privilege.clone(),
        _ => format!("{privilege} ({column})"),
    };
    privileges.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn on(what: &On) -> String {
    match what {
        On::Everything => "*.*".to_owned(),
        On::Databases(pattern) => format!("{}.*", name(pattern)),
        On::Table { database, table } | On::Column { database, table, .. } => {
            format!("{}.{}", name(database), name(table))
        }
        On::Routine { kind, database, name: routine } => format!("{kind} {}.{}", name(database), name(routine)),
    }
}

/// A name, in backticks. Inside of them nothing but a backtick means anything.
fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// An account, as statements name it.
pub(super) fn account(account: &Account) -> String {
    format!("{}@{}", name(&account.user), name(&account.host))
}

/// A value to compare with, whatever it holds.
fn text(value: &str) -> String {
    let mut digits = String::with_capacity(value.len() * 2);
    for byte in value.bytes() {
        let _ = write!(digits, "{byte:02X}");
    }
    format!("CONVERT(X'{digits}' USING utf8mb4)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_names() {
        let odd = Account::new("o'b`x\\y", "%.ex_ample.com");
        assert_eq!(account(&odd), "`o'b``x\\y`@`%.ex_ample.com`");
        assert_eq!(account(&Account::new("", "localhost")), "``@`localhost`");
        assert_eq!(text("o'b"), "CONVERT(X'6F2762' USING utf8mb4)");
        let attack = Account::new("x`; DROP DATABASE a; -- ", "localhost");
        let drop = MariadbMend::DropAccount { account: attack };
        assert_eq!(statements(&drop, &Difference::default()), ["DROP USER `x``; DROP DATABASE a; -- `@`localhost`;"]);
    }

    #[test]
    fn every_question_is_one_line_and_ends() {
        let questions = server_questions() + "\n" + &grant_questions(&Account::new("a\nb", "%"));
        assert!(questions.lines().all(|line| line.starts_with("SELECT '") && line.ends_with(';')), "{questions}");
    }
}
