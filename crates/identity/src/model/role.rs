//! Roles, permissions, grants.

use std::borrow::Cow;

use palisade_base::{Instant, Permission, RoleId, Scope, UserId};

/// Whether the holders of a role need a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactorRule {
    /// They do: the role is privileged, and a grant of it waits until a factor is enrolled.
    Required,
    /// They are told to.
    Recommended,
    /// They may.
    Optional,
}

impl FactorRule {
    /// All of them, strictest first.
    pub const ALL: [Self; 3] = [Self::Required, Self::Recommended, Self::Optional];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Recommended => "recommended",
            Self::Optional => "optional",
        }
    }

    /// From its stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text)
    }
}

/// A permission that an app declares at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionInfo {
    /// Its name.
    pub permission: Permission,
    /// What people read: "See employees".
    pub label: &'static str,
    /// One sentence of what it allows.
    pub description: &'static str,
    /// The scopes that make sense for it.
    pub scopes: &'static [Scope],
}

/// A role that an app brings with it, or that the configuration names for a guarded site. Made once; after that it belongs
/// to the administrator.
#[derive(Clone, Debug)]
pub struct RoleTemplate {
    /// Its fixed name in the program: `admin`.
    pub key: Cow<'static, str>,
    /// What people call it.
    pub name: Cow<'static, str>,
    /// One sentence of who it is for.
    pub description: Cow<'static, str>,
    /// Whether its holders need a second factor.
    pub factor: FactorRule,
    /// What it allows, to begin with.
    pub permissions: Vec<(Permission, Scope)>,
}

/// What one site brings: its permissions and its roles.
#[derive(Clone, Debug)]
pub struct SiteDeclaration {
    /// The site's name: `console`, `kpi`.
    pub site: Cow<'static, str>,
    /// What people call it.
    pub label: Cow<'static, str>,
    /// Every permission that anything on the site asks for.
    pub permissions: Vec<PermissionInfo>,
    /// Its roles.
    pub roles: Vec<RoleTemplate>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// The site that it counts on.
    pub site: String,
    /// The template's key, for a role that came with an app; such a role can be adjusted but not archived.
    pub key: Option<String>,
    /// What people call it.
    pub name: String,
    /// One sentence of who it is for.
    pub description: String,
    /// Whether its holders need a second factor.
    pub factor: FactorRule,
    /// Goes up by one with each change.
    pub version: i64,
}

/// A role with what it allows.
#[derive(Clone, Debug)]
pub struct RoleDetail {
    /// The role.
    pub role: Role,
    /// Its permissions, by name.
    pub permissions: Vec<(Permission, Scope)>,
    /// How many users hold it.
    pub holders: i64,
}

/// A role to be made, or a role's new description.
#[derive(Clone, Debug)]
pub struct NewRole {
    /// The site that it counts on.
    pub site: String,
    /// What people call it; 2 to 60 characters, once per site.
    pub name: String,
    /// One sentence of who it is for.
    pub description: String,
    /// Whether its holders need a second factor.
    pub factor: FactorRule,
    /// What it allows.
    pub permissions: Vec<(Permission, Scope)>,
}

/// Whether a grant is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantState {
    /// It is.
    Active,
    /// It allows nothing until its holder has enrolled a second factor.
    Pending,
}

/// A role that a user holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who holds it.
    pub user: UserId,
    /// Which role.
    pub role: RoleId,
    /// The role's name.
    pub role_name: String,
    /// The site that it counts on.
    pub site: String,
    /// What the role asks of its holders.
    pub factor: FactorRule,
    /// Whether it is in force.
    pub state: GrantState,
    /// Who granted it, as the trail names actors.
    pub granted_by: String,
    /// When.
    pub granted_at: Instant,
}
