//! Refusals as security events for the trail: each one of somebody known, a flood by its number.

use std::sync::Arc;

use palisade_base::{Actor, AddressKey, Caller, Category, Origin, Outcome, Resource, Span, TrailEntry};
use palisade_counters::Tally;
use palisade_store::Store;
use palisade_web::Denial;

use crate::{layer::user_limits::UserKey, path, request::Facts};

/// Where security events go. Called while a request is answered: it must not wait.
pub trait SecurityTrail: Send + Sync {
    /// Takes an entry.
    fn record(&self, entry: TrailEntry);
}

impl SecurityTrail for Store {
    /// Appends the entry in the background. The refusal that it tells of does not wait for it; a failure is logged.
    fn record(&self, entry: TrailEntry) {
        let store = self.clone();
        tokio::spawn(async move {
            if let Err(error) = store.append(&[entry]).await {
                tracing::error!(%error, "a security event could not be written to the trail");
            }
        });
    }
}

/// The limits that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Limit {
    Api,
    Login,
    User,
}

impl Limit {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Login => "login",
            Self::User => "user",
        }
    }
}

/// Whom a limit has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum LimitedKey {
    Address(AddressKey),
    User(UserKey),
}

impl LimitedKey {
    /// The key of the user limit; a stranger is an address like any other.
    pub(crate) const fn of(key: UserKey) -> Self {
        match key {
            UserKey::Address(address) => Self::Address(address),
            UserKey::User(_) | UserKey::ApiKey(_) => Self::User(key),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum What {
    Limit(Limit),
    Access,
}

/// Tells the trail about refusals, at most once per minute for each client and kind.
pub(crate) struct Denials {
    trail: Arc<dyn SecurityTrail>,
    tally: Tally<(LimitedKey, What)>,
}

impl Denials {
    pub(crate) fn new(trail: Arc<dyn SecurityTrail>, capacity: usize) -> Self {
        Self { trail, tally: Tally::new(Span::minutes(1), capacity) }
    }

    /// A limit has refused a request.
    pub(crate) fn limit_hit(&self, facts: &Facts, limit: Limit, key: LimitedKey, actor: Actor) {
        let Some(count) = self.tally.count((key, What::Limit(limit)), facts.now) else { return };
        let entry = entry(facts, actor, "limit.refuse", Resource::new("limit", limit.name()), "too-many");
        self.trail.record(with_request(entry, facts).note("count", count));
    }

    /// A route was closed to somebody. Each refusal of a known user is an entry; strangers are counted.
    pub(crate) fn access_denied(&self, facts: &Facts, caller: &Caller, denial: &Denial) {
        let known = caller.actor.user().is_some();
        let key = (LimitedKey::Address(facts.client.key()), What::Access);
        let count = if known { Some(1) } else { self.tally.count(key, facts.now) };
        let Some(count) = count else { return };
        let resource = match &denial.permission {
            Some(permission) => Resource::new("permission", permission),
            None => Resource::whole("route"),
        };
        let mut entry = with_request(entry(facts, caller.actor.clone(), "access.deny", resource, "denied"), facts);
        entry.origin = caller.origin.clone();
        self.trail.record(entry.note("path", path::shown(&denial.path).as_ref()).note("count", count));
    }
}

fn entry(facts: &Facts, actor: Actor, action: &'static str, resource: Resource, reason: &'static str) -> TrailEntry {
    TrailEntry {
        category: Category::Security,
        actor,
        action,
        resource,
        outcome: Outcome::Failure(reason),
        origin: Origin { address: Some(facts.client.address), session: None, request: Some(facts.id), agent: None },
        changes: Vec::new(),
        notes: Vec::new(),
    }
}

fn with_request(entry: TrailEntry, facts: &Facts) -> TrailEntry {
    entry.note("site", facts.site().map_or("-", |site| site.name.as_str()))
}
