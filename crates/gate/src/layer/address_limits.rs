//! Limits by address: so many calls to the API, so many tries to sign in.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use palisade_base::{Actor, Error, Kind};
use palisade_counters::Verdict;
use palisade_web::Failure;

use crate::{
    denials::{Limit, LimitedKey},
    pipeline::{self, Next},
    request::{Facts, LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    match refused_by(&shared, &passage) {
        None => pipeline::run(next, passage),
        Some((limit, verdict)) => {
            let response = refuse(&shared, &passage.facts, limit, verdict);
            Box::pin(async { response })
        }
    }
}

/// The login limit applies beside the API's, not instead of it: a call that is both must pass both.
fn refused_by(shared: &Shared, passage: &Passage) -> Option<(Limit, Verdict)> {
    let facts = &passage.facts;
    if shared.is_exempt(facts) {
        return None;
    }
    let key = facts.client.key();
    let api = facts.kind.is_api() || super::session::shows_api_key(passage.request.headers());
    let api = api.then(|| (Limit::Api, shared.limits.api.check(key, facts.now)));
    let login = facts.kind.is_sign_in().then(|| (Limit::Login, shared.limits.login.check(key, facts.now)));
    [login, api].into_iter().flatten().find(|(_, verdict)| !verdict.allowed)
}

pub(crate) fn refuse(shared: &Shared, facts: &Facts, limit: Limit, verdict: Verdict) -> Response {
    shared.denials.limit_hit(facts, limit, LimitedKey::Address(facts.client.key()), Actor::Anonymous);
    shared.metrics.refused(limit.name());
    too_many(limit, &verdict).into_response()
}

/// The refusal of a limit: when to come back, and the figures.
pub(crate) fn too_many(limit: Limit, verdict: &Verdict) -> Failure {
    let message = match limit {
        Limit::Login => "Too many tries to sign in from your network. Wait a moment, then try again.",
        Limit::Api | Limit::User => "Too many requests in a short time. Wait a moment, then try again.",
    };
    let failure = Failure::from(Error::new(Kind::TooMany, message)).retry_after(verdict.retry_after);
    super::user_limits::figures(verdict).into_iter().fold(failure, |failure, (name, value)| failure.header(name, value))
}
