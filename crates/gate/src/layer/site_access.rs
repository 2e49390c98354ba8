//! Lets people to a guarded site who may be there; who is not signed in is sent to the console, where that is of use.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use palisade_base::{
    Caller, Error, Kind,
    auth::{OnSite, SiteUser},
};
use palisade_web::{Denial, Failure};

use super::session::origin_of;
use crate::{
    access::{self, Need, holds_one_of_each},
    late_commands::Admitted,
    own_paths,
    pipeline::{self, Next},
    request::{Facts, LayerFuture, Passage},
    shared::Shared,
    sites::SiteState,
    standing::LetIn,
};

pub(crate) fn pass(shared: Arc<Shared>, mut passage: Passage, next: Next) -> LayerFuture {
    let Some(site) = passage.facts.site().cloned() else { return pipeline::run(next, passage) };
    let path = &passage.facts.path;
    if site.elsewhere.is_some() && own_paths::is_ours(path) {
        return Box::pin(async move { own_paths::answer(&shared, &site, passage).await });
    }
    let Some(access) = &site.access else {
        let closed =
            access::is_administration(path) && !access::may_administer(&shared.config, passage.facts.client.address);
        return if closed {
            answer(deny(&shared, path.as_written(), elsewhere()))
        } else {
            pipeline::run(next, passage)
        };
    };
    let facts = &passage.facts;
    let need = access.judge(facts.target(), facts.client.address);
    let there = passage.request.extensions().get::<OnSite>();
    let is_sign_in = matches!(need, Need::SignIn(_));
    // Frappe takes its session from the address and from the body, too.
    if is_sign_in && !facts.fields.session && access.takes_own_token(facts.target(), passage.request.headers()) {
        // Who shows a token means the token: that somebody is signed in beside it decides nothing. Applications fall back
        // to a session cookie where they do not know a token, so a made-up one must not carry a cookie past the sign-in.
        passage.request.extensions_mut().remove::<OnSite>();
        passage.facts.let_in = LetIn::OwnToken;
        passage.request.headers_mut().remove(header::COOKIE);
        return let_in(passage, next);
    }
    if is_sign_in
        && there.is_none()
        && let Some(way) = way_to_console(&shared, &site, &passage)
    {
        return answer(way);
    }
    match refusal(&shared, &site, facts, &need, there.map(|there| &*there.user)) {
        Some(refusal) => answer(refusal),
        None => let_in(passage, next),
    }
}

/// Passes the request on. Who asks is noted, for what is found in its body later.
fn let_in(passage: Passage, next: Next) -> LayerFuture {
    if let Some(asker) = &passage.facts.asker {
        let by_token = matches!(passage.facts.let_in, LetIn::OwnToken);
        let there = passage.request.extensions().get::<OnSite>();
        let nobody = || Caller::anonymous(origin_of(passage.request.headers(), &passage.facts));
        let caller = there.map_or_else(nobody, |there| there.caller.clone());
        asker.note_admitted(Admitted { caller, there: there.map(|there| Arc::clone(&there.user)), by_token });
    }
    pipeline::run(next, passage)
}

/// The answer to somebody who has not what the request needs.
pub(crate) fn refusal(
    shared: &Shared,
    site: &SiteState,
    facts: &Facts,
    need: &Need<'_>,
    there: Option<&SiteUser>,
) -> Option<Response> {
    let path = facts.path.as_written();
    match (need, there) {
        (Need::Nothing, _) => None,
        (Need::OtherNetwork, _) => Some(deny(shared, path, elsewhere())),
        (Need::SignIn(_), None) => Some(nobody_is_here(shared)),
        (Need::SignIn(wanted), Some(there)) => {
            (!holds_one_of_each(&there.roles, wanted)).then(|| deny(shared, path, no_role(site, wanted)))
        }
    }
}

fn answer(response: Response) -> LayerFuture {
    Box::pin(async { response })
}

/// To the console with who reads a page.
fn way_to_console(shared: &Shared, site: &SiteState, passage: &Passage) -> Option<Response> {
    let parties = own_paths::is_navigation(&passage.request).then(|| shared.parties(site)).flatten()?;
    shared.metrics.refused("sign_in");
    Some(own_paths::begin(shared, site, parties, passage))
}

/// In plain words that a sign-in is missing.
pub(crate) fn nobody_is_here(shared: &Shared) -> Response {
    shared.metrics.refused("sign_in");
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
