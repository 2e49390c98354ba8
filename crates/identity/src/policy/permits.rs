//! The actions of identity, and who may do them.

use palisade_base::{
    Action, Actor, Caller, Error, Permission, Permit, Scope,
    auth::{SessionFacts, SessionState},
};

use crate::permissions;

/// Builds the actions: a marker, its key that nobody else can make, and the function that decides.
macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal, $permission:expr => $decide:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $action;

        impl Action for $action {
            type Key = keys::$action;
            const NAME: &'static str = $name;
        }

        $(#[$doc])*
        ///
        /// # Errors
        /// The caller's roles do not allow it.
        pub fn $decide(caller: &Caller) -> Result<Permit<$action>, Error> {
            held(caller, &$permission)?;
            Ok(Permit::issue(keys::$action(()), &caller.actor))
        }
    )*

        mod keys {
            $(pub struct $action(pub(super) ());)*
            pub struct OwnAccount(pub(super) ());
        }
    };
}

actions! {
    /// See users.
    ReadUsers = "user.read", permissions::USER_READ => permit_read_users;
    /// Make users.
    CreateUsers = "user.create", permissions::USER_CREATE => permit_create_users;
    /// Change, disable, enable, unlock users; reset their passwords and factors.
    ChangeUsers = "user.update", permissions::USER_UPDATE => permit_change_users;
    /// See roles.
    ReadRoles = "role.read", permissions::ROLE_READ => permit_read_roles;
    /// Make and change roles.
    ChangeRoles = "role.update", permissions::ROLE_UPDATE => permit_change_roles;
    /// Give roles to users and take them away.
    GiveRoles = "grant.update", permissions::GRANT_UPDATE => permit_give_roles;
    /// See the security settings.
    ReadPolicy = "policy.read", permissions::POLICY_READ => permit_read_policy;
    /// Change the security settings.
    ChangePolicy = "policy.update", permissions::POLICY_UPDATE => permit_change_policy;
    /// See who is signed in.
    ReadSessions = "session.read", permissions::SESSION_READ => permit_read_sessions;
    /// End the sessions of others.
    EndSessions = "session.end", permissions::SESSION_END => permit_end_sessions;
}

fn held(caller: &Caller, permission: &Permission) -> Result<(), Error> {
    match (caller.authority.allows(permission, Scope::All), &caller.actor) {
        (true, _) => Ok(()),
        (false, Actor::Anonymous) => Err(Error::new(palisade_base::Kind::Unauthenticated, "Please sign in first.")),
        (false, _) => Err(Error::denied()),
    }
}

/// Change what belongs to the own account: password, factor, devices, keys, sessions.
#[derive(Clone, Debug)]
pub struct OwnAccount;

impl Action for OwnAccount {
    type Key = keys::OwnAccount;
    const NAME: &'static str = "account.update";
}

/// Change the own account. A person in a finished session may; a program with a key may not, since a key must not be
/// able to make itself a longer life.
///
/// # Errors
/// Nobody is signed in, the sign-in is not finished, or a program asks.
pub fn permit_own_account(caller: &Caller, session: &SessionFacts) -> Result<Permit<OwnAccount>, Error> {
    match caller.actor {
        Actor::User(user) if user == session.user && session.state == SessionState::Full => {
            Ok(Permit::issue(keys::OwnAccount(()), &caller.actor))
        }
        Actor::Anonymous => Err(Error::new(palisade_base::Kind::Unauthenticated, "Please sign in first.")),
        _ => Err(Error::denied()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use palisade_base::{Authority, Origin, SessionId, UserId, auth::ClientClass};

    use super::*;

    fn caller(actor: Actor, permission: &Permission, scope: Scope) -> Caller {
        let authority = Authority::from_iter([(permission.clone(), scope)]);
        Caller { actor, person: None, authority: Arc::new(authority), origin: Origin::default() }
    }

    fn user() -> UserId {
        "01890000-0000-7000-8000-000000000001".parse().unwrap()
    }

    /// covers K2.1 (part)
    #[test]
    fn each_action_asks_for_its_own_permission() {
        let reader = caller(Actor::User(user()), &permissions::USER_READ, Scope::All);
        assert!(permit_read_users(&reader).is_ok());
        assert!(permit_create_users(&reader).is_err());
        assert!(permit_change_users(&reader).is_err());
        assert!(permit_give_roles(&reader).is_err());
        assert!(permit_change_policy(&reader).is_err());
        assert!(permit_end_sessions(&reader).is_err());
    }

    /// covers K2.1 (part)
    #[test]
    fn a_narrow_scope_is_not_enough_for_the_console() {
        assert!(permit_read_users(&caller(Actor::User(user()), &permissions::USER_READ, Scope::Team)).is_err());
    }

    #[test]
    fn only_a_person_in_a_finished_session_changes_the_account() {
        let facts = |state| SessionFacts {
            id: SessionId(user().0),
            user: user(),
            state,
            class: ClientClass::Browser,
            display_name: String::new(),
        };
        let person = caller(Actor::User(user()), &permissions::USER_READ, Scope::All);
        assert!(permit_own_account(&person, &facts(SessionState::Full)).is_ok());
        assert!(permit_own_account(&person, &facts(SessionState::OwesFactor)).is_err());
        let key = "01890000-0000-7000-8000-000000000002".parse().unwrap();
        let program = caller(Actor::ApiClient { key, owner: user() }, &permissions::USER_READ, Scope::All);
        assert!(permit_own_account(&program, &facts(SessionState::Full)).is_err());
    }
}
