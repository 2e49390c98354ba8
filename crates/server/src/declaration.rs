//! What each app brings to the table of roles: its permissions, and the roles that a new site begins with.

use std::sync::LazyLock;

use palisade_base::Permission;
use palisade_identity::{
    model::{FactorRule, PermissionInfo, RoleTemplate, SiteDeclaration},
    permissions::console_declaration,
};

/// The KPI app's name in roles and grants. Its data is one company's, so there is one of it, whatever the host is called.
pub(crate) const KPI: &str = "kpi";

/// What a second factor is to the holders of the KPI app's roles (K1.2), by the role's name.
const FACTORS: [(&str, FactorRule); 3] =
    [("Admin", FactorRule::Required), ("Manager", FactorRule::Recommended), ("Employee", FactorRule::Optional)];

/// Every declaration: the console's, and the built-in apps'. Made once: its texts live as long as the program.
static DECLARATIONS: LazyLock<Vec<SiteDeclaration>> = LazyLock::new(|| vec![console_declaration(), kpi_declaration()]);

/// Every declaration: the console's, and the built-in apps'.
pub(crate) fn declarations() -> Vec<SiteDeclaration> {
    DECLARATIONS.clone()
}

fn kpi_declaration() -> SiteDeclaration {
    SiteDeclaration {
        site: KPI,
        label: "KPI",
        permissions: palisade_kpi::permissions().into_iter().map(permission_info).collect(),
        roles: palisade_kpi::DEFAULT_ROLES.iter().map(role_template).collect(),
    }
}

fn permission_info(info: palisade_records::PermissionInfo) -> PermissionInfo {
    PermissionInfo {
        permission: Permission::new(info.name),
        label: info.label.leak(),
        description: info.about.leak(),
        scopes: info.scopes,
    }
}

fn role_template(role: &palisade_kpi::DefaultRole) -> RoleTemplate {
    RoleTemplate {
        key: role.name,
        name: role.name,
        description: role.about,
        factor: FACTORS.iter().find(|(name, _)| *name == role.name).map_or(FactorRule::Optional, |(_, rule)| *rule),
        permissions: role.grants.iter().map(|(name, scope)| (Permission::new(name), *scope)).collect(),
    }
}
