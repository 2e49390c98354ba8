//! Refusals as security events for the trail: each one of somebody known, a flood by its number.

use std::sync::Arc;

use palisade_base::{Actor, AddressKey, Caller, Category, Instant, Origin, Outcome, Resource, Span, TrailEntry};
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
    tally: Tally<(LimitedKey, What), TrailEntry>,
}

impl Denials {
    pub(crate) fn new(trail: Arc<dyn SecurityTrail>, capacity: usize) -> Self {
        Self { trail, tally: Tally::new(Span::minutes(1), capacity) }
    }

    /// A limit has refused a request.
    pub(crate) fn limit_hit(&self, facts: &Facts, limit: Limit, key: LimitedKey, actor: Actor) {
        let entry = entry(facts, actor, "limit.refuse", Resource::new("limit", limit.name()), "too-many");
        self.tell_once_a_minute((key, What::Limit(limit)), facts, entry);
    }

    /// A route was closed to somebody. Each refusal of a known user is an entry; strangers are counted.
    pub(crate) fn access_denied(&self, facts: &Facts, caller: &Caller, denial: &Denial) {
        let resource = match &denial.permission {
            Some(permission) => Resource::new("permission", permission),
            None => Resource::whole("route"),
        };
        let mut entry = entry(facts, caller.actor.clone(), "access.deny", resource, "denied");
        entry.origin = caller.origin.clone();
        let entry = entry.note("path", path::shown(&denial.path).as_ref());
        if caller.actor.user().is_some() {
            self.trail.record(entry.note("count", 1));
        } else {
            self.tell_once_a_minute((LimitedKey::Address(facts.client.key()), What::Access), facts, entry);
        }
    }

    fn tell_once_a_minute(&self, key: (LimitedKey, What), facts: &Facts, entry: TrailEntry) {
        if let Some((entry, count)) = self.tally.count(key, facts.now, entry) {
            self.trail.record(entry.note("count", count));
        }
    }

    /// Tells of floods that have ended since: of what was held back for a minute.
    pub(crate) fn tell_overdue(&self, now: Instant) {
        for (entry, count) in self.tally.overdue(now) {
            self.trail.record(entry.note("count", count));
        }
    }
}

/// A refusal, with the site that it happened on.
fn entry(facts: &Facts, actor: Actor, action: &'static str, resource: Resource, reason: &'static str) -> TrailEntry {
    TrailEntry {
        category: Category::Security,
        actor,
        action,
        resource,
        outcome: Outcome::Failure(reason),
        origin: Origin { address: Some(facts.client.address), session: None, request: Some(facts.id), agent: None },
        changes: Vec::new(),
        notes: vec![("site", facts.site().map_or("-", |site| site.name.as_str()).into())],
    }
}
