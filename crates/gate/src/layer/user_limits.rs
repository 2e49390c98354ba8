//! The limit by user: so many requests in a window, whatever they are for.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use http::{HeaderName, HeaderValue};
use palisade_base::{Actor, AddressKey, ApiKeyId, UserId};
use palisade_counters::Verdict;
use palisade_web::Visitor;

use super::address_limits::too_many;
use crate::{
    denials::{Limit, LimitedKey},
    path::PathKind,
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

/// Whom the limit counts: who is not known is counted by address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum UserKey {
    User(UserId),
    ApiKey(ApiKeyId),
    Address(AddressKey),
}

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let facts = &passage.facts;
    if facts.kind == PathKind::Asset || shared.is_exempt(facts) {
        return pipeline::run(next, passage);
    }
    let visitor = passage.request.extensions().get::<Visitor>();
    let actor = visitor.map_or(Actor::Anonymous, |visitor| visitor.caller.actor.clone());
    let key = match &actor {
        Actor::User(user) => UserKey::User(*user),
        Actor::ApiClient { key, .. } => UserKey::ApiKey(*key),
        Actor::Anonymous | Actor::Job(_) | Actor::Operator(_) => UserKey::Address(facts.client.key()),
    };
    let verdict = shared.limits.user.check(key, facts.now);
    if !verdict.allowed {
        shared.denials.limit_hit(facts, Limit::User, LimitedKey::of(key), actor);
        shared.metrics.refused(Limit::User.name());
        let response = too_many(Limit::User, &verdict).into_response();
        return Box::pin(async { response });
    }
    Box::pin(async move {
        let mut response = pipeline::run(next, passage).await;
        for (name, value) in figures(&verdict) {
            response.headers_mut().entry(name).or_insert(value);
        }
        response
    })
}

/// The limit's figures as headers: how many in all, how many more now, and in how many seconds all are there again.
pub(crate) fn figures(verdict: &Verdict) -> [(HeaderName, HeaderValue); 3] {
    let reset = u64::try_from(verdict.reset.as_seconds_ceil()).unwrap_or(0);
    [
        (HeaderName::from_static("ratelimit-limit"), HeaderValue::from(verdict.limit)),
        (HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(verdict.remaining)),
        (HeaderName::from_static("ratelimit-reset"), HeaderValue::from(reset)),
    ]
}
