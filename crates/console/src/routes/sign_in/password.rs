//! The first step: name and password. Vague to strangers, whatever the reason.

use axum::extract::{Query, State};
use http::{HeaderMap, StatusCode};
use palisade_base::{Error, Kind, SecretString};
use palisade_identity::model::SignInAttempt;
use palisade_web::{
    FormView, Html, Outcome, Page, ProtectedForm, ReturnPath, Visitor, Width,
    component::{Callout, Field, Tone},
    cookie, see_other,
};
use serde::Deserialize;

use super::{NextQuery, failed_as, next_of, next_value, site};
use crate::{ConsoleState, parts::FormBody, session_cookies};

#[derive(Deserialize)]
pub(super) struct SignInForm {
    login: String,
    password: SecretString,
    next: Option<String>,
}

pub(super) async fn show(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Query(next): NextQuery,
    headers: HeaderMap,
) -> Outcome {
    let next = next.path();
    if let Some(session) = &visitor.session {
        return Ok(see_other(session_cookies::next_page(session.state, next.as_ref())));
    }
    let ended = match cookie::token(&headers, cookie::SESSION) {
        Some(token) => state.identity.why_ended(&token).await?.and_then(|ended| ended.reason.message()),
        None => None,
    };
    page(&state, &visitor, next.as_ref(), &FormView::new(), ended, StatusCode::OK)
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    headers: HeaderMap,
    ProtectedForm(form): ProtectedForm<SignInForm>,
) -> Outcome {
    let next = next_of(form.next.as_deref());
    let attempt = SignInAttempt {
        login: form.login.clone(),
        password: form.password,
        device: visitor.device.clone(),
        previous: cookie::token(&headers, cookie::SESSION),
        origin: visitor.caller.origin.clone(),
    };
    match state.identity.sign_in(attempt).await {
        Ok(session) => Ok(session_cookies::go_on(&session, next.as_ref(), state.now())),
        Err(error) if error.kind() == Kind::Unauthenticated => {
            let view = FormView::new().value("login", form.login.as_str()).failed(&error);
            failed_as(Some(form.login), page(&state, &visitor, next.as_ref(), &view, None, StatusCode::UNAUTHORIZED))
        }
        Err(error) => Err(error.into()),
    }
}

fn page(
    state: &ConsoleState,
    visitor: &Visitor,
    next: Option<&ReturnPath>,
    view: &FormView,
    ended: Option<&str>,
    status: StatusCode,
) -> Outcome {
    let login = Field::text("login", "User name or e-mail address").autocomplete("username").max_length(256);
    let password = Field::password("password", "Password").autocomplete("current-password");
    // After a wrong try the summary is read first; else one can type at once.
    let login = if view.has_errors() { login } else { login.focused() };
    let told = ended.map_or_else(Html::empty, |words| Html::from_component(&Callout::new(Tone::Note, words)));
    let form = FormBody::new("/sign-in", &visitor.csrf, "Sign in")
        .before(told)
        .hidden("next", next_value(next))
        .field(&view.fill(login))
        .field(&password);
    let mut page = Page::new(visitor, "Sign in").width(Width::Card).status(status).errors(view.summary());
    if let Some(site) = next.and_then(|next| site::wanted(state, next)) {
        page = page.lead(format!("To go on to {}.", site.label));
    }
    page.body(&form)
}

/// What a page says where a link from a mail or the host no longer works.
pub(super) fn dead_link() -> Error {
    Error::new(
        Kind::NotFound,
        "This link does not work any more: it was used already, has run out, or was replaced by a newer one. \
         Ask whoever gave it to you for a new one.",
    )
}
