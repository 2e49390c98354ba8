//! The paths that are ours on a site whose people sign in elsewhere: all below `/.palisade/`. None of them ever reaches
//! the application.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use palisade_base::{
    Error, Instant, Kind, PlainToken,
    auth::{ClientClass, HandOff, OnSite, SiteEntry},
};
use palisade_web::{
    Failure, Outcome, ReturnPath, Visitor, assets, cookie, hand_off, is_from_here, plain_page, see_other,
};

use crate::{
    elsewhere::Parties,
    layer::session::origin_of,
    path::PathReading,
    request::{Facts, HostFact, Passage},
    shared::Shared,
    sites::SiteState,
};

const PREFIX: &str = "/.palisade";
const SIGN_IN: &str = "/.palisade/sign-in";
const SIGN_OUT: &str = "/.palisade/sign-out";
const ASSETS: &str = "/.palisade/assets/";

/// Whether a path is ours, in whatever spelling.
pub(crate) fn is_ours(path: &PathReading) -> bool {
    path.may_be_under(PREFIX)
}

/// Whether there is a file of ours at this path, written so and not otherwise.
pub(crate) fn is_file(path: &str) -> bool {
    path.strip_prefix(ASSETS).is_some_and(|file| assets::file_named(file).is_ok())
}

/// Answers a request for a path of ours.
pub(crate) async fn answer(shared: &Shared, site: &Arc<SiteState>, passage: Passage) -> Response {
    let (request, facts) = passage.into_parts();
    let (parts, _) = request.into_parts();
    let (method, path) = (&parts.method, parts.uri.path());
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let outcome = match path {
        hand_off::SITE_PATH if reads => take(shared, site, &parts, &facts).await,
        SIGN_IN if reads => sign_in(shared, site, &parts, &facts),
        SIGN_OUT if reads => ask_to_sign_out(shared, site),
        SIGN_OUT if *method == Method::POST => sign_out(shared, site, &parts, &facts).await,
        hand_off::SITE_PATH | SIGN_IN | SIGN_OUT => Err(wrong_method()),
        other => match other.strip_prefix(ASSETS) {
            Some(file) if reads => assets::file_named(file),
            _ => Err(Error::not_found().into()),
        },
    };
    outcome.unwrap_or_else(Failure::into_response)
}

fn wrong_method() -> Failure {
    Failure::with_status(
        Error::new(Kind::Invalid, "This address is not used in that way."),
        StatusCode::METHOD_NOT_ALLOWED,
    )
}

/// Whether a browser asks for a page to show it: only then is a way to the console of use.
pub(crate) fn is_navigation<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let says = |name: &str, wanted: &str| headers.get(name).is_some_and(|value| value.as_bytes() == wanted.as_bytes());
    if !matches!(*request.method(), Method::GET | Method::HEAD) || headers.contains_key(header::UPGRADE) {
        return false;
    }
    match headers.contains_key("sec-fetch-mode") {
        true => says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document"),
        false => {
            let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            accepts.contains("text/html") && !headers.contains_key("x-requested-with")
        }
    }
}

/// Sends a browser to the console, to come back to where it wanted to go.
pub(crate) fn begin(shared: &Shared, site: &SiteState, parties: &Parties, passage: &Passage) -> Response {
    let request = &passage.request;
    let next = request.uri().path_and_query().and_then(|path| ReturnPath::parse(path.as_str()));
    begin_for(shared, site, parties, (request.headers(), &passage.facts), &next.unwrap_or_else(ReturnPath::home))
}

fn begin_for(
    shared: &Shared,
    site: &SiteState,
    parties: &Parties,
    (headers, facts): (&HeaderMap, &Facts),
    next: &ReturnPath,
) -> Response {
    if !is_at_main_host(site, facts) {
        // Cookies belong to one host: a site of several is signed in to at its first.
        return away(&format!("{}{}", parties.audience, next.as_str()));
    }
    let visit = hand_off::Visit::of(headers, &shared.env);
    let state = visit.state(&site.frame.csrf, &site.name, next, facts.now);
    let (console, path) = (&parties.console, hand_off::CONSOLE_PATH);
    let mut response = away(&format!("{console}{path}?site={}&state={state}", site.name));
    response.headers_mut().append(header::SET_COOKIE, visit.set_cookie());
    response
}

fn is_at_main_host(site: &SiteState, facts: &Facts) -> bool {
    let HostFact::Known(known) = &facts.host else { return false };
    site.elsewhere.as_ref().is_some_and(|elsewhere| elsewhere.host.as_ref() == Some(&known.host))
}

/// 303 to an address of ours on another host. It tells nobody where it came from.
fn away(to: &str) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or_else(|_| HeaderValue::from_static("/"));
    unreferred((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

fn unreferred(mut response: Response) -> Response {
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The browser comes back from the console with a code.
async fn take(shared: &Shared, site: &SiteState, parts: &Parts, facts: &Facts) -> Outcome {
    let (headers, query) = (&parts.headers, parts.uri.query().unwrap_or_default());
    let code = parameter(query, "code").and_then(PlainToken::from_client);
    let (Some(code), Some(state)) = (code, parameter(query, "state")) else {
        let message = "This address is part of signing in, and it is not whole. Open the site itself.";
        return Err(Failure::from(Error::new(Kind::Invalid, message)).titled("This link is not whole"));
    };
    let next = hand_off::open_state(state, &site.frame.csrf, &site.name, headers, facts.now);
    let hand_off = HandOff { site: &site.name, code: &code, state: next.as_ref().map(|_| state) };
    let entry = shared.site_sessions.take_hand_off(hand_off, origin_of(headers, facts)).await?;
    // Where the state was not this browser's, no code is ever taken.
    let next = next.unwrap_or_else(ReturnPath::home);
    let mut response = unreferred(see_other(next.as_str()));
    response.headers_mut().append(header::SET_COOKIE, site_cookie(&entry, facts.now));
    Ok(response)
}

/// A browser's session ends with the browser at the latest; an enrolled device keeps its own.
fn site_cookie(entry: &SiteEntry, now: Instant) -> HeaderValue {
    let life = (entry.class == ClientClass::Mobile).then(|| entry.expires_at.since(now));
    cookie::set_token(cookie::SITE, &entry.token, life)
}

/// A value of the query; a name that comes twice has none. Codes and states need no decoding.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut found = query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(key, _)| *key == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

/// A link that an open site's pages may have: signs in, and comes back to `next`.
fn sign_in(shared: &Shared, site: &SiteState, parts: &Parts, facts: &Facts) -> Outcome {
    let wanted = parts.uri.query().and_then(|query| parameter(query, "next"));
    let wanted = wanted.map(|text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned());
    let next = wanted.as_deref().and_then(ReturnPath::parse).filter(|path| !leads_to_us(path));
    let next = next.unwrap_or_else(ReturnPath::home);
    let visitor = parts.extensions.get::<Visitor>();
    if parts.extensions.get::<OnSite>().is_some() || visitor.is_some_and(Visitor::is_signed_in) {
        return Ok(see_other(next.as_str()));
    }
    let parties = parties_of(shared, site)?;
    Ok(begin_for(shared, site, parties, (&parts.headers, facts), &next))
}

/// Whoever comes back to a path of ours would go round in a circle.
fn leads_to_us(path: &ReturnPath) -> bool {
    PathReading::of_text(path.as_str()).is_none_or(|path| is_ours(&path))
}

/// The console's page asks, with a form of its own: a link alone signs nobody out.
fn ask_to_sign_out(shared: &Shared, site: &SiteState) -> Outcome {
    let parties = parties_of(shared, site)?;
    Ok(away(&format!("{}/sign-out", parties.console)))
}

/// Without a console nobody can sign in.
fn parties_of<'a>(shared: &Shared, site: &'a SiteState) -> Result<&'a Parties, Error> {
    shared.parties(site).ok_or_else(Error::not_found)
}

/// A form of the application itself, for its own button. A page of another site can't send it.
async fn sign_out(shared: &Shared, site: &SiteState, parts: &Parts, facts: &Facts) -> Outcome {
    if !is_from_here(parts) {
        return Err(Error::new(Kind::Denied, "This came from another site, so nobody was signed out.").into());
    }
    if let Some(token) = cookie::token(&parts.headers, cookie::SITE) {
        let origin = origin_of(&parts.headers, facts);
        shared.site_sessions.end_sign_on(&site.name, &token, origin).await?;
    }
    let words = "Your sign-in has ended, here and on every site that it led you to.";
    let mut page = plain_page(&site.render, "You are signed out", words, ("Go to the start", "/"))?;
    page.headers_mut().append(header::SET_COOKIE, cookie::clear(cookie::SITE));
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_below_our_prefix_is_ours() {
        for path in [
            "/.palisade",
            "/.palisade/x",
            "/%2epalisade/hand-off",
            "//.palisade",
            "/.PALISADE/x",
            "/.palisade;x/y",
            "/x/../.palisade",
        ] {
            assert!(is_ours(&PathReading::of_text(path).unwrap()), "{path}");
        }
        for path in ["/", "/.palisades", "/palisade", "/app/.palisade", "/.well-known/x"] {
            assert!(!is_ours(&PathReading::of_text(path).unwrap()), "{path}");
        }
    }

    fn request(method: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn only_who_reads_a_page_is_sent_on() {
        let page = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert!(is_navigation(&request("GET", &page)));
        assert!(is_navigation(&request("HEAD", &page)));
        assert!(is_navigation(&request("GET", &[("accept", "text/html,*/*;q=0.8")])));
        for (method, headers) in [
            ("POST", &page[..]),
            ("GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]),
            ("GET", &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"), ("accept", "text/html")]),
            ("GET", &[("sec-fetch-mode", "websocket"), ("upgrade", "websocket")]),
            ("GET", &[("upgrade", "websocket"), ("accept", "text/html")]),
            ("GET", &[("accept", "*/*")]),
            ("GET", &[("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")]),
        ] {
            assert!(!is_navigation(&request(method, headers)), "{method} {headers:?}");
        }
    }

    #[test]
    fn a_parameter_that_comes_twice_has_no_value() {
        assert_eq!(parameter("code=a&state=b", "state"), Some("b"));
        assert_eq!(parameter("code=a&state=b&code=a", "code"), None);
        assert_eq!(parameter("", "code"), None);
    }
}
