//! The checks of the MariaDB server that guarded sites keep their data in.

use std::sync::Arc;

use palisade_helper::{
    client::{HelperClient, HelperError},
    mariadb::{Application, MariadbFacts},
};
use tokio::sync::OnceCell;

use super::{Databases, GuardedSite, rights, server};
use crate::{About, Check, Mend, Place, Sight, check_by};

/// What one check makes of the server.
type Judge = fn(&MariadbFacts) -> Sight;

/// The five things that `mysql_secure_installation` asks about.
const SERVER: [(&str, &str, Judge); 5] = [
    ("passwords", "MariaDB: root, and everybody else, needs a password or the socket", server::passwords),
    ("anonymous", "MariaDB: no anonymous users", server::anonymous),
    ("remote_root", "MariaDB: root signs in on this machine only", server::remote_root),
    ("test", "MariaDB: no database for everybody's tests", server::test_database),
    ("reloaded", "MariaDB: the running server goes by its privilege tables", server::reloaded),
];

pub(super) fn checks(databases: &Databases) -> Vec<Arc<dyn Check>> {
    let look = Arc::new(Look::new(databases));
    let of_server = SERVER.map(|(word, title, judge)| {
        let look = Arc::clone(&look);
        let about = About::new(format!("database.mariadb.{word}"), title, &["T6.1"], Place::Database);
        check_by(about, move || {
            let look = Arc::clone(&look);
            async move { look.judged(judge).await }
        })
    });
    let of_sites = databases.sites.iter().map(|site| of_site(site, Arc::clone(&look)));
    of_server.into_iter().chain(of_sites).collect()
}

fn of_site(site: &GuardedSite, look: Arc<Look>) -> Arc<dyn Check> {
    let (id, title) =
        (format!("database.{}.rights", site.name), "The application's database user may do what it needs");
    let about = About::new(id, title, &["T6.2"], Place::Site(site.name.clone()));
    let site = site.clone();
    check_by(about, move || {
        let (look, site) = (Arc::clone(&look), site.clone());
        async move {
            match &site.application {
                Some(application) => look.judged(|facts| rights::judge(application, facts)).await,
                None => unnamed(&site),
            }
        }
    })
}

/// Nobody said which database it is.
fn unnamed(site: &GuardedSite) -> Sight {
    if site.needs_mariadb {
        let why = format!("palisade.toml does not say which database {} has.", site.name);
        let mend = Mend::new("Write [site.database] with user and name, as the application's own settings have them.");
        return Sight::unseen(why, mend);
    }
    Sight::not_applicable(format!("No database of {} is named in palisade.toml.", site.name))
}

/// One look at the server, which all checks share.
struct Look {
    helper: Option<HelperClient>,
    applications: Vec<Application>,
    is_wanted: bool,
    seen: OnceCell<Result<MariadbFacts, HelperError>>,
}

impl Look {
    fn new(databases: &Databases) -> Self {
        let is_wanted = databases.sites.iter().any(|site| site.needs_mariadb || site.application.is_some());
        let (helper, applications) = (databases.helper.clone(), databases.applications());
        Self { helper, applications, is_wanted, seen: OnceCell::new() }
    }

    async fn judged(&self, judge: impl Fn(&MariadbFacts) -> Sight) -> Sight {
        if !self.is_wanted {
            return Sight::not_applicable("No guarded site keeps its data in MariaDB, as far as palisade.toml says.");
        }
        let Some(helper) = &self.helper else { return without_helper() };
        match self.seen.get_or_init(|| helper.look_at_mariadb(&self.applications)).await {
            Ok(facts) => judge(facts),
            Err(error) => unseen(error),
        }
    }
}

fn without_helper() -> Sight {
    let why = "Who may do what in MariaDB is known to its administrator alone, and palisade.toml names no helper.";
    let mend = Mend::new("Set up the helper (docs/helper.md), with [mariadb] in its file.");
    Sight::unseen(why, mend.by("palisade helper --check"))
}

fn unseen(error: &HelperError) -> Sight {
    let said = error.to_string();
    let (why, hint) =
        said.split_once('\n').unwrap_or((&said, "Write [mariadb] into the helper's file (docs/helper.md)."));
    Sight::unseen(format!("MariaDB could not be asked: {why}"), Mend::new(hint.trim()))
}
