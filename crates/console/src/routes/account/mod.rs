//! The own account.

pub(crate) mod enrolment;
mod factor;
mod history;
mod keys;
mod overview;
mod password;
mod sessions;
mod sites;

pub(crate) use keys::key_state;

use palisade_base::Permit;
use palisade_identity::policy::{OwnAccount, permit_own_account};
use palisade_web::{Access, Failure, Page, Routes, Visitor, component::Tabs};

use crate::{ConsoleState, step_up};

pub(super) fn routes(state: ConsoleState) -> Routes {
    Routes::new(state)
        .get("/account", Access::SignedIn, overview::show)
        .get("/account/password", Access::SignedIn, password::show)
        .post("/account/password", Access::SignedIn, password::submit)
        .get("/account/factors", Access::SignedIn, factor::show)
        .get("/account/factors/app", Access::SignedIn, factor::enrol)
        .post("/account/factors/app", Access::SignedIn, factor::confirm)
        .post("/account/factors/recovery-codes", Access::SignedIn, factor::renew_codes)
        .post("/account/factors/remove", Access::SignedIn, factor::remove)
        .get("/account/sessions", Access::SignedIn, sessions::show)
        .post("/account/sessions/end", Access::SignedIn, sessions::end)
        .post("/account/devices/name", Access::SignedIn, sessions::name_device)
        .post("/account/devices/forget", Access::SignedIn, sessions::forget_device)
        .get("/account/keys", Access::SignedIn, keys::show)
        .get("/account/keys/new", Access::SignedIn, keys::new)
        .post("/account/keys/new", Access::SignedIn, keys::create)
        .post("/account/keys/revoke", Access::SignedIn, keys::revoke)
        .get("/account/history", Access::SignedIn, history::show)
        .finish()
}

/// The pages of the account, side by side.
const PAGES: [(&str, &str); 6] = [
    ("Overview", "/account"),
    ("Password", "/account/password"),
    ("Second factor", "/account/factors"),
    ("Sessions and devices", "/account/sessions"),
    ("API keys", "/account/keys"),
    ("Sign-ins", "/account/history"),
];

/// A page of the account, with the tabs to its sisters.
fn page<'a>(visitor: &'a Visitor, title: &str, open: &str) -> Page<'a> {
    let tabs = PAGES.iter().fold(Tabs::new(), |tabs, (label, path)| tabs.tab(*label, *path, *path == open));
    Page::new(visitor, title).tabs(tabs)
}

/// The permit for what belongs to the own account.
fn permit(visitor: &Visitor) -> Result<Permit<OwnAccount>, Failure> {
    Ok(permit_own_account(&visitor.caller, step_up::session(visitor)?)?)
}
