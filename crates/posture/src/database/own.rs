//! The checks of the program's own database.

use std::{net::IpAddr, sync::Arc, time::Duration};

use palisade_store::{Engine, RoleFacts, ServerAccess, ServerPlace};
use tokio::{net::lookup_host, time::timeout};

use super::{Databases, role, url};
use crate::{About, Check, Mend, Place, Sight, check_by};

/// How long a name may take to be looked up.
const LOOKUP: Duration = Duration::from_secs(5);
const EMBEDDED: &str = "The database is embedded: a file that only the program's own user may read.";

pub(super) fn checks(databases: &Databases) -> Vec<Arc<dyn Check>> {
    let rights = of_role(
        databases,
        About::new(
            "database.own.rights",
            "The program's own database role works with rows, and the trail it only adds to",
            &["T6.2", "K5.3"],
            Place::Database,
        ),
        role::rights,
    );
    let log = of_role(
        databases,
        About::new(
            "database.own.audit_log",
            "The database server logs changes of its schema",
            &["K5.3"],
            Place::Database,
        ),
        role::audit_log,
    );
    let of_urls = databases.urls.iter().flat_map(|(variable, access)| of_url(variable, access));
    let mut checks: Vec<_> = [rights, log].into_iter().chain(of_urls).collect();
    if databases.urls.is_empty() {
        let about = About::new("database.own.password", PASSWORD, &["K3.9"], Place::Database);
        checks.push(check_by(about, || async { Sight::not_applicable(EMBEDDED) }));
        let about = About::new("database.own.address", ADDRESS, CONNECTION, Place::Database);
        checks.push(check_by(about, || async { Sight::in_force(EMBEDDED) }));
    }
    checks
}

const PASSWORD: &str = "The database's password is none that could be guessed";
const ADDRESS: &str = "The database can't be reached from the internet, and is spoken to in secret";
/// The points that the way to the database stands for.
const CONNECTION: &[&str] = &["K3.1", "K3.9", "K9.1"];

fn of_url(variable: &'static str, access: &ServerAccess) -> [Arc<dyn Check>; 2] {
    let whose = if variable == "DATABASE_URL" { "own" } else { "owner" };
    let about = |word: &str, title: &str, points: &[&str]| {
        About::new(format!("database.{whose}.{word}"), title, points, Place::Database)
    };
    let (first, second) = (access.clone(), access.clone());
    [
        check_by(about("password", PASSWORD, &["K3.9"]), move || {
            let sight = url::password(variable, &first);
            async move { sight }
        }),
        check_by(about("address", ADDRESS, CONNECTION), move || {
            let access = second.clone();
            async move { url::address(variable, &access, &addresses(&access).await) }
        }),
    ]
}

/// What the server's host stands for; nothing where nobody knows.
async fn addresses(access: &ServerAccess) -> Vec<IpAddr> {
    let ServerPlace::Network(host, port) = &access.server else { return Vec::new() };
    let host = host.trim_matches(['[', ']']);
    match timeout(LOOKUP, lookup_host((host, *port))).await {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
        _ => Vec::new(),
    }
}

fn of_role(databases: &Databases, about: About, judge: fn(&RoleFacts) -> Sight) -> Arc<dyn Check> {
    let databases = databases.clone();
    check_by(about, move || {
        let databases = databases.clone();
        async move {
            if databases.store.engine() == Engine::Sqlite {
                return Sight::not_applicable(EMBEDDED);
            }
            read_role(&databases).await.map_or_else(|sight| sight, |facts| judge(&facts))
        }
    })
}

async fn read_role(databases: &Databases) -> Result<RoleFacts, Sight> {
    let unseen = |why: String| Sight::unseen(why, Mend::new("See the program's log, and whether the server answers."));
    let read = async {
        let mut conn = databases.store.read().await?;
        RoleFacts::read(&mut conn, databases.migrator.append_only()).await
    };
    match read.await {
        Ok(Some(facts)) => Ok(facts),
        Ok(None) => Err(Sight::not_applicable(EMBEDDED)),
        Err(error) => Err(unseen(format!("The server could not be asked: {error}."))),
    }
}
