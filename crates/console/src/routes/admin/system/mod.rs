//! Admin > System Settings.

mod certificates;

use palisade_base::Scope;
use palisade_identity::permissions::{CERTIFICATE_MANAGE, CERTIFICATE_READ};
use palisade_web::{Access, Routes};

use crate::ConsoleState;

pub(super) fn routes(state: ConsoleState) -> Routes {
    let may = |permission| Access::Permission(permission, Scope::All);
    Routes::new(state)
        .get("/admin/system/certificates", may(CERTIFICATE_READ), certificates::list)
        .get("/admin/system/certificates/root.pem", may(CERTIFICATE_READ), certificates::root)
        .post("/admin/system/certificates/renew", may(CERTIFICATE_MANAGE), certificates::renew)
        .finish()
}
