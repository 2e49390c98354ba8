//! What each app brings to the table of roles: its permissions, and the roles that a new site begins with.

use std::sync::LazyLock;

use palisade_base::Permission;
use palisade_config::{App, Config, SiteConfig};
use palisade_identity::{
    model::{FactorRule, PermissionInfo, RoleTemplate, SiteDeclaration},
    permissions::console_declaration,
};

/// The KPI app's name in roles and grants. Its data is one company's, so there is one of it, whatever the host is called.
pub(crate) const KPI: &str = "kpi";

/// What a second factor is to the holders of the KPI app's roles (K1.2), by the role's name.
const FACTORS: [(&str, FactorRule); 3] =
    [("Admin", FactorRule::Required), ("Manager", FactorRule::Recommended), ("Employee", FactorRule::Optional)];

/// Made once: its texts live as long as the program.
static KPI_DECLARATION: LazyLock<SiteDeclaration> = LazyLock::new(kpi_declaration);

/// Every declaration: the console's, the built-in apps' that are served, and the guarded sites'.
pub(crate) fn declarations(config: &Config) -> Vec<SiteDeclaration> {
    let kpi = config.serves(App::Kpi).then(|| KPI_DECLARATION.clone());
    let guarded = config.guarded_sites().map(|(site, _)| guarded_declaration(site));
    std::iter::once(console_declaration()).chain(kpi).chain(guarded).collect()
}

/// A guarded site brings no permissions: what its roles open, the configuration says, and its own app.
fn guarded_declaration(site: &SiteConfig) -> SiteDeclaration {
    let role = |name: &String| RoleTemplate {
        key: name.clone().into(),
        name: name.clone().into(),
        description: format!("Opens {}; what it allows there, that application decides.", site.name).into(),
        factor: FactorRule::Optional,
        permissions: Vec::new(),
    };
    SiteDeclaration {
        site: site.name.clone().into(),
        label: site.name.clone().into(),
        permissions: Vec::new(),
        roles: site.access.roles.iter().map(role).collect(),
    }
}

fn kpi_declaration() -> SiteDeclaration {
    SiteDeclaration {
        site: KPI.into(),
        label: "KPI".into(),
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
        key: role.name.into(),
        name: role.name.into(),
        description: role.about.into(),
        factor: FACTORS.iter().find(|(name, _)| *name == role.name).map_or(FactorRule::Optional, |(_, rule)| *rule),
        permissions: role.grants.iter().map(|(name, scope)| (Permission::new(name), *scope)).collect(),
    }
}
