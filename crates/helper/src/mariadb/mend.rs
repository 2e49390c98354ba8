//! Mending. What is said to the server is made here, from what the server itself tells at that moment; it must be the same
//! that somebody was shown.

use super::{
    MariadbConfig, is_writable,
    least::Difference,
    model::{Account, MariadbFacts, MariadbMend},
    store,
    talk::ask,
};
use crate::protocol::{Failure, FailureKind};

impl MariadbMend {
    /// What it would say to the server as it was seen to be.
    #[must_use]
    pub fn statements(&self, facts: &MariadbFacts) -> Vec<String> {
        let difference = match self {
            Self::LeastPrivilege { application } => {
                let of_it = facts.applications.iter().find(|facts| facts.application == *application);
                of_it.map(|found| Difference::of(application, found, &facts.databases)).unwrap_or_default()
            }
            _ => Difference::default(),
        };
        store::statements(self, &difference)
    }

    /// Why it must not be done; `None` where it may.
    fn objection(&self, config: &MariadbConfig, facts: &MariadbFacts) -> Option<String> {
        match self {
            Self::DropAccount { account } if !account.may_go() => {
                Some(format!("{account} is neither anonymous nor root's from elsewhere"))
            }
            Self::SocketSignIn { account } if !account.is_root() || !facts.knows_socket_sign_in || !is_root() => {
                Some(format!("{account} can't be let in by the socket"))
            }
            Self::DropAccount { account } | Self::SocketSignIn { account } => unknown(account, facts),
            Self::DropTestDatabase => match facts.test_tables {
                Some(0) => None,
                Some(tables) => Some(format!("the database test has {tables} tables: somebody may want them")),
                None => Some("there is no database test".to_owned()),
            },
            Self::RevokeTestGrants | Self::Reload => None,
            Self::LeastPrivilege { application } if !config.applications.contains(application) => Some(format!(
                "the rights of {} are not the helper's to change: its own file has no such [[mariadb.application]]",
                application.account()
            )),
            Self::LeastPrivilege { application } => unknown(&application.account(), facts),
        }
    }
}

/// Who signs in by the socket is who runs the client.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn unknown(account: &Account, facts: &MariadbFacts) -> Option<String> {
    if !is_writable(&account.user) || !is_writable(&account.host) {
        return Some("an account with such a name is changed by hand".to_owned());
    }
    let known = facts.accounts.iter().any(|found| found.account == *account);
    (!known).then(|| format!("the server knows no account {account}"))
}

impl MariadbConfig {
    /// Does this, if it is still what was shown.
    pub(crate) async fn mend(&self, mends: &[MariadbMend], shown: &[String]) -> Result<(), Failure> {
        let refused = |why: String| Err(Failure::new(FailureKind::Refused, why));
        let applications: Vec<_> = mends.iter().filter_map(MariadbMend::application).cloned().collect();
        let facts = self.look(&applications).await?;
        if let Some(why) = mends.iter().find_map(|mend| mend.objection(self, &facts)) {
            return refused(why);
        }
        let statements: Vec<String> = mends.iter().flat_map(|mend| mend.statements(&facts)).collect();
        if statements != shown {
            return refused("the server has changed since this was shown\n  Look at the plan again.".to_owned());
        }
        if statements.iter().any(|statement| statement.contains(char::is_control)) {
            return refused("a name with control characters is changed by hand".to_owned());
        }
        ask(self, statements.join("\n")).await.map(|_| ()).map_err(|failure| {
            let what = format!("{}\n  The statements before that line were carried out.", failure.message);
            Failure::new(failure.kind, what)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mariadb::{AccountFacts, Application};

    fn facts(accounts: &[(&str, &str)]) -> MariadbFacts {
        let one = |(user, host): &(&str, &str)| AccountFacts {
            account: Account::new(*user, *host),
            is_locked: false,
            ways_in: Vec::new(),
        };
        MariadbFacts { accounts: accounts.iter().map(one).collect(), ..MariadbFacts::default() }
    }

    fn drop(user: &str, host: &str) -> MariadbMend {
        MariadbMend::DropAccount { account: Account::new(user, host) }
    }

    #[test]
    fn only_what_is_on_the_list_can_be_taken_away() {
        let facts = facts(&[("root", "%"), ("root", "localhost"), ("", "vm"), ("shop", "localhost")]);
        let objection = |mend: MariadbMend| mend.objection(&MariadbConfig::default(), &facts);
        assert_eq!(objection(drop("root", "%")), None);
        assert_eq!(objection(drop("", "vm")), None);
        assert!(objection(drop("root", "localhost")).is_some(), "that is the way in");
        assert!(objection(drop("shop", "localhost")).is_some());
        assert!(objection(drop("", "elsewhere")).unwrap().contains("knows no account"));
        let socket = MariadbMend::SocketSignIn { account: Account::new("shop", "localhost") };
        assert!(objection(socket).is_some());
    }

    #[test]
    fn a_database_for_tests_with_tables_in_it_stays() {
        let objection = |tables| {
            let facts = MariadbFacts { test_tables: tables, ..MariadbFacts::default() };
            MariadbMend::DropTestDatabase.objection(&MariadbConfig::default(), &facts)
        };
        assert_eq!(objection(Some(0)), None);
        assert!(objection(Some(3)).unwrap().contains("3 tables"));
        assert!(objection(None).is_some());
    }

    #[test]
    fn rights_are_changed_only_of_applications_that_roots_own_file_names() {
        let application = Application { user: "shop".into(), host: "localhost".into(), database: "shop".into() };
        let mend = MariadbMend::LeastPrivilege { application: application.clone() };
        let facts = facts(&[("shop", "localhost")]);
        assert!(mend.objection(&MariadbConfig::default(), &facts).unwrap().contains("[[mariadb.application]]"));
        let config = MariadbConfig { applications: vec![application], ..MariadbConfig::default() };
        assert_eq!(mend.objection(&config, &facts), None);
    }
}
