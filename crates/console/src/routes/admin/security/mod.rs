//! Admin > Security.

mod bans;
mod factor_policy;
mod limits;
mod live_sessions;
mod password_policy;
mod posture;
mod role_form;
mod roles;
mod session_policy;
mod settings_page;
mod sites;

use palisade_base::Scope;
use palisade_identity::{
    permissions::{POLICY_READ, POLICY_UPDATE, ROLE_READ, ROLE_UPDATE, SESSION_END, SESSION_READ},
    settings::{FactorPolicy, PasswordPolicy, SessionPolicy},
};
use palisade_web::{Access, Routes};

use crate::ConsoleState;

pub(super) fn routes(state: ConsoleState) -> Routes {
    let may = |permission| Access::Permission(permission, Scope::All);
    Routes::new(state.clone())
        .get("/admin/security/roles", may(ROLE_READ), roles::list)
        .get("/admin/security/roles/new", may(ROLE_UPDATE), roles::new)
        .post("/admin/security/roles/new", may(ROLE_UPDATE), roles::create)
        .get("/admin/security/roles/{id}", may(ROLE_READ), roles::show)
        .post("/admin/security/roles/{id}", may(ROLE_UPDATE), roles::change)
        .get("/admin/security/roles/{id}/archive", may(ROLE_UPDATE), roles::ask_to_archive)
        .post("/admin/security/roles/{id}/archive", may(ROLE_UPDATE), roles::archive)
        .get("/admin/security/password-policy", may(POLICY_READ), settings_page::show::<PasswordPolicy>)
        .post("/admin/security/password-policy", may(POLICY_UPDATE), settings_page::submit::<PasswordPolicy>)
        .get("/admin/security/password-policy/versions/{n}", may(POLICY_UPDATE), settings_page::ask::<PasswordPolicy>)
        .post(
            "/admin/security/password-policy/versions/{n}",
            may(POLICY_UPDATE),
            settings_page::restore::<PasswordPolicy>,
        )
        .get("/admin/security/multi-factor", may(POLICY_READ), settings_page::show::<FactorPolicy>)
        .post("/admin/security/multi-factor", may(POLICY_UPDATE), settings_page::submit::<FactorPolicy>)
        .get("/admin/security/multi-factor/versions/{n}", may(POLICY_UPDATE), settings_page::ask::<FactorPolicy>)
        .post("/admin/security/multi-factor/versions/{n}", may(POLICY_UPDATE), settings_page::restore::<FactorPolicy>)
        .get("/admin/security/multi-factor/roles", may(ROLE_UPDATE), factor_policy::show_roles)
        .post("/admin/security/multi-factor/roles", may(ROLE_UPDATE), factor_policy::change_roles)
        .get("/admin/security/sessions", may(POLICY_READ), settings_page::show::<SessionPolicy>)
        .post("/admin/security/sessions", may(POLICY_UPDATE), settings_page::submit::<SessionPolicy>)
        .get("/admin/security/sessions/versions/{n}", may(POLICY_UPDATE), settings_page::ask::<SessionPolicy>)
        .post("/admin/security/sessions/versions/{n}", may(POLICY_UPDATE), settings_page::restore::<SessionPolicy>)
        .get("/admin/security/sessions/live", may(SESSION_READ), live_sessions::list)
        .post("/admin/security/sessions/live/end", may(SESSION_END), live_sessions::end)
        .get("/admin/security/sessions/end-all", may(SESSION_END), live_sessions::ask_to_end_all)
        .post("/admin/security/sessions/end-all", may(SESSION_END), live_sessions::end_all)
        .get("/admin/security/sites", may(POLICY_READ), sites::show)
        .merge(posture::routes(state.clone()))
        .merge(bans::routes(state))
        .finish()
}
