//! Mending the MariaDB server, by the helper.

use async_trait::async_trait;
use palisade_base::{Error, Kind};
use palisade_helper::{
    client::{HelperClient, HelperError},
    mariadb::{Application, Difference, MariadbFacts, MariadbMend, WayIn},
};

use crate::{Mender, Plan, Step};

/// By which commands name it.
const NAME: &str = "mariadb";
/// What shows what it would do.
pub(super) const PLAN: &str = "palisade harden plan";

/// Has the helper mend the server.
pub(super) struct MariadbMender {
    helper: HelperClient,
    applications: Vec<Application>,
}

impl MariadbMender {
    pub(super) const fn new(helper: HelperClient, applications: Vec<Application>) -> Self {
        Self { helper, applications }
    }

    async fn look(&self) -> Result<MariadbFacts, Error> {
        self.helper.look_at_mariadb(&self.applications).await.map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &HelperError) -> Error {
    Error::new(Kind::Unavailable, format!("MariaDB was not mended: {error}"))
}

#[async_trait]
impl Mender for MariadbMender {
    fn name(&self) -> &str {
        NAME
    }

    async fn plan(&self) -> Result<Plan, Error> {
        Ok(plan(&self.look().await?))
    }

    async fn apply(&self, shown: &Plan) -> Result<Vec<String>, Error> {
        let facts = self.look().await?;
        if plan(&facts) != *shown {
            return Err(Error::new(
                Kind::Conflict,
                "The server has changed since this plan was made. Look at it again.",
            ));
        }
        let mends: Vec<MariadbMend> = mends(&facts).into_iter().map(|(_, mend)| mend).collect();
        let statements = mends.iter().flat_map(|mend| mend.statements(&facts)).collect();
        self.helper.mend_mariadb(mends, statements).await.map_err(|error| unavailable(&error))?;
        let mut done: Vec<String> = shown.steps.iter().map(|step| step.what.clone()).collect();
        // What was done is told by the server, not by the plan.
        let after = self.look().await?;
        done.extend(after.applications.iter().flat_map(|found| {
            found.shown.iter().map(move |line| format!("{} has now: {line}", found.application.account()))
        }));
        Ok(done)
    }
}

/// What would be done, in the server's own words.
pub(super) fn plan(facts: &MariadbFacts) -> Plan {
    let steps =
        mends(facts).into_iter().map(|(what, mend)| Step { what, difference: mend.statements(facts).join("\n") });
    let title = "Close what a new MariaDB server leaves open, and give applications the rights that they need";
    Plan { mender: NAME.to_owned(), title: title.to_owned(), steps: steps.collect() }
}

/// What there is to mend. Where the running server and its tables differ, nobody knows yet what is in force after they are
/// read again: that comes first, and alone.
fn mends(facts: &MariadbFacts) -> Vec<(String, MariadbMend)> {
    if !facts.differences.is_empty() {
        let what = "Have the server read its privilege tables again; then look at the plan once more.";
        return vec![(what.to_owned(), MariadbMend::Reload)];
    }
    let mut mends = accounts(facts);
    if facts.test_tables == Some(0) {
        mends.push(("Take the empty database test away.".to_owned(), MariadbMend::DropTestDatabase));
    }
    if !facts.test_grants.is_empty() {
        let what = "Take away what anybody may do with databases for tests.";
        mends.push((what.to_owned(), MariadbMend::RevokeTestGrants));
    }
    mends.extend(rights(facts));
    mends
}

fn accounts(facts: &MariadbFacts) -> Vec<(String, MariadbMend)> {
    let leaving = facts.accounts.iter().filter(|found| found.account.may_go()).map(|found| {
        let account = found.account.clone();
        let who = if account.is_anonymous() { "anybody's" } else { "root's from elsewhere" };
        (format!("Take the account {account} away: it is {who}."), MariadbMend::DropAccount { account })
    });
    let open = facts.accounts.iter().filter(|found| {
        let is_open = !found.is_locked && found.ways_in.contains(&WayIn::NoPassword);
        facts.knows_socket_sign_in && found.account.is_root() && found.account.is_local() && is_open
    });
    let by_socket = open.map(|found| {
        let account = found.account.clone();
        let what = format!(
            "Let {account} in as the system's root, by the socket, and by nothing else. What signs in as root without a \
             password today must run as root then."
        );
        (what, MariadbMend::SocketSignIn { account })
    });
    leaving.chain(by_socket).collect()
}

fn rights(facts: &MariadbFacts) -> impl Iterator<Item = (String, MariadbMend)> + '_ {
    facts.applications.iter().filter(|found| found.exists && found.is_mendable).filter_map(|found| {
        let application = found.application.clone();
        let difference = Difference::of(&application, found, &facts.databases);
        let what = format!("Give {} the guide's list of rights on {}.", application.account(), application.database);
        (!difference.is_none()).then_some((what, MariadbMend::LeastPrivilege { application }))
    })
}
