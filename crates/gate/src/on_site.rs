//! Whose site session it is: what the session layer does on a guarded site, where there is no visitor, no form and no page
//! of ours, and on a built-in one whose people sign in elsewhere.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use http::{HeaderMap, Request, header};
use palisade_base::{
    Actor, Caller, Error, HashedToken, Kind, Origin,
    auth::{Identified, IdentityFor, OnSite, ShownOnSite},
};
use palisade_config::IdentityForm;
use palisade_web::cookie;

use crate::{
    access::SiteAccess,
    layer::session::{BACKGROUND, finish, origin_of, refuse, shows_our_key},
    path::PathReading,
    pipeline::{self, Next},
    request::{Facts, Passage},
    shared::Shared,
    sites::SiteState,
    standing::{HeldSession, LetIn},
};

/// Finds out who it is, and passes the request on with that.
pub(crate) async fn pass(shared: Arc<Shared>, site: Arc<SiteState>, mut passage: Passage, next: Next) -> Response {
    let there = match look_up(&shared, &site, passage.request.headers(), &passage.facts).await {
        Ok(there) => there,
        Err(error) => return refuse(&shared, error),
    };
    let caller = there.as_ref().map(|(there, _)| there.caller.clone());
    shared.metrics.authenticated(caller.as_ref().map_or(&Actor::Anonymous, |caller| &caller.actor));
    let caller = caller.unwrap_or_else(|| Caller::anonymous(origin_of(passage.request.headers(), &passage.facts)));
    if let Some((there, token)) = there {
        let user = Arc::clone(&there.user);
        passage.facts.let_in = LetIn::Session(Arc::new(HeldSession { token, user }));
        passage.request.extensions_mut().insert(there);
    }
    let facts = passage.facts.clone();
    let response = pipeline::run(next, passage).await;
    finish(&shared, &facts, caller, response)
}

async fn look_up(
    shared: &Shared,
    site: &SiteState,
    headers: &HeaderMap,
    facts: &Facts,
) -> Result<Option<(OnSite, HashedToken)>, Error> {
    if shows_our_key(headers) {
        // It is a secret of its owner's, and would go on to an application that must never see it.
        let message = "A key of Palisade's own opens its built-in apps, and this site is none. Send a token of this site's application.";
        return Err(Error::new(Kind::Unauthenticated, message));
    }
    let Some(access) = &site.access else { return Ok(None) };
    let Some(token) = cookie::token(headers, cookie::SITE).filter(|_| !access.is_indifferent()) else {
        return Ok(None);
    };
    let parties = shared.parties(site).filter(|_| access.tells(IdentityForm::Jwt));
    let identity_for = parties.map(|own| IdentityFor { issuer: &own.issuer, audience: &own.audience });
    let shown = ShownOnSite {
        site: &site.name,
        token: &token,
        background: is_background(access, headers, &facts.path),
        identity_for,
    };
    let there = shared.site_sessions.on_site(shown, origin_of(headers, facts)).await?;
    Ok(there.map(|there| (there, token.hashed())))
}

/// Who it is on a built-in site whose people sign in on the console's host.
pub(crate) async fn identify(
    shared: &Shared,
    site: &SiteState,
    headers: &HeaderMap,
    origin: Origin,
) -> Result<Identified, Error> {
    let there = match cookie::token(headers, cookie::SITE) {
        Some(token) => {
            let background = headers.contains_key(BACKGROUND);
            let shown = ShownOnSite { site: &site.name, token: &token, background, identity_for: None };
            shared.site_sessions.on_site(shown, origin.clone()).await?
        }
        None => None,
    };
    Ok(match there {
        Some(OnSite { caller, session, .. }) => Identified { caller, session: Some(session), renewed: None },
        None => Identified { caller: Caller::anonymous(origin), session: None, renewed: None },
    })
}

/// What a page does on its own, without its reader. A connection that stays open says nothing about who sits there.
fn is_background(access: &SiteAccess, headers: &HeaderMap, path: &PathReading) -> bool {
    headers.contains_key(BACKGROUND) || headers.contains_key(header::UPGRADE) || access.is_background(path)
}

/// Who acts, for limits by user.
pub(crate) fn actor_of(request: &Request<Body>) -> Option<Actor> {
    request.extensions().get::<OnSite>().map(|there| there.caller.actor.clone())
}
