//! What is there, put together from the server's answers.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    MariadbConfig,
    loaded::{Rights, Sides, unknown_accounts},
    model::{Account, AccountFacts, Application, ApplicationFacts, Grant, MariadbFacts, On, TestGrant},
    output::{Row, decode, number, rows, tagged, unreadable},
    sign_in::SignIn,
    statement::without_secrets,
    store::{self, GRANT_OPTION},
    talk::ask,
};
use crate::protocol::{Failure, FailureKind};

/// The first release that keeps its accounts as they are read here.
const OLDEST: (u32, u32) = (10, 4);
/// A privilege's name is not longer.
const MAX_PRIVILEGE: usize = 40;

impl MariadbConfig {
    /// Looks at the server, and at what these applications' accounts may do.
    pub(crate) async fn look(&self, applications: &[Application]) -> Result<MariadbFacts, Failure> {
        let version = ask(self, store::VERSION.to_owned()).await?;
        let version = version_of(&version)?;
        let rows = ask(self, store::server_questions()).await?;
        let server = Server::read(&rows)?;
        let (accounts, sign_ins) = self.accounts(&server).await?;
        let everybody = self.everybody(&server).await?;
        let mut facts = MariadbFacts { version, accounts, everybody, ..server.facts(&rows)? };
        facts.differences.extend(sign_ins);
        for application in applications {
            facts.applications.push(self.application(application, &server).await?);
        }
        Ok(facts)
    }

    /// How the running server lets each account in, and where its table says otherwise.
    async fn accounts(&self, server: &Server) -> Result<(Vec<AccountFacts>, Vec<String>), Failure> {
        let known: Vec<_> =
            server.accounts.iter().filter(|(account, _)| server.running.contains(&store::grantee(account))).collect();
        let rows = ask(self, store::sign_in_questions(known.iter().map(|(account, _)| *account))).await?;
        if rows.len() != known.len() {
            return Err(unreadable("more or fewer accounts than asked for"));
        }
        let (mut accounts, mut differences) = (Vec::new(), Vec::new());
        for ((account, stored), row) in known.into_iter().zip(&rows) {
            let running = row.first().and_then(|said| SignIn::running(said));
            let running = running.ok_or_else(|| unreadable(&format!("how {account} gets in, in words not known")))?;
            if running != *stored {
                differences.push(format!("{account} gets in in another way than the tables have it"));
            }
            let (is_locked, ways_in) = (running.is_locked, running.ways_in());
            accounts.push(AccountFacts { account: account.clone(), is_locked, ways_in });
        }
        Ok((accounts, differences))
    }

    async fn everybody(&self, server: &Server) -> Result<Vec<Grant>, Failure> {
        let everybody = store::everybody();
        let mut grants = server.grants(&store::grantee(&everybody));
        grants.extend(parts(&ask(self, store::grant_questions(&everybody)).await?)?);
        // The tables alone tell what the role may do on the whole server.
        let of_role =
            (!server.everybody.is_empty()).then(|| Grant { on: On::Everything, privileges: server.everybody.clone() });
        grants.retain(|grant| !is_for_tests(&grant.on) && !is_of_server(&grant.on));
        Ok(of_role.into_iter().chain(grants).collect())
    }

    async fn application(&self, application: &Application, server: &Server) -> Result<ApplicationFacts, Failure> {
        let account = application.account();
        let grantee = store::grantee(&account);
        let is_mendable = self.applications.contains(application);
        let facts = ApplicationFacts { is_mendable, ..ApplicationFacts::none(application) };
        if !server.running.contains(&grantee) || !server.accounts.contains_key(&account) {
            return Ok(facts);
        }
        let rows = ask(self, store::grant_questions(&account)).await?;
        let mut grants = server.grants(&grantee);
        grants.extend(parts(&rows)?);
        let shown = ask(self, store::show_grants(&account)).await?;
        let shown = shown.iter().filter_map(|row| without_secrets(row.first()?)).collect();
        let roles = tagged::<1>(&rows, "role")?.into_iter().map(|[role]| decode(role)).collect::<Result<_, _>>()?;
        let proxies = tagged::<2>(&rows, "proxy")?.into_iter().map(|[user, host]| account_of(user, host));
        let proxies = proxies.collect::<Result<_, _>>()?;
        Ok(ApplicationFacts { exists: true, grants, roles, proxies, shown, ..facts })
    }
}

/// What the answers about the server hold, the accounts' ways in aside.
pub(super) fn facts(answers: &str) -> Result<MariadbFacts, Failure> {
    let rows = rows(answers)?;
    let grants = parts(&rows)?;
    let server = Server::read(&rows)?;
    Ok(MariadbFacts { everybody: grants, ..server.facts(&rows)? })
}

/// What both sides say of accounts and rights.
struct Server {
    /// In the tables, roles aside.
    accounts: BTreeMap<Account, SignIn>,
    /// Known to the running server, named as it does.
    running: BTreeSet<String>,
    /// What PUBLIC has on the whole server.
    everybody: BTreeSet<String>,
    sides: Sides,
}

impl Server {
    fn read(rows: &[Row]) -> Result<Self, Failure> {
        let (mut accounts, mut running, mut sides) = (BTreeMap::new(), BTreeSet::new(), Sides::default());
        for [user, host, row] in tagged(rows, "stored")? {
            if let Some(sign_in) = SignIn::stored(&decode(row)?) {
                accounts.insert(account_of(user, host)?, sign_in);
            }
        }
        let mut everybody = BTreeSet::new();
        for [user, host, is_role, rights] in tagged(rows, "stored_global")? {
            let account = account_of(user, host)?;
            if is_role == "N" {
                put(&mut sides.stored, store::grantee(&account), None, rights.split(','))?;
            } else if account == store::everybody() {
                add(&mut everybody, rights.split(','))?;
            }
        }
        for [user, host, database, rights] in tagged(rows, "stored_database")? {
            let whose = store::grantee(&account_of(user, host)?);
            put(&mut sides.stored, whose, Some(decode(database)?), rights.split(','))?;
        }
        for [whose, right, grantable] in tagged(rows, "global")? {
            let whose = decode(whose)?;
            running.insert(whose.clone());
            put(&mut sides.running, whose, None, with_option(right, grantable))?;
        }
        for [whose, database, right, grantable] in tagged(rows, "database")? {
            put(&mut sides.running, decode(whose)?, Some(decode(database)?), with_option(right, grantable))?;
        }
        Ok(Self { accounts, running, everybody, sides })
    }

    fn facts(&self, rows: &[Row]) -> Result<MariadbFacts, Failure> {
        let names = tagged::<1>(rows, "schema")?.into_iter().map(|[name]| decode(name));
        let databases: Vec<String> = names.collect::<Result<_, _>>()?;
        let one = |tag| tagged::<1>(rows, tag)?.first().map_or(Ok(0), |[count]| number(count));
        let (tables, socket) = (one("test_tables")?, one("socket")?);
        let test_grants = tagged::<3>(rows, "test_grant")?.into_iter().map(|[user, host, database]| {
            Ok(TestGrant { account: account_of(user, host)?, database: decode(database)? })
        });
        let stored: Vec<Account> = self.accounts.keys().cloned().collect();
        let mut differences = unknown_accounts(&stored, &self.running);
        differences.extend(self.sides.differences());
        Ok(MariadbFacts {
            test_tables: databases.iter().any(|name| name == "test").then_some(tables),
            test_grants: test_grants.collect::<Result<_, Failure>>()?,
            differences,
            knows_socket_sign_in: socket > 0,
            databases,
            ..MariadbFacts::default()
        })
    }

    /// What somebody may do on the whole server and on databases.
    fn grants(&self, grantee: &str) -> Vec<Grant> {
        let own = self.sides.running.iter().filter(|((whose, _), rights)| whose == grantee && !rights.is_empty());
        own.map(|((_, database), rights)| Grant {
            on: database.clone().map_or(On::Everything, On::Databases),
            privileges: rights.clone(),
        })
        .collect()
    }
}

impl ApplicationFacts {
    /// There is no such account.
    #[must_use]
    pub fn none(application: &Application) -> Self {
        Self {
            application: application.clone(),
            is_mendable: false,
            exists: false,
            grants: Vec::new(),
            roles: Vec::new(),
            proxies: Vec::new(),
            shown: Vec::new(),
        }
    }
}

/// As the installer grants them; [`MariadbFacts::test_grants`] has them.
fn is_for_tests(on: &On) -> bool {
    matches!(on, On::Databases(pattern) if ["test", "test\\_%", "test_%"].contains(&pattern.as_str()))
}

/// Some of what the server shows of itself is for everybody.
fn is_of_server(on: &On) -> bool {
    match on {
        On::Everything => false,
        On::Databases(database)
        | On::Table { database, .. }
        | On::Column { database, .. }
        | On::Routine { database, .. } => {
            ["sys", "information_schema", "performance_schema"].contains(&database.as_str())
        }
    }
}

/// What is held on tables, columns and routines.
fn parts(rows: &[Row]) -> Result<Vec<Grant>, Failure> {
    let mut held: BTreeMap<On, BTreeSet<String>> = BTreeMap::new();
    for [database, table, right, grantable] in tagged(rows, "table")? {
        let on = On::Table { database: decode(database)?, table: decode(table)? };
        add(held.entry(on).or_default(), with_option(right, grantable))?;
    }
    for [database, table, column, right, grantable] in tagged(rows, "column")? {
        let on = On::Column { database: decode(database)?, table: decode(table)?, column: decode(column)? };
        add(held.entry(on).or_default(), with_option(right, grantable))?;
    }
    for [kind, database, name, rights] in tagged(rows, "routine")? {
        let on = On::Routine { kind: privilege(kind)?, database: decode(database)?, name: decode(name)? };
        let of_routine = |right: &str| if right == "Grant" { GRANT_OPTION.to_owned() } else { right.to_uppercase() };
        let rights: Vec<String> = rights.split(',').map(of_routine).collect();
        add(held.entry(on).or_default(), rights.iter().map(String::as_str))?;
    }
    held.retain(|_, rights| !rights.is_empty());
    Ok(held.into_iter().map(|(on, privileges)| Grant { on, privileges }).collect())
}

fn with_option<'a>(right: &'a str, grantable: &str) -> impl Iterator<Item = &'a str> {
    [right].into_iter().chain((grantable == "YES").then_some(GRANT_OPTION))
}

fn put<'a>(
    rights: &mut Rights,
    whose: String,
    database: Option<String>,
    more: impl Iterator<Item = &'a str>,
) -> Result<(), Failure> {
    add(rights.entry((whose, database)).or_default(), more)
}

/// USAGE is the server's word for nothing.
fn add<'a>(rights: &mut BTreeSet<String>, more: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    for right in more.filter(|right| !right.is_empty() && *right != "USAGE") {
        rights.insert(privilege(right)?);
    }
    Ok(())
}

/// These words go into statements that mend, so they must be words.
fn privilege(word: &str) -> Result<String, Failure> {
    let fits = |byte: u8| byte.is_ascii_uppercase() || b" _".contains(&byte);
    if word.len() > MAX_PRIVILEGE || !word.bytes().all(fits) {
        return Err(unreadable("a privilege that is none"));
    }
    Ok(word.to_owned())
}

fn account_of(user: &str, host: &str) -> Result<Account, Failure> {
    Ok(Account::new(decode(user)?, decode(host)?))
}

fn version_of(rows: &[Row]) -> Result<String, Failure> {
    let [[version]] = tagged::<1>(rows, "version")?[..] else { return Err(unreadable("no version")) };
    let version = decode(version)?;
    if is_known(&version) {
        return Ok(version);
    }
    let what = format!(
        "the server says that it is {version}; MariaDB from {}.{} is known\n  Look by hand: mysql_secure_installation, SHOW GRANTS.",
        OLDEST.0, OLDEST.1
    );
    Err(Failure::new(FailureKind::Failed, what))
}

fn is_known(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let found = numbers.next().zip(numbers.next());
    version.contains("MariaDB") && found.is_some_and(|found| found >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_that_are_known_are_read() {
        for (version, known) in [
            ("10.11.19-MariaDB-0+deb12u1", true),
            ("10.4.0-MariaDB", true),
            ("11.8.2-MariaDB", true),
            ("10.3.39-MariaDB", false),
            ("8.0.36", false),
            ("", false),
        ] {
            assert_eq!(is_known(version), known, "{version}");
        }
    }

    #[test]
    fn a_privilege_is_a_word_and_nothing_else() {
        assert!(privilege("CREATE TEMPORARY TABLES").is_ok() && privilege("READ_ONLY ADMIN").is_ok());
        for word in ["ALL ON *.* TO x; DROP", "select", "SELECT`", &"A".repeat(41)] {
            assert!(privilege(word).is_err(), "{word}");
        }
    }

    #[test]
    fn rights_on_parts_are_put_together() {
        let output = "table\t64\t74\tSELECT\tYES\ntable\t64\t74\tUSAGE\tNO\ncolumn\t64\t74\t60\tINSERT\tNO\n\
                      routine\tPROCEDURE\t64\t70\tExecute,Alter Routine,Grant\n";
        let found = parts(&rows(output).unwrap()).unwrap();
        let of = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<BTreeSet<_>>();
        let (database, table) = ("d".to_owned(), "t".to_owned());
        assert_eq!(
            found,
            [
                Grant {
                    on: On::Table { database: database.clone(), table: table.clone() },
                    privileges: of(&["SELECT", GRANT_OPTION]),
                },
                Grant {
                    on: On::Column { database: database.clone(), table, column: "`".into() },
                    privileges: of(&["INSERT"]),
                },
                Grant {
                    on: On::Routine { kind: "PROCEDURE".into(), database, name: "p".into() },
                    privileges: of(&["EXECUTE", "ALTER ROUTINE", GRANT_OPTION]),
                },
            ]
        );
    }
}
