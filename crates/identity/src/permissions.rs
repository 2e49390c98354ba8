//! The permissions of the console, and the role that holds them all.

use palisade_base::{Authority, Permission, Scope};

use crate::model::{FactorRule, PermissionInfo, RoleTemplate, SiteDeclaration};

/// The site name of the console.
pub const CONSOLE: &str = "console";
/// The key of the role that administers Palisade.
pub const SYSTEM_ADMINISTRATOR: &str = "system-administrator";

/// See users, their grants, sessions and keys.
pub const USER_READ: Permission = Permission::new("console.user.read");
/// Make users.
pub const USER_CREATE: Permission = Permission::new("console.user.create");
/// Change, disable, unlock users; reset passwords and factors.
pub const USER_UPDATE: Permission = Permission::new("console.user.update");
/// See roles and what they allow.
pub const ROLE_READ: Permission = Permission::new("console.role.read");
/// Make and change roles.
pub const ROLE_UPDATE: Permission = Permission::new("console.role.update");
/// Give roles to users and take them away.
pub const GRANT_UPDATE: Permission = Permission::new("console.grant.update");
/// See the security settings.
pub const POLICY_READ: Permission = Permission::new("console.policy.read");
/// Change the security settings.
pub const POLICY_UPDATE: Permission = Permission::new("console.policy.update");
/// See who is signed in.
pub const SESSION_READ: Permission = Permission::new("console.session.read");
/// Sign others out.
pub const SESSION_END: Permission = Permission::new("console.session.end");
/// Read the trail.
pub const TRAIL_READ: Permission = Permission::new("console.trail.read");
/// Take the trail out as a file.
pub const TRAIL_EXPORT: Permission = Permission::new("console.trail.export");
/// See how certificates stand.
pub const CERTIFICATE_READ: Permission = Permission::new("console.certificate.read");
/// Order and renew certificates.
pub const CERTIFICATE_MANAGE: Permission = Permission::new("console.certificate.manage");

/// See who is banned, and why. The same as `palisade_bans::READ_BANS`.
pub const BAN_READ: Permission = Permission::new("console.ban.read");
/// Ban, and lift bans. The same as `palisade_bans::MANAGE_BANS`.
pub const BAN_MANAGE: Permission = Permission::new("console.ban.manage");

/// See what is in force, and have it looked at again. The same as `palisade_posture::READ_POSTURE`.
pub const POSTURE_READ: Permission = Permission::new("console.posture.read");
/// Have the program mend what it can mend. The same as `palisade_posture::MEND_POSTURE`.
pub const POSTURE_MEND: Permission = Permission::new("console.posture.mend");

const ALL: &[Scope] = &[Scope::All];

/// The console's permissions, in the order that pages list them.
#[must_use]
pub fn console_permissions() -> Vec<PermissionInfo> {
    let info = |permission, label, description| PermissionInfo { permission, label, description, scopes: ALL };
    vec![
        info(USER_READ, "See users", "Users with their roles, sessions, keys and last sign-in."),
        info(USER_CREATE, "Add users", "Make users for people, with a first password or a link."),
        info(USER_UPDATE, "Change users", "Disable and unlock users, reset passwords and second factors."),
        info(ROLE_READ, "See roles", "Roles and what each allows."),
        info(ROLE_UPDATE, "Change roles", "Make roles, and decide what each allows."),
        info(GRANT_UPDATE, "Give and take roles", "Decide who holds which role."),
        info(POLICY_READ, "See security settings", "Password, multi-factor and session settings."),
        info(POLICY_UPDATE, "Change security settings", "Password, multi-factor and session settings."),
        info(SESSION_READ, "See sessions", "Who is signed in, from where, since when."),
        info(SESSION_END, "End sessions", "Sign out one person, or everybody."),
        info(BAN_READ, "See bans", "Who is shut out, by which jail, and the evidence."),
        info(BAN_MANAGE, "Ban, and lift bans", "Shut an address or a network out, and let it in again."),
        info(POSTURE_READ, "See the posture", "What is in force of what the guides ask for, and what is not."),
        info(
            POSTURE_MEND,
            "Mend what was found",
            "Have the program carry out its own plans: settings of sites, the firewall.",
        ),
        info(TRAIL_READ, "Read the trail", "Search and read the record of all that happened."),
        info(TRAIL_EXPORT, "Export the trail", "Take the trail, or a part of it, out as a file."),
        info(CERTIFICATE_READ, "See certificates", "Which certificate each host shows, and until when it is good."),
        info(CERTIFICATE_MANAGE, "Renew certificates", "Have certificates ordered and made anew."),
    ]
}

/// What the console brings: its permissions, and the System administrator.
#[must_use]
pub fn console_declaration() -> SiteDeclaration {
    let permissions = console_permissions();
    let all = permissions.iter().map(|info| (info.permission.clone(), Scope::All)).collect();
    SiteDeclaration {
        site: CONSOLE.into(),
        label: "Console".into(),
        permissions,
        roles: vec![RoleTemplate {
            key: SYSTEM_ADMINISTRATOR.into(),
            name: "System administrator".into(),
            description: "Administers Palisade: users, roles, security settings, trail.".into(),
            factor: FactorRule::Required,
            permissions: all,
        }],
    }
}

/// What a person at the host's command line may do: everything on the console. Who can run commands as this user of
/// the operating system could read and change the data anyway.
#[must_use]
pub fn operator_authority() -> Authority {
    console_permissions().into_iter().map(|info| (info.permission, Scope::All)).collect()
}
