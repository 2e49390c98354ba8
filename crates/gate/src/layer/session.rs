//! Finds out whose request it is, and makes the visitor that pages know.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};
use palisade_base::{
    Caller, Error, Kind, Origin, PlainToken,
    auth::{Identified, Presented},
};
use palisade_web::{Denial, Failure, SignInFailed, cookie};

use crate::{
    on_site,
    path::PathKind,
    pipeline::{self, Next},
    request::{ActedAs, Facts, LayerFuture, Passage},
    shared::Shared,
    sites::SiteState,
};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// A page that asks on its own, without its reader, says so: it must not keep an idle session alive.
pub(crate) const BACKGROUND: HeaderName = HeaderName::from_static("x-background");
/// How our API keys begin. Another bearer token is for the app, not for us.
const KEY_PREFIX: &str = "plk_";

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let Some(site) = passage.facts.site().cloned() else { return pipeline::run(next, passage) };
    if site.access.is_some() {
        return Box::pin(on_site::pass(shared, site, passage, next));
    }
    Box::pin(async move {
        let (request, facts) = passage.into_parts();
        let (mut parts, body) = request.into_parts();
        let identified = match identify(&shared, &site, &parts, &facts).await {
            Ok(identified) => identified,
            Err(error) => return refuse(&shared, error),
        };
        let caller = identified.caller.clone();
        let (visitor, cookie) = site.frame.visitor(&parts, identified, &shared.env);
        parts.extensions.insert(visitor);
        let request = http::Request::from_parts(parts, body);
        let mut response = pipeline::run(next, Passage::of(request, facts.clone())).await;
        if let Some(cookie) = cookie {
            set_cookie_once(&mut response, cookie);
        }
        finish(&shared, &facts, caller, response)
    })
}

/// Tells trail and access log who acted, and what was closed to them.
pub(crate) fn finish(shared: &Shared, facts: &Facts, caller: Caller, mut response: Response) -> Response {
    if let Some(denial) = response.extensions_mut().remove::<Denial>() {
        shared.denials.access_denied(facts, &caller, &denial);
    }
    response.extensions_mut().insert(ActedAs(caller.actor));
    response
}

/// Where a request comes from, for whoever acts in it.
pub(crate) fn origin_of(headers: &HeaderMap, facts: &Facts) -> Origin {
    Origin {
        address: Some(facts.client.address),
        session: None,
        request: Some(facts.id),
        agent: headers.get(header::USER_AGENT).map(agent_text),
    }
}

async fn identify(shared: &Shared, site: &SiteState, parts: &Parts, facts: &Facts) -> Result<Identified, Error> {
    let origin = origin_of(&parts.headers, facts);
    if facts.kind == PathKind::Asset {
        // A file is the same for everybody: nobody is looked up for it, and it keeps no session alive.
        return Ok(Identified { caller: Caller::anonymous(origin), session: None, renewed: None });
    }
    let api_key = api_key(&parts.headers)?;
    let identified = identify_by(shared, site, parts, api_key, origin).await?;
    shared.metrics.authenticated(&identified.caller.actor);
    Ok(identified)
}

/// By a key, by the cookie of this site's sign-on elsewhere, or by the session's own.
async fn identify_by(
    shared: &Shared,
    site: &SiteState,
    parts: &Parts,
    api_key: Option<PlainToken>,
    origin: Origin,
) -> Result<Identified, Error> {
    if site.elsewhere.is_some() && api_key.is_none() {
        return on_site::identify(shared, site, &parts.headers, origin).await;
    }
    // Who shows a key means the key: a cookie that happens to come along decides nothing.
    let session = if api_key.is_some() { None } else { cookie::token(&parts.headers, cookie::SESSION) };
    let background = parts.headers.contains_key(BACKGROUND);
    let presented = Presented { session, api_key, background };
    shared.authenticator.identify(&site.name, presented, origin).await
}

pub(crate) fn refuse(shared: &Shared, error: Error) -> Response {
    let unknown = error.kind() == Kind::Unauthenticated;
    shared.metrics.authentication_failed(unknown);
    let failure = Failure::from(error);
    if !unknown {
        return failure.into_response();
    }
    let mut response = failure.header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")).into_response();
    // Only a key that is not right ends here: a session that is over is a visitor without one.
    response.extensions_mut().insert(SignInFailed { account: None });
    response
}

/// Whether the request shows something that wants to be an API key.
pub(crate) fn shows_api_key(headers: &HeaderMap) -> bool {
    headers.contains_key(API_KEY) || headers.get_all(header::AUTHORIZATION).iter().any(|value| bearer(value).is_some())
}

/// Whether the request shows one of our keys, by its first letters: an application may have headers of the same names.
pub(crate) fn shows_our_key(headers: &HeaderMap) -> bool {
    headers.get_all(API_KEY).iter().any(|value| value.as_bytes().starts_with(KEY_PREFIX.as_bytes()))
        || headers.get_all(header::AUTHORIZATION).iter().any(|value| bearer(value).is_some())
}

/// The key that a program shows: one, in one place.
fn api_key(headers: &HeaderMap) -> Result<Option<PlainToken>, Error> {
    let own = headers.get_all(API_KEY).iter().map(|value| value.to_str().unwrap_or_default());
    let bearers = headers.get_all(header::AUTHORIZATION).iter().filter_map(bearer);
    let mut shown = own.chain(bearers);
    match (shown.next(), shown.next()) {
        (None, _) => Ok(None),
        (Some(text), None) => PlainToken::from_client(text).map(Some).ok_or_else(|| unusable("This is no API key.")),
        (Some(_), Some(_)) => Err(unusable("Send one API key, in one header.")),
    }
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(KEY_PREFIX)).then_some(token)
}

fn unusable(message: &'static str) -> Error {
    Error::new(Kind::Unauthenticated, message)
}

fn agent_text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).chars().filter(|c| !c.is_control()).take(200).collect()
}

/// A cookie of the same name that the app has set is newer than ours.
fn set_cookie_once(response: &mut Response, cookie: HeaderValue) {
    let name = |value: &HeaderValue| value.as_bytes().split(|b| *b == b'=').next().map(<[u8]>::to_vec);
    let set_already = response.headers().get_all(header::SET_COOKIE).iter().any(|other| name(other) == name(&cookie));
    if !set_already {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn key(pairs: &[(&'static str, &str)]) -> Result<Option<String>, ()> {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        api_key(&map).map(|key| key.map(|key| key.reveal().to_owned())).map_err(drop)
    }

    #[test]
    fn a_key_is_read_from_one_place_only() {
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&[("x-api-key", "plk_a")]), Ok(Some("plk_a".to_owned())));
        assert_eq!(key(&[("authorization", "bearer  plk_a")]), Ok(Some("plk_a".to_owned())));
        assert_eq!(key(&[("authorization", "Bearer eyJhbGciOi")]), Ok(None));
        assert_eq!(key(&[("authorization", "Basic cGxrXzpwbGtf")]), Ok(None));
        for bad in [
            &[("x-api-key", "plk_a"), ("x-api-key", "plk_a")][..],
            &[("x-api-key", "plk_a"), ("authorization", "Bearer plk_b")],
            &[("x-api-key", "")],
            &[("x-api-key", "plk_a; DROP")],
        ] {
            assert_eq!(key(bad), Err(()), "{bad:?}");
        }
    }

    #[test]
    fn an_agent_is_cut_and_plain() {
        let long = "x".repeat(500);
        assert_eq!(headers(&[("user-agent", &long)]).get("user-agent").map(agent_text).map(|a| a.len()), Some(200));
    }

    proptest! {
        /// covers K1.4 (part)
        #[test]
        fn no_cookie_header_makes_it_panic_and_a_repeated_name_is_no_session(
            lines in proptest::collection::vec(prop_oneof!["[ -~]{0,80}", Just("__Host-palisade=abc".to_owned())], 0..4)
        ) {
            let mut map = HeaderMap::new();
            for line in &lines {
                if let Ok(value) = HeaderValue::from_str(line) {
                    map.append(header::COOKIE, value);
                }
            }
            let times = lines.iter().filter(|line| *line == "__Host-palisade=abc").count();
            let token = cookie::token(&map, cookie::SESSION);
            if times > 1 {
                prop_assert!(token.is_none());
            }
        }
    }
}
