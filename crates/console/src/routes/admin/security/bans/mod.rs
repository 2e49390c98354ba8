//! Admin > Security > Jails and Bans.

mod add;
mod detail;
mod jails;
mod lift;
mod list;
mod shown;

use palisade_base::Scope;
use palisade_identity::permissions::{BAN_MANAGE, BAN_READ};
use palisade_web::{Access, Routes, component::Tabs};

use crate::ConsoleState;

const PATH: &str = "/admin/security/bans";
const JAILS: &str = "/admin/security/bans/jails";
const NEW: &str = "/admin/security/bans/new";
const LIFT: &str = "/admin/security/bans/lift";

pub(super) fn routes(state: ConsoleState) -> Routes {
    let may = |permission| Access::Permission(permission, Scope::All);
    Routes::new(state)
        .get(PATH, may(BAN_READ), list::show)
        .get(JAILS, may(BAN_READ), jails::show)
        .get("/admin/security/bans/{id}", may(BAN_READ), detail::show)
        .get(NEW, may(BAN_MANAGE), add::show)
        .post(NEW, may(BAN_MANAGE), add::submit)
        .post(LIFT, may(BAN_MANAGE), lift::submit)
        .finish()
}

fn tabs(open: &str) -> Tabs {
    [("Bans", PATH), ("Jails", JAILS)]
        .into_iter()
        .fold(Tabs::new(), |tabs, (label, path)| tabs.tab(label, path, path == open))
}
