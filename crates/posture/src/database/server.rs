//! What `mysql_secure_installation` does, looked at: facts in, sights out.

use palisade_helper::mariadb::{Account, AccountFacts, MariadbFacts, WayIn};

use super::mender::PLAN;
use crate::{Mend, Sight};

pub(super) fn passwords(facts: &MariadbFacts) -> Sight {
    if let Some(sight) = nobody_known(facts) {
        return sight;
    }
    let open: Vec<&Account> =
        facts.accounts.iter().filter(|found| is_open(found)).map(|found| &found.account).collect();
    let evidence = facts.accounts.iter().map(|found| format!("{}: {}", found.account, ways(found)));
    let sight = match &open[..] {
        [] => Sight::in_force("Nobody gets in without a password or the socket, root least of all."),
        _ if open.iter().all(|account| account.is_root() && account.is_local()) && facts.knows_socket_sign_in => {
            let mend = Mend::new("Let root in by the socket, as the system's root, and by nothing else.").by(PLAN);
            Sight::finding(format!("root gets in without a password: {}.", list(&open)), mend)
        }
        _ => {
            let mend = Mend::new("Give each a password: ALTER USER … IDENTIFIED BY '…', or take it away: DROP USER ….");
            Sight::finding(format!("Without a password get in: {}.", list(&open)), mend)
        }
    };
    sight.with_evidence(evidence)
}

/// Anonymous accounts are a matter of their own.
fn is_open(found: &AccountFacts) -> bool {
    !found.is_locked && !found.account.is_anonymous() && found.ways_in.contains(&WayIn::NoPassword)
}

pub(super) fn anonymous(facts: &MariadbFacts) -> Sight {
    let found: Vec<&Account> = of(facts, |account| account.is_anonymous());
    let clean = "No account is without a name.";
    let mend = "Take them away: whoever reaches the server gets in by them, under any name.";
    without(facts, &found, clean, "Anybody can sign in, under any name", mend)
}

pub(super) fn remote_root(facts: &MariadbFacts) -> Sight {
    let found: Vec<&Account> = of(facts, |account| account.is_root() && !account.is_local());
    let clean = "root has accounts for localhost, 127.0.0.1 and ::1 at the most.";
    let mend = "Take these accounts away: who administers the server does it on its machine.";
    without(facts, &found, clean, "root can sign in from elsewhere", mend)
}

pub(super) fn test_database(facts: &MariadbFacts) -> Sight {
    if let Some(sight) = nobody_known(facts) {
        return sight;
    }
    let grants = facts.test_grants.iter().map(|grant| format!("{} on `{}`.*", grant.account, grant.database));
    let grants: Vec<String> = grants.collect();
    let sight = match (facts.test_tables, grants.is_empty()) {
        (None, true) => Sight::in_force("There is no database test, and nobody has rights on databases for tests."),
        (Some(0), _) => Sight::finding(
            "There is a database for everybody's tests.",
            Mend::new("Take it away, with what anybody may do in it.").by(PLAN),
        ),
        (Some(tables), _) => {
            let mend = Mend::new(
                "Look at its tables, keep what is wanted elsewhere, then drop it: mysql_secure_installation.",
            );
            Sight::finding(format!("There is a database test with {tables} tables in it."), mend)
        }
        (None, false) => Sight::finding(
            "Rights on databases called test stand in mysql.db: whoever makes one opens it to others.",
            Mend::new("Take these rights away.").by(PLAN),
        ),
    };
    sight.with_evidence(grants)
}

pub(super) fn reloaded(facts: &MariadbFacts) -> Sight {
    if facts.differences.is_empty() {
        if let Some(sight) = nobody_known(facts) {
            return sight;
        }
        let compared = "Compared: accounts, how each gets in (SHOW CREATE USER beside mysql.global_priv), rights on the whole \
                        server and on databases (information_schema beside mysql.user and mysql.db).";
        return Sight::in_force(format!("{} accounts are held as the tables have them.", facts.accounts.len()))
            .with_evidence([compared.to_owned(), format!("MariaDB {}", facts.version)]);
    }
    let mend = Mend::new("See whether the tables are what you want, then have the server read them: FLUSH PRIVILEGES.");
    let seen = "The running server goes by other accounts or rights than its tables have.";
    Sight::finding(seen, mend.by(PLAN)).with_evidence(facts.differences.clone())
}

fn of(facts: &MariadbFacts, is_meant: impl Fn(&Account) -> bool) -> Vec<&Account> {
    facts.accounts.iter().map(|found| &found.account).filter(|account| is_meant(account)).collect()
}

fn without(facts: &MariadbFacts, found: &[&Account], clean: &str, loose: &str, mend: &str) -> Sight {
    if let Some(sight) = nobody_known(facts) {
        return sight;
    }
    if found.is_empty() {
        return Sight::in_force(clean).with_evidence(facts.accounts.iter().map(|found| found.account.to_string()));
    }
    Sight::finding(format!("{loose}: {}.", list(found)), Mend::new(mend).by(PLAN))
}

/// A server that was started without its privilege tables lets everybody do everything, and lists nobody.
fn nobody_known(facts: &MariadbFacts) -> Option<Sight> {
    let why =
        "The running server knows no account: it was started with skip-grant-tables, and lets everybody do everything.";
    let mend = Mend::new("Take skip-grant-tables out of its configuration, and start it again.");
    facts.accounts.is_empty().then(|| Sight::finding(why, mend))
}

fn list(accounts: &[&Account]) -> String {
    accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn ways(found: &AccountFacts) -> String {
    if found.is_locked {
        return "locked".to_owned();
    }
    let one = |way: &WayIn| match way {
        WayIn::NoPassword => "without a password".to_owned(),
        WayIn::Password => "with a password".to_owned(),
        WayIn::Socket => "by the socket, as the system's user of the same name".to_owned(),
        WayIn::Never => "not by password".to_owned(),
        WayIn::Plugin(name) => format!("as {name} decides"),
    };
    found.ways_in.iter().map(one).collect::<Vec<_>>().join(", or ")
}
