//! [`Identity`]: the one value through which everything here is reached.

mod account;
mod authenticate;
mod cache;
mod entry;
mod factors;
mod flood;
mod flow;
mod identity_tokens;
mod keys;
mod links;
mod names;
mod passwords;
mod policies;
mod presence;
mod roles;
mod sessions;
mod sign_in;
mod site_sessions;
mod site_tokens;
mod totp;
mod users;

use std::{
    borrow::Cow,
    sync::{Arc, PoisonError, RwLock},
};

use palisade_base::{Action, Actor, Caller, Env, Error, Instant, Kind, Permit, TrailEntry, UserId};
use palisade_keys::Vault;
use palisade_store::{ReadConn, Store, StoreError, WriteTx};
use tokio::sync::OnceCell;

use crate::{
    model::{PermissionInfo, SiteDeclaration},
    password::{Hasher, HashingConfig},
    settings::Profile,
    store::{self, users::Account},
};
use cache::Cache;
pub use factors::Enrolled;
use flood::Flood;
use identity_tokens::Keyring;
pub use names::Names;
pub use site_sessions::HandOffTarget;
use site_tokens::SiteMarks;

/// What identity is built with.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// The site that the console lives on, by name: grants of the console count there beside the site's own.
    pub console_on: String,
    /// The company's name: what authenticator apps show, and words that passwords must not hold.
    pub company: String,
    /// The profile that settings come from until they are changed.
    pub profile: Profile,
    /// Roles of apps that the first administrator gets at set-up, as (site, key): in a small company the same person
    /// runs Palisade and the app.
    pub first_administrator_gets: Vec<(&'static str, &'static str)>,
    /// What hashing a password costs, and how many are hashed at once.
    pub hashing: HashingConfig,
}

/// Users, sessions, roles, keys: one value, cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    store: Store,
    env: Env,
    vault: Vault,
    config: IdentityConfig,
    hasher: Hasher,
    cache: Cache,
    flood: Flood,
    sites: RwLock<Vec<SiteDeclaration>>,
    keyring: RwLock<Option<Arc<Keyring>>>,
    site_marks: OnceCell<SiteMarks>,
}

impl Identity {
    /// Identity on this store. The vault must have been opened with [`crate::ENCRYPTED_COLUMNS`] among its columns.
    #[must_use]
    pub fn new(store: Store, vault: Vault, config: IdentityConfig) -> Self {
        let env = store.env().clone();
        let hasher = Hasher::new(config.hashing, env.clone());
        let (cache, flood, sites) = (Cache::default(), Flood::default(), RwLock::default());
        let (keyring, site_marks) = (RwLock::default(), OnceCell::new());
        Self(Arc::new(Inner { store, env, vault, config, hasher, cache, flood, sites, keyring, site_marks }))
    }

    /// The permissions that a site declared, for the page where roles are made; none where there is no such site.
    #[must_use]
    pub fn permissions_of(&self, site: &str) -> Vec<PermissionInfo> {
        let sites = self.0.sites.read().unwrap_or_else(PoisonError::into_inner);
        sites.iter().find(|declared| declared.site == site).map(|s| s.permissions.clone()).unwrap_or_default()
    }

    /// The names and labels of the sites that were declared, in that order.
    #[must_use]
    pub fn sites(&self) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
        let sites = self.0.sites.read().unwrap_or_else(PoisonError::into_inner);
        sites.iter().map(|declared| (declared.site.clone(), declared.label.clone())).collect()
    }

    /// How many Argon2id runs there were since the start: for metrics, and for the test that there is one per try.
    #[must_use]
    pub fn hashing_runs(&self) -> u64 {
        self.0.hasher.runs()
    }

    fn now(&self) -> Instant {
        self.0.env.now()
    }

    async fn read(&self) -> Result<ReadConn, StoreError> {
        self.0.store.read().await
    }

    async fn write(&self) -> Result<WriteTx, StoreError> {
        self.0.store.write().await
    }

    /// Commits a change that decides who may do what, and forgets what was remembered about anybody.
    async fn commit(&self, tx: WriteTx, first: TrailEntry, rest: Vec<TrailEntry>) -> Result<(), Error> {
        let committed = tx.commit_all(first, rest).await;
        // Also after a failure: whether it took effect may be unknown.
        self.0.cache.forget();
        Ok(committed?)
    }

    async fn account(&self, user: UserId) -> Result<Account, Error> {
        let mut conn = self.read().await?;
        store::users::find(&mut conn, user).await?.ok_or_else(Error::not_found)
    }
}

/// The user who changes their own account. The permit is theirs, or it is a defect of ours.
fn owner<A: Action>(permit: &Permit<A>) -> Result<UserId, Error> {
    permit.actor().user().ok_or_else(|| Error::internal("an account permit without a user"))
}

/// A permit is only good for whom it was issued to.
fn check_permit<A: Action>(caller: &Caller, permit: &Permit<A>) -> Result<(), Error> {
    if permit.actor() == &caller.actor { Ok(()) } else { Err(Error::internal("a permit of somebody else")) }
}

/// Only who stands at the host, or a job of the program itself.
fn require_host(caller: &Caller) -> Result<(), Error> {
    match caller.actor {
        Actor::Operator(_) | Actor::Job(_) => Ok(()),
        _ => Err(Error::denied()),
    }
}

/// Nobody locks themselves out by a click on a list; at the host anything goes.
fn refuse_oneself(caller: &Caller, user: UserId, message: &'static str) -> Result<(), Error> {
    if caller.actor.user() == Some(user) { Err(Error::new(Kind::Denied, message)) } else { Ok(()) }
}

/// Somebody else changed the same thing since it was shown.
fn changed_meanwhile() -> Error {
    Error::new(Kind::Conflict, "Somebody else changed this meanwhile. Look at what it is now, then change it again.")
}

/// A number of rows, for the trail.
fn counted(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
