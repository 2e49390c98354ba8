//! Refusals as security events for the trail: each one of somebody known, a flood by its number.

use std::sync::Arc;

use palisade_base::{Actor, Caller, Category, Instant, Origin, Outcome, Resource, Span, TrailEntry};
use palisade_counters::{LimitKey, Tally};
use palisade_store::Store;
use palisade_web::Denial;

use crate::{limits::Refusal, path, request::Facts};

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

#[derive(PartialEq, Eq, Hash)]
enum What {
    Limit(String),
    Access,
}

/// Tells the trail about refusals, at most once per minute for each client and kind.
pub(crate) struct Denials {
    trail: Arc<dyn SecurityTrail>,
    tally: Tally<(LimitKey, What), TrailEntry>,
}

impl Denials {
    pub(crate) fn new(trail: Arc<dyn SecurityTrail>, capacity: usize) -> Self {
        Self { trail, tally: Tally::new(Span::minutes(1), capacity) }
    }

    /// A limit has refused a request.
    pub(crate) fn limit_hit(&self, facts: &Facts, refusal: &Refusal, actor: Actor) {
        let entry = entry(facts, actor, "limit.refuse", Resource::new("limit", refusal.limit()), "too-many");
        self.tell_once_a_minute((refusal.key, What::Limit(refusal.limit().to_owned())), facts, entry);
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
            self.tell_once_a_minute((LimitKey::Address(facts.client.key()), What::Access), facts, entry);
        }
    }

    fn tell_once_a_minute(&self, key: (LimitKey, What), facts: &Facts, entry: TrailEntry) {
        if let Some((entry, count)) = self.tally.count(&key, facts.now, entry) {
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
        notes: vec![("site", facts.site().map_or("-", |site| &*site.name).into())],
    }
}
