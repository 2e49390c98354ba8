//! What somebody may do: permissions, each with the reach it has.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// The name of something that may be done, such as `kpi.employee.update`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permission(Cow<'static, str>);

impl Permission {
    /// A permission that the program declares.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A permission by a name from outside (a role's stored row). It means nothing unless something declares the same name.
    #[must_use]
    pub fn from_name(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a permission reaches. Ordered: `Own` < `Team` < `All`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Records about the person themselves.
    Own,
    /// Records about people whom the person leads, and their own.
    Team,
    /// Every record.
    All,
}

impl Scope {
    /// As stored: `own`, `team`, `all`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }

    /// From its stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "own" => Some(Self::Own),
            "team" => Some(Self::Team),
            "all" => Some(Self::All),
            _ => None,
        }
    }
}

/// All that a caller may do on a site. Empty by default: what is not granted is denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authority(BTreeMap<Permission, Scope>);

impl Authority {
    /// Nothing is allowed.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a permission; where it is there already, the wider scope stands.
    pub fn allow(&mut self, permission: Permission, scope: Scope) {
        let held = self.0.entry(permission).or_insert(scope);
        *held = (*held).max(scope);
    }

    /// How far the permission reaches; `None` where it is not held at all.
    #[must_use]
    pub fn scope(&self, permission: &Permission) -> Option<Scope> {
        self.0.get(permission).copied()
    }

    /// Whether the permission is held with at least this scope.
    #[must_use]
    pub fn allows(&self, permission: &Permission, at_least: Scope) -> bool {
        self.scope(permission).is_some_and(|held| held >= at_least)
    }

    /// Only what both allow, each with the narrower scope: an API key never exceeds its owner.
    #[must_use]
    pub fn narrowed_to(&self, other: &Self) -> Self {
        let both = self.0.iter().filter_map(|(permission, scope)| {
            other.scope(permission).map(|theirs| (permission.clone(), theirs.min(*scope)))
        });
        Self(both.collect())
    }

    /// Permissions and scopes, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Permission, Scope)> {
        self.0.iter().map(|(permission, scope)| (permission, *scope))
    }
}

impl FromIterator<(Permission, Scope)> for Authority {
    fn from_iter<I: IntoIterator<Item = (Permission, Scope)>>(iter: I) -> Self {
        let mut authority = Self::none();
        for (permission, scope) in iter {
            authority.allow(permission, scope);
        }
        authority
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Permission = Permission::new("kpi.employee.read");
    const WRITE: Permission = Permission::new("kpi.employee.update");

    /// covers K2.1 (part)
    #[test]
    fn what_is_not_granted_is_denied() {
        assert_eq!(Authority::none().scope(&READ), None);
        assert!(!Authority::from_iter([(READ, Scope::Team)]).allows(&READ, Scope::All));
        assert!(!Authority::from_iter([(READ, Scope::All)]).allows(&WRITE, Scope::Own));
    }

    /// covers K4.3 (part)
    #[test]
    fn a_key_never_exceeds_its_owner() {
        let owner = Authority::from_iter([(READ, Scope::Team)]);
        let key = Authority::from_iter([(READ, Scope::All), (WRITE, Scope::All)]);
        assert_eq!(key.narrowed_to(&owner), Authority::from_iter([(READ, Scope::Team)]));
    }
}
