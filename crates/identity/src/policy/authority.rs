//! What roles come to on a site.

use palisade_base::{Authority, Permission, Scope};

use crate::{model::FactorRule, permissions::CONSOLE};

/// One thing that one of a user's roles allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The role's site.
    pub site: String,
    /// What the role asks of its holders.
    pub factor: FactorRule,
    /// What it allows.
    pub permission: Permission,
    /// How far.
    pub scope: Scope,
}

/// All that a user's roles allow, and whether a second factor is enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Role by role.
    pub allowed: Vec<Allowed>,
    /// A privileged role allows nothing without one.
    pub has_factor: bool,
}

impl Held {
    /// What they come to on a site: the grants of that site, and those of the console where it lives there.
    #[must_use]
    pub fn authority_on(&self, site: &str, console_on: &str) -> Authority {
        let counts = |allowed: &&Allowed| {
            let here = allowed.site == site || (allowed.site == CONSOLE && site == console_on);
            here && (self.has_factor || allowed.factor != FactorRule::Required)
        };
        self.allowed.iter().filter(counts).map(|allowed| (allowed.permission.clone(), allowed.scope)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(site: &str, factor: FactorRule, name: &'static str) -> Allowed {
        Allowed { site: site.into(), factor, permission: Permission::new(name), scope: Scope::All }
    }

    fn names(held: &Held, site: &str) -> Vec<String> {
        held.authority_on(site, "kpi").iter().map(|(permission, _)| permission.name().to_owned()).collect()
    }

    fn held(has_factor: bool) -> Held {
        let roles = vec![
            allowed("console", FactorRule::Required, "console.user.read"),
            allowed("kpi", FactorRule::Required, "kpi.skill.update"),
            allowed("kpi", FactorRule::Optional, "kpi.skill.read"),
            allowed("tems", FactorRule::Optional, "tems.trip.read"),
        ];
        Held { allowed: roles, has_factor }
    }

    /// covers K2.1 (part)
    #[test]
    fn a_grant_counts_on_its_own_site_and_the_consoles_where_it_lives() {
        assert_eq!(names(&held(true), "kpi"), ["console.user.read", "kpi.skill.read", "kpi.skill.update"]);
        assert_eq!(names(&held(true), "tems"), ["tems.trip.read"]);
        assert_eq!(names(&held(true), "console"), ["console.user.read"]);
        assert_eq!(names(&held(true), "nowhere"), [""; 0]);
    }

    /// covers T11.2 (part)
    #[test]
    fn a_privileged_role_allows_nothing_without_a_factor() {
        assert_eq!(names(&held(false), "kpi"), ["kpi.skill.read"]);
    }
}
