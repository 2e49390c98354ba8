//! The console's entries in the site's frame.

use palisade_base::Scope;
use palisade_identity::permissions;
use palisade_web::{Icon, NavItem};

/// The entries of the administration, with the names that the guide gives them. What a visitor may not open, they do
/// not see.
#[must_use]
pub fn navigation() -> Vec<NavItem> {
    let item = |label, path, icon, permission, phone_rank| NavItem {
        section: "Admin",
        label,
        path,
        icon,
        permission: Some((permission, Scope::All)),
        phone_rank,
    };
    vec![
        item("Users", "/admin/users", Icon::Person, permissions::USER_READ, Some(60)),
        item("Roles and Permissions", "/admin/security/roles", Icon::Shield, permissions::ROLE_READ, None),
        item("Password Policy", "/admin/security/password-policy", Icon::Lock, permissions::POLICY_READ, None),
        item(
            "Multi-Factor Authentication",
            "/admin/security/multi-factor",
            Icon::Device,
            permissions::POLICY_READ,
            None,
        ),
        item("Session Settings", "/admin/security/sessions", Icon::Clock, permissions::POLICY_READ, None),
        item("Sites and Limits", "/admin/security/sites", Icon::Home, permissions::POLICY_READ, None),
        item("Certificates", "/admin/system/certificates", Icon::Key, permissions::CERTIFICATE_READ, None),
        item("Jails and Bans", "/admin/security/bans", Icon::Stop, permissions::BAN_READ, None),
        item("Posture", "/admin/security/posture", Icon::Ok, permissions::POSTURE_READ, None),
        item("Trail", "/admin/trail", Icon::Trail, permissions::TRAIL_READ, Some(70)),
    ]
}
