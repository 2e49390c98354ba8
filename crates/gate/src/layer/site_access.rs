//! Lets people to a guarded site who may be there; who is not signed in is sent to the console, where that is of use.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use palisade_base::{Error, Kind, auth::OnSite};
use palisade_web::{Denial, Failure};

use crate::{
    access::{self, Need, SiteAccess, holds_one_of_each},
    own_paths,
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
    sites::SiteState,
    standing::LetIn,
    ways_in::NamedSession,
};

pub(crate) fn pass(shared: Arc<Shared>, mut passage: Passage, next: Next) -> LayerFuture {
    let Some(site) = passage.facts.site().cloned() else { return pipeline::run(next, passage) };
    let path = &passage.facts.path;
    let Some(access) = &site.access else {
        let closed =
            access::is_administration(path) && !access::may_administer(&shared.config, passage.facts.client.address);
        return if closed {
            answer(deny(&shared, path.as_written(), elsewhere()))
        } else {
            pipeline::run(next, passage)
        };
    };
    if own_paths::is_ours(path) {
        return Box::pin(async move { own_paths::answer(&shared, &site, passage).await });
    }
    let wanted = match access.judge(path, passage.facts.client.address) {
        Need::Nothing => return pipeline::run(next, passage),
        Need::OtherNetwork => return answer(deny(&shared, path.as_written(), elsewhere())),
        Need::SignIn(wanted) => wanted,
    };
    if access.takes_own_token(path, passage.request.headers()) && names_no_session(&passage) {
        // Who shows a token means the token: that somebody is signed in beside it decides nothing. Applications fall back
        // to a session cookie where they do not know a token, so a made-up one must not carry a cookie past the sign-in.
        passage.request.extensions_mut().remove::<OnSite>();
        passage.facts.let_in = LetIn::OwnToken;
        passage.request.headers_mut().remove(header::COOKIE);
        return pipeline::run(next, passage);
    }
    let refusal = match passage.request.extensions().get::<OnSite>() {
        None => Some(challenge(&shared, &site, access, &passage)),
        Some(there) if !holds_one_of_each(&there.user.roles, &wanted) => {
            Some(deny(&shared, path.as_written(), no_role(&site, &wanted)))
        }
        Some(_) => None,
    };
    match refusal {
        Some(refusal) => answer(refusal),
        None => pipeline::run(next, passage),
    }
}

/// Frappe takes its session from the address and from the body, too. What is found of one later stops the body.
fn names_no_session(passage: &Passage) -> bool {
    passage.request.extensions().get::<NamedSession>().is_some_and(NamedSession::forbid)
}

fn answer(response: Response) -> LayerFuture {
    Box::pin(async { response })
}

/// To the console with who reads a page; to everybody else in plain words that a sign-in is missing.
fn challenge(shared: &Shared, site: &SiteState, access: &SiteAccess, passage: &Passage) -> Response {
    shared.metrics.refused("sign_in");
    if own_paths::is_navigation(&passage.request)
        && let Some(parties) = shared.parties(access)
    {
        return own_paths::begin(shared, site, parties, passage);
    }
    let message =
        "Nobody is signed in here, or not any more. Open this site in the browser and sign in, then try again.";
    Failure::from(Error::new(Kind::Unauthenticated, message))
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"palisade\""))
        .into_response()
}

fn deny(shared: &Shared, path: &str, error: Error) -> Response {
    shared.metrics.refused("access");
    let mut response = Failure::from(error).into_response();
    response.extensions_mut().insert(Denial { permission: None, path: path.to_owned() });
    response
}

fn elsewhere() -> Error {
    Error::new(
        Kind::Denied,
        "This part of the site is open from certain networks only, and your address is in none of them.",
    )
}

fn no_role(site: &SiteState, wanted: &[&[String]]) -> Error {
    let lists: Vec<String> = wanted.iter().map(|roles| roles.join(" or ")).collect();
    let message = format!(
        "For this page of {} you need the role {}. Ask who administers Palisade in your company to give it to you.",
        site.name,
        lists.join(", and ")
    );
    Error::new(Kind::Denied, message)
}
