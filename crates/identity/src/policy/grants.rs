//! Who may give which role, and what must never happen to administrators.
//!
//! **Roles on the console** can be given, taken and changed only by who holds everything that they allow: else a
//! helpdesk that may give roles could make itself the System administrator. For the same reason **who holds them** can be
//! helped, renamed and disabled only by somebody who holds as much: whoever resets an administrator's factor and password
//! is that administrator. **Roles on an app's site** need just the
//! permission to give roles: who administers Palisade holds nothing in the app, on purpose, and still decides who may
//! use it. Nobody gives a role to themselves, except where they stand at the host; and **nobody widens a role that they hold
//! themselves**, which would come to the same, unless they hold everything on the console anyway.

use palisade_base::{Actor, Authority, Caller, Error, Kind, Permission, Scope, UserId};

use super::Allowed;
use crate::permissions::{CONSOLE, console_permissions};

/// Why a grant was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantRefused {
    /// The role allows this on the console, and who gives it does not hold it.
    NotHeld(Permission),
    /// Nobody gives roles to themselves.
    ToOneself,
    /// The role would allow this more, and who changes it holds the role.
    OwnRole(Permission),
    /// The user holds this on the console, and who would change their account does not.
    HeldByThem(Permission),
}

impl GrantRefused {
    /// The trail's word for it.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotHeld(_) => "not_held",
            Self::ToOneself => "to_oneself",
            Self::OwnRole(_) => "own_role",
            Self::HeldByThem(_) => "held_by_them",
        }
    }
}

impl From<GrantRefused> for Error {
    fn from(refused: GrantRefused) -> Self {
        match refused {
            GrantRefused::NotHeld(permission) => Self::new(
                Kind::Denied,
                format!(
                    "This role allows {permission}, which you do not hold yourself, so you can't give, take or change it."
                ),
            ),
            GrantRefused::ToOneself => Self::new(
                Kind::Denied,
                "Nobody changes their own roles. Ask another administrator, or use the command at the host.",
            ),
            GrantRefused::OwnRole(permission) => Self::new(
                Kind::Denied,
                format!(
                    "You hold this role yourself, so you can't let it allow more ({permission}). \
                     Ask an administrator who does not hold it."
                ),
            ),
            GrantRefused::HeldByThem(permission) => Self::new(
                Kind::Denied,
                format!(
                    "This user may do more on the console than you ({permission}), so you can't change their account. \
                     Ask somebody who may do as much."
                ),
            ),
        }
    }
}

/// Whether the caller may give a role of that site, allowing this, to the user, or take it away.
///
/// # Errors
/// Why not.
pub fn decide_grant(
    caller: &Caller,
    site: &str,
    allows: &[(Permission, Scope)],
    to: UserId,
) -> Result<(), GrantRefused> {
    if caller.actor.user() == Some(to) {
        return Err(GrantRefused::ToOneself);
    }
    decide_role_change(caller, site, allows)
}

/// Whether the caller may make or change a role of that site so that it allows this.
///
/// # Errors
/// Why not.
pub fn decide_role_change(caller: &Caller, site: &str, allows: &[(Permission, Scope)]) -> Result<(), GrantRefused> {
    if site != CONSOLE || matches!(caller.actor, Actor::Operator(_) | Actor::Job(_)) {
        return Ok(());
    }
    match first_not_held(&caller.authority, allows) {
        Some(permission) => Err(GrantRefused::NotHeld(permission)),
        None => Ok(()),
    }
}

/// Whether the caller, who holds a role, may change it so that it allows this instead: less, or what it allows already. Who
/// holds every permission of the console may do so in any case.
///
/// # Errors
/// The first thing that it would allow more.
pub fn decide_own_role(
    caller: &Caller,
    before: &[(Permission, Scope)],
    after: &[(Permission, Scope)],
) -> Result<(), GrantRefused> {
    if console_permissions().iter().all(|info| caller.authority.allows(&info.permission, Scope::All)) {
        return Ok(());
    }
    let allowed = before.iter().cloned().collect();
    first_not_held(&allowed, after).map_or(Ok(()), |permission| Err(GrantRefused::OwnRole(permission)))
}

/// Whether the caller may change the account of a user whose roles come to this: its names, its ways in, its status. A
/// grant that waits for a second factor counts too: who resets the password could then set that factor up.
///
/// # Errors
/// Why not.
pub fn decide_account_change(caller: &Caller, user: UserId, holds: &[Allowed]) -> Result<(), GrantRefused> {
    if caller.actor.user() == Some(user) {
        return Ok(());
    }
    let on_console = holds.iter().filter(|allowed| allowed.site == CONSOLE);
    let on_console: Vec<_> = on_console.map(|allowed| (allowed.permission.clone(), allowed.scope)).collect();
    decide_role_change(caller, CONSOLE, &on_console).map_err(|refused| match refused {
        GrantRefused::NotHeld(permission) => GrantRefused::HeldByThem(permission),
        other => other,
    })
}

fn first_not_held(held: &Authority, wanted: &[(Permission, Scope)]) -> Option<Permission> {
    wanted.iter().find(|(permission, scope)| !held.allows(permission, *scope)).map(|(permission, _)| permission.clone())
}

/// How many active users can give every role back: those who may give roles on the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Administrators {
    /// Those whose grant is in force.
    pub in_force: i64,
    /// These, and those who still have to enrol a factor.
    pub in_all: i64,
}

/// Whether a change leaves an administrator: it must not take the last one whose grant is in force, nor the last at all.
#[must_use]
pub const fn keeps_an_administrator(before: Administrators, after: Administrators) -> bool {
    (before.in_force == 0 || after.in_force > 0) && (before.in_all == 0 || after.in_all > 0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use palisade_base::Origin;

    use super::*;
    use crate::permissions::{GRANT_UPDATE, USER_UPDATE};

    fn user(n: u8) -> UserId {
        UserId(uuid::Uuid::from_bytes([n; 16]))
    }

    fn helpdesk() -> Caller {
        let authority = Authority::from_iter([(GRANT_UPDATE, Scope::All)]);
        Caller { actor: Actor::User(user(1)), person: None, authority: Arc::new(authority), origin: Origin::default() }
    }

    /// covers K2.2 (part)
    #[test]
    fn nobody_gives_console_powers_that_they_do_not_hold() {
        let powers = [(GRANT_UPDATE, Scope::All), (USER_UPDATE, Scope::All)];
        assert_eq!(decide_grant(&helpdesk(), CONSOLE, &powers, user(2)), Err(GrantRefused::NotHeld(USER_UPDATE)));
        assert_eq!(decide_grant(&helpdesk(), CONSOLE, &powers[..1], user(2)), Ok(()));
    }

    /// covers K2.2 (part)
    #[test]
    fn who_administers_palisade_gives_app_roles_without_holding_them_but_not_to_themselves() {
        let app = [(Permission::new("kpi.employee.update"), Scope::All)];
        assert_eq!(decide_grant(&helpdesk(), "kpi", &app, user(2)), Ok(()));
        assert_eq!(decide_grant(&helpdesk(), "kpi", &app, user(1)), Err(GrantRefused::ToOneself));
    }

    #[test]
    fn the_last_administrator_stays() {
        let count = |in_force, in_all| Administrators { in_force, in_all };
        assert!(keeps_an_administrator(count(2, 2), count(1, 1)));
        assert!(!keeps_an_administrator(count(1, 1), count(0, 0)));
        assert!(!keeps_an_administrator(count(1, 2), count(0, 1)));
        assert!(!keeps_an_administrator(count(0, 1), count(0, 0)));
        assert!(keeps_an_administrator(count(0, 0), count(0, 0)));
    }
}
