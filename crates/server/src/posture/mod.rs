//! What looks at this program and its place: the checks of the posture, each with what it needs.

mod accounts;
mod databases;
mod frappe;
mod gate;
mod outside;
mod program;
mod sites;

use std::sync::Arc;

use palisade_bans::Bans;
use palisade_base::{Authority, Caller, Env, Error};
use palisade_certificates::Certificates;
use palisade_helper::client::HelperClient;
use palisade_identity::{Identity, permissions::operator_authority};
use palisade_keys::Vault;
use palisade_posture::{About, Check, Looks, Mend, Mender, Place, READ_POSTURE, Sight, check_by};
use palisade_store::Store;
use palisade_trail::Trail;

use crate::Live;

/// What the checks look at.
#[derive(Clone)]
pub(crate) struct Everything {
    pub(crate) live: Arc<Live>,
    pub(crate) env: Env,
    pub(crate) store: Store,
    pub(crate) identity: Identity,
    pub(crate) bans: Bans,
    pub(crate) certificates: Certificates,
    pub(crate) trail: Trail,
    pub(crate) vault: Vault,
    /// The way to the helper, where there is one.
    pub(crate) helper: Option<HelperClient>,
}

impl Looks for Everything {
    fn checks(&self) -> Vec<Arc<dyn Check>> {
        let parts = [
            sites::checks(self),
            frappe::checks(self),
            gate::checks(self),
            program::checks(self),
            accounts::checks(self),
            outside::checks(self),
            databases::checks(self),
        ];
        parts.concat()
    }

    fn menders(&self) -> Vec<Arc<dyn Mender>> {
        [frappe::menders(self), outside::menders(self), databases::menders(self)].concat()
    }
}

/// In whose name the checks read what only some may read.
fn looker() -> Caller {
    Caller::job("posture", operator_authority())
}

/// What the scheduled look may do.
pub(crate) fn scheduled() -> Caller {
    let mut authority = Authority::default();
    authority.allow(READ_POSTURE, palisade_base::Scope::All);
    Caller::job("posture", authority)
}

/// A check of this program: `look` is given all that there is to look at.
fn program_check<S>(
    all: &Everything,
    id: &str,
    title: &str,
    points: &[&str],
    look: fn(Everything) -> S,
) -> Arc<dyn Check>
where
    S: Future<Output = Result<Sight, Error>> + Send + 'static,
{
    check_of(all, about(id, title, points), look)
}

fn about(id: &str, title: &str, points: &[&str]) -> About {
    About::new(format!("program.{id}"), title, points, Place::Program)
}

fn check_of<S>(all: &Everything, about: About, look: fn(Everything) -> S) -> Arc<dyn Check>
where
    S: Future<Output = Result<Sight, Error>> + Send + 'static,
{
    let all = all.clone();
    check_by(about, move || {
        let look = look(all.clone());
        async move { look.await.unwrap_or_else(|error| unreadable(&error)) }
    })
}

fn unreadable(error: &Error) -> Sight {
    let mend = Mend::new("Look at the server's log: the database, most likely, does not answer.");
    Sight::unseen(format!("It could not be read: {}", error.message()), mend.by("palisade status"))
}

/// `1 jail`, `2 jails`.
fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A finding that is mended on a page of the administration.
fn finding_on_page(seen: impl Into<String>, what: &str, page: &str) -> Sight {
    Sight::finding(seen, Mend::new(format!("{what} ({page}).")))
}
