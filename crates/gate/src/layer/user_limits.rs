//! The limit by user: so many requests in a window, whatever they are for.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderName, HeaderValue, Uri};
use palisade_base::Actor;
use palisade_config::LimitBy;
use palisade_counters::{LimitKey, Verdict};
use palisade_web::Visitor;

use super::address_limits::{refuse, refused_by_own};
use crate::{
    limits::{AnswerTo, Shown},
    on_site,
    path::PathKind,
    pipeline::{self, Next},
    request::{Facts, FromApp, LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    if passage.facts.kind == PathKind::Asset || shared.is_exempt(&passage.facts) {
        return pipeline::run(next, passage);
    }
    let who = Who::of(&shared, &passage);
    let facts = &passage.facts;
    // Both count, whichever refuses.
    let own = refused_by_own(&shared, (facts, passage.request.method()), None, |by| who.counted.key_for(by));
    if let Some(asker) = &facts.asker {
        asker.note_counted(&who.counted);
    }
    let counted = shared.limits.user.check(who.counted.key, facts.now).and_then(|verdict| own.map_or(Ok(verdict), Err));
    let verdict = match counted {
        Ok(verdict) => verdict,
        Err(refusal) => {
            let response = refuse(&shared, facts, &refusal, who.counted.actor);
            return Box::pin(async { response });
        }
    };
    let facts = facts.clone();
    let way = facts.kind.is_sign_in().then(|| passage.request.uri().clone());
    Box::pin(async move {
        let mut response = pipeline::run(next, passage).await;
        learn(&shared, &facts, who.shown, way.as_ref().map(Uri::path), &response);
        for (name, value) in figures("user", &verdict) {
            response.headers_mut().entry(name).or_insert(value);
        }
        response
    })
}

/// Whom the limit counts: who is not known is counted by address.
#[derive(Clone)]
pub(crate) struct Counted {
    pub(crate) actor: Actor,
    key: LimitKey,
}

struct Who {
    counted: Counted,
    /// The session of a guarded app.
    shown: Option<Shown>,
}

impl Who {
    fn of(shared: &Shared, passage: &Passage) -> Self {
        let facts = &passage.facts;
        let visitor = passage.request.extensions().get::<Visitor>();
        let actor = visitor.map(|visitor| visitor.caller.actor.clone());
        let actor = actor.or_else(|| on_site::actor_of(&passage.request)).unwrap_or(Actor::Anonymous);
        let shown = shown(shared, passage);
        let key = match &actor {
            Actor::User(user) => LimitKey::User(*user),
            Actor::ApiClient { key, .. } => LimitKey::ApiKey(*key),
            Actor::Anonymous | Actor::Job(_) | Actor::Operator(_) => {
                shown.and_then(Shown::key).unwrap_or(LimitKey::Address(facts.client.key()))
            }
        };
        Self { counted: Counted { actor, key }, shown }
    }
}

impl Counted {
    /// As a limit by user or by key counts them: requests without an API key are none of the latter's.
    pub(crate) fn key_for(&self, by: LimitBy) -> Option<Option<LimitKey>> {
        match by {
            LimitBy::User => Some(Some(self.key)),
            LimitBy::Key => Some(Some(self.key).filter(|key| matches!(key, LimitKey::ApiKey(_)))),
            LimitBy::Address | LimitBy::Network => None,
        }
    }
}

fn shown(shared: &Shared, passage: &Passage) -> Option<Shown> {
    let site = passage.facts.site()?;
    let names = site.ways_in.as_ref()?.session_cookies;
    shared.limits.sessions.shown(&site.name, names, passage.request.headers(), passage.facts.now)
}

/// What the app says of its sessions. `way` is where somebody tried to sign in, if that is what it was.
fn learn(shared: &Shared, facts: &Facts, shown: Option<Shown>, way: Option<&str>, response: &Response) {
    let Some(site) = facts.site() else { return };
    let Some(ways) = site.ways_in.as_ref().filter(|_| response.extensions().get::<FromApp>().is_some()) else { return };
    let (status, headers) = (response.status(), response.headers());
    let is_success = status.is_success() || status.is_redirection();
    let sign_in = way.is_some_and(|way| is_success && !ways.is_failure(status, headers, way));
    let answer = AnswerTo { sign_in, confirms: ways.frappe };
    shared.limits.sessions.learn(&site.name, ways.session_cookies, headers, shown, answer, facts.now);
}

/// A limit's figures as headers, as the drafts of the IETF have them: the latest (`RateLimit-Policy`, `RateLimit`), and
/// those that are understood everywhere. How many in all, how many more now, and in how many seconds all are there again.
pub(crate) fn figures(limit: &str, verdict: &Verdict) -> Vec<(HeaderName, HeaderValue)> {
    let seconds = |span: palisade_base::Span| u64::try_from(span.as_seconds_ceil()).unwrap_or(0);
    let Verdict { limit: most, remaining, .. } = *verdict;
    let (reset, window) = (seconds(verdict.reset), seconds(verdict.window));
    let mut figures = vec![
        (HeaderName::from_static("ratelimit-limit"), HeaderValue::from(most)),
        (HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(remaining)),
        (HeaderName::from_static("ratelimit-reset"), HeaderValue::from(reset)),
    ];
    let texts = [
        ("ratelimit-policy", format!("\"{limit}\";q={most};w={window}")),
        ("ratelimit", format!("\"{limit}\";r={remaining};t={reset}")),
    ];
    for (name, text) in texts {
        // A limit's name has lower-case letters, digits and hyphens.
        figures.extend(HeaderValue::from_str(&text).ok().map(|value| (HeaderName::from_static(name), value)));
    }
    figures
}
