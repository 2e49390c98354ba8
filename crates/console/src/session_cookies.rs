//! A new session becomes cookies.

use axum::response::Response;
use http::header;
use palisade_base::{Instant, Span, auth::ClientClass, auth::SessionState};
use palisade_identity::model::NewSession;
use palisade_web::{Notice, ReturnPath, Visitor, cookie, see_other};

/// How long a browser keeps the cookie by which it is known again: the longest that browsers allow.
const DEVICE_COOKIE_LIFE: Span = Span::days(400);

/// Puts the session's tokens into the response.
pub(crate) fn set(response: &mut Response, session: &NewSession, now: Instant) {
    // A browser's session ends with the browser at the latest; an enrolled device keeps its own.
    let life = (session.facts.class == ClientClass::Mobile).then(|| session.expires_at.since(now));
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, cookie::set_token(cookie::SESSION, &session.token, life));
    if let Some(device) = &session.device {
        headers.append(header::SET_COOKIE, cookie::set_token(cookie::DEVICE, device, Some(DEVICE_COOKIE_LIFE)));
    }
}

/// The page that a session in this state must see next.
pub(crate) fn next_page(state: SessionState, next: Option<&ReturnPath>) -> String {
    let step = match state {
        SessionState::OwesFactor => "/sign-in/factor",
        SessionState::OwesEnrolment => "/sign-in/enrol",
        SessionState::OwesPassword => "/sign-in/new-password",
        SessionState::Full => return next.map_or("/", ReturnPath::as_str).to_owned(),
    };
    match next {
        Some(next) => format!("{step}?next={}", next.query_value()),
        None => step.to_owned(),
    }
}

/// Goes on with a new session: to what it owes, or to where the person wanted to go.
pub(crate) fn go_on(session: &NewSession, next: Option<&ReturnPath>, now: Instant) -> Response {
    let mut response = see_other(next_page(session.facts.state, next));
    set(&mut response, session, now);
    if session.facts.state == SessionState::Full && session.factor_recommended {
        let notice =
            Notice::note("A role of yours recommends a second factor. Set it up under Account > Second factor.");
        response.headers_mut().append(header::SET_COOKIE, notice.set_cookie());
    }
    response
}

/// Where a visitor belongs who opened a step of the sign-in that is not theirs.
pub(crate) fn belongs_elsewhere(visitor: &Visitor, due: SessionState, next: Option<&ReturnPath>) -> Option<Response> {
    let state = visitor.session.as_ref()?.state;
    (state != due).then(|| see_other(next_page(state, next)))
}
