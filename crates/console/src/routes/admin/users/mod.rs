//! Admin > Users.

mod act;
mod create;
mod detail;
mod grants;
mod keys;
mod list;
mod people;
mod rename;
mod reset_all;
mod sessions;

use palisade_base::Scope;
use palisade_identity::permissions::{GRANT_UPDATE, SESSION_END, USER_CREATE, USER_READ, USER_UPDATE};
use palisade_web::{Access, Routes, component::Breadcrumbs};

use crate::ConsoleState;

pub(super) fn routes(state: ConsoleState) -> Routes {
    let may = |permission| Access::Permission(permission, Scope::All);
    Routes::new(state)
        .get("/admin/users", may(USER_READ), list::show)
        .get("/admin/users/new", may(USER_CREATE), create::show)
        .post("/admin/users/new", may(USER_CREATE), create::submit)
        .get("/admin/users/people", may(USER_CREATE), people::show)
        .get("/admin/users/reset-passwords", may(USER_UPDATE), reset_all::show)
        .post("/admin/users/reset-passwords", may(USER_UPDATE), reset_all::submit)
        .get("/admin/users/{id}", may(USER_READ), detail::show)
        .get("/admin/users/{id}/names", may(USER_UPDATE), rename::show)
        .post("/admin/users/{id}/names", may(USER_UPDATE), rename::submit)
        .get("/admin/users/{id}/do/{act}", may(USER_UPDATE), act::show)
        .post("/admin/users/{id}/do/{act}", may(USER_UPDATE), act::submit)
        .get("/admin/users/{id}/end-sessions", may(SESSION_END), sessions::show)
        .post("/admin/users/{id}/end-sessions", may(SESSION_END), sessions::submit)
        .get("/admin/users/{id}/roles", may(GRANT_UPDATE), grants::show)
        .post("/admin/users/{id}/roles", may(GRANT_UPDATE), grants::give)
        .get("/admin/users/{id}/roles/{role}/take", may(GRANT_UPDATE), grants::ask_to_take)
        .post("/admin/users/{id}/roles/{role}/take", may(GRANT_UPDATE), grants::take)
        .post("/admin/users/{id}/keys/revoke", may(USER_UPDATE), keys::revoke)
        .finish()
}

/// The way to the pages of one user.
fn crumbs() -> Breadcrumbs {
    Breadcrumbs::new().link("Users", "/admin/users")
}
