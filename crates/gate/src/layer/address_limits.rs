//! Limits by address: so many calls to the API, so many tries to sign in, and what else is configured.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::Method;
use palisade_base::{Actor, Error, Kind};
use palisade_config::LimitBy;
use palisade_counters::LimitKey;
use palisade_web::Failure;

use super::user_limits::figures;
use crate::{
    limits::{Asked, Refusal},
    pipeline::{self, Next},
    request::{Facts, HostFact, LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    match refused_by(&shared, &passage) {
        None => pipeline::run(next, passage),
        Some(refusal) => {
            let response = refuse(&shared, &passage.facts, &refusal, Actor::Anonymous);
            Box::pin(async { response })
        }
    }
}

/// The login limit applies beside the API's, not instead of it: a call that is both must pass both. So with all others.
fn refused_by(shared: &Shared, passage: &Passage) -> Option<Refusal> {
    let facts = &passage.facts;
    if shared.is_exempt(facts) {
        return None;
    }
    let key = LimitKey::Address(facts.client.key());
    let is_api = facts.kind.is_api() || super::session::shows_api_key(passage.request.headers());
    let api = is_api.then(|| shared.limits.api.refuses(key, facts.now)).flatten();
    let login = facts.kind.is_sign_in().then(|| shared.limits.login.refuses(key, facts.now)).flatten();
    let own = refused_by_own(shared, (facts, passage.request.method()), None, |by| match by {
        LimitBy::Address | LimitBy::Network => Some(Some(key)),
        LimitBy::User | LimitBy::Key => None,
    });
    login.or(api).or(own)
}

/// Counts the request against the configured limits that `key_for` has a say in: it gives whom each counts as one.
/// Every limit that holds counts; the first that is used up refuses. Those that held `before` have counted it already.
pub(crate) fn refused_by_own(
    shared: &Shared,
    (facts, method): (&Facts, &Method),
    before: Option<&Facts>,
    key_for: impl Fn(LimitBy) -> Option<Option<LimitKey>>,
) -> Option<Refusal> {
    if shared.limits.own.is_empty() {
        return None;
    }
    let asked = asked(facts, method)?;
    let before = before.and_then(|before| self::asked(before, method));
    let mut first = None;
    for limit in &shared.limits.own {
        if let Some(key) = key_for(limit.by())
            && limit.holds_for(&asked)
            && !before.as_ref().is_some_and(|before| limit.holds_for(before))
        {
            let refusal = limit.refuses(&asked, key, facts.now);
            first = first.or(refusal);
        }
    }
    first
}

fn asked<'a>(facts: &'a Facts, method: &'a Method) -> Option<Asked<'a>> {
    let HostFact::Known(known) = &facts.host else { return None };
    Some(Asked { host: &known.host, method, target: facts.target(), address: facts.client.address })
}

/// The answer to a request that a limit refuses; it is counted, and the trail is told.
pub(crate) fn refuse(shared: &Shared, facts: &Facts, refusal: &Refusal, actor: Actor) -> Response {
    refusal.note(facts.client.address, facts.now);
    shared.denials.limit_hit(facts, refusal, actor);
    shared.metrics.refused_by_limit(refusal.limit());
    let message = if refusal.is_login() {
        "Too many tries to sign in from your network. Wait a moment, then try again."
    } else {
        "Too many requests in a short time. Wait a moment, then try again."
    };
    let failure = Failure::from(Error::new(Kind::TooMany, message)).retry_after(refusal.verdict.retry_after);
    let figures = figures(refusal.limit(), &refusal.verdict);
    figures.into_iter().fold(failure, |failure, (name, value)| failure.header(name, value)).into_response()
}
