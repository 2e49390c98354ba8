//! [`Identity`]: the one value through which everything here is reached.

mod account;
mod factors;
mod keys;
mod links;
mod policies;
mod presence;
mod roles;
mod sessions;
mod sign_in;
mod users;

use std::sync::Arc;

use palisade_base::{Env, Error, SecretString};
use palisade_store::Store;

use crate::{
    model::{NewSession, PermissionInfo},
    settings::Profile,
};

/// What identity is built with.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// The site that the console lives on, by name: grants of the console count there beside the site's own.
    pub console_on: String,
    /// The issuer that authenticator apps show, and a context word that passwords must not hold: the company's name.
    pub company: String,
    /// The profile that settings come from until they are changed.
    pub profile: Profile,
}

/// Users, sessions, roles, keys: one value, cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    store: Store,
    env: Env,
    config: IdentityConfig,
}

/// A factor that was just enrolled.
pub struct Enrolled {
    /// Ten one-time codes for the day the phone is lost. Shown once.
    pub recovery_codes: Vec<SecretString>,
    /// The session, renewed.
    pub session: NewSession,
}

impl Identity {
    /// Identity on this store.
    #[must_use]
    pub fn new(store: Store, config: IdentityConfig) -> Self {
        let env = store.env().clone();
        Self(Arc::new(Inner { store, env, config }))
    }

    /// The permissions that the sites declared, for the page where roles are made.
    #[must_use]
    pub fn permissions_of(&self, site: &str) -> Vec<PermissionInfo> {
        let _ = site;
        Vec::new()
    }
}

fn unfinished() -> Error {
    Error::internal("not built yet")
}
