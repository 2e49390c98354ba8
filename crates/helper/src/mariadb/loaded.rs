//! Whether the running server goes by what stands in its privilege tables. A table that was written to by hand counts only
//! once the server has read it again (FLUSH PRIVILEGES).

use std::collections::{BTreeMap, BTreeSet};

use super::{model::Account, store};

/// So many differences are told.
const TOLD: usize = 20;

/// Privileges, by whose they are and on which databases; `None` is the whole server.
pub(super) type Rights = BTreeMap<(String, Option<String>), BTreeSet<String>>;

/// What the tables have, and what the server goes by. Accounts are named as `information_schema` does.
#[derive(Default)]
pub(super) struct Sides {
    pub(super) stored: Rights,
    pub(super) running: Rights,
}

impl Sides {
    /// Where they differ, for people.
    pub(super) fn differences(&self) -> Vec<String> {
        let compared = store::compared_privileges();
        let of = |rights: &Rights, key: &(String, Option<String>)| {
            let all = rights.get(key).into_iter().flatten();
            all.filter(|one| compared.contains(one.as_str())).cloned().collect::<BTreeSet<String>>()
        };
        let keys: BTreeSet<_> = self.stored.keys().chain(self.running.keys()).collect();
        let differing = keys.into_iter().filter_map(|key| {
            let (stored, running) = (of(&self.stored, key), of(&self.running, key));
            let (whose, on) = (&key.0, key.1.as_deref().unwrap_or("the whole server"));
            (stored != running).then(|| {
                format!("{whose} on {on}: the tables have {}, the server goes by {}", list(&stored), list(&running))
            })
        });
        differing.take(TOLD).collect()
    }
}

/// Accounts that only one of both knows.
pub(super) fn unknown_accounts(stored: &[Account], running: &BTreeSet<String>) -> Vec<String> {
    let names: BTreeSet<String> = stored.iter().map(store::grantee).collect();
    let only_stored = names.difference(running).map(|name| format!("{name}: in the tables, unknown to the server"));
    let only_running = running.difference(&names).map(|name| format!("{name}: known to the server, not in the tables"));
    only_stored.chain(only_running).take(TOLD).collect()
}

fn list(privileges: &BTreeSet<String>) -> String {
    if privileges.is_empty() {
        return "nothing".to_owned();
    }
    privileges.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(of: &[(&str, Option<&str>, &[&str])]) -> Rights {
        let one = |(who, on, what): &(&str, Option<&str>, &[&str])| {
            let what = what.iter().map(|&one| one.to_owned()).collect();
            (((*who).to_owned(), on.map(str::to_owned)), what)
        };
        of.iter().map(one).collect()
    }

    #[test]
    fn what_was_written_by_hand_and_not_read_again_is_told() {
        let both = [("'a'@'%'", None, &["SELECT", "BINLOG ADMIN"][..])];
        let sides = Sides { stored: rights(&[("'a'@'%'", None, &["SELECT"])]), running: rights(&both) };
        assert_eq!(sides.differences(), Vec::<String>::new(), "the tables have no column for the other");
        let sides = Sides {
            stored: rights(&[("'a'@'%'", Some("test"), &["SELECT"]), ("'a'@'%'", None, &[])]),
            running: rights(&[("'a'@'%'", None, &["USAGE"])]),
        };
        assert_eq!(sides.differences(), ["'a'@'%' on test: the tables have SELECT, the server goes by nothing"]);
    }

    #[test]
    fn accounts_that_one_side_does_not_know_are_told() {
        let stored = [Account::new("a", "%"), Account::new("b", "%")];
        let told = unknown_accounts(&stored, &["'b'@'%'".to_owned(), "'c'@'%'".to_owned()].into());
        assert_eq!(
            told,
            ["'a'@'%': in the tables, unknown to the server", "'c'@'%': known to the server, not in the tables"]
        );
    }
}
