//! One-time sign-in links. The page asks before it uses one up, because programs that look at mails open links too.

use axum::extract::{Path, State};
use http::{HeaderMap, Method};
use palisade_base::{Kind, PlainToken};
use palisade_web::{Failure, Fields, Outcome, Page, ProtectedForm, Visitor, Width, cookie, path_segment};

use super::{failed_link, password::dead_link};
use crate::{
    ConsoleState,
    parts::{FormBody, paragraph},
    session_cookies,
};

pub(super) async fn show(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Outcome {
    if state.config.links_open_at_once && method == Method::GET {
        return open(&state, &visitor, &token, &headers).await;
    }
    let form = FormBody::new(format!("/sign-in/link/{}", path_segment(&token)), &visitor.csrf, "Sign in")
        .before(paragraph("This link signs you in once. Use it on your own device only.")?);
    Page::new(&visitor, "Sign in with your link").width(Width::Card).body(&form)
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path(token): Path<String>,
    headers: HeaderMap,
    ProtectedForm(_): ProtectedForm<Fields>,
) -> Outcome {
    open(&state, &visitor, &token, &headers).await
}

async fn open(state: &ConsoleState, visitor: &Visitor, token: &str, headers: &HeaderMap) -> Outcome {
    let Some(token) = PlainToken::from_client(token) else { return failed_link(dead_link()) };
    let session = cookie::token(headers, cookie::SESSION);
    let origin = visitor.caller.origin.clone();
    match state.identity.open_sign_in_link(&token, visitor.device.clone(), session, origin).await {
        Ok(session) => Ok(session_cookies::go_on(&session, None, state.now())),
        Err(error) => failed_link(error),
    }
}

/// Says what a dead link is, instead of "nothing here".
pub(super) fn alive_or(error: palisade_base::Error) -> Failure {
    if error.kind() == Kind::NotFound { dead_link().into() } else { error.into() }
}
