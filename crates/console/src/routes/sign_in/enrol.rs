//! Enrolling a second factor because a role requires one.

use axum::extract::{Query, State};
use palisade_base::{Kind, SecretString, auth::SessionState};
use palisade_web::{FormView, Outcome, Page, ProtectedForm, ReturnPath, Visitor, Width, see_other};
use serde::Deserialize;

use super::{NextQuery, next_of, next_value, sign_out};
use crate::{
    ConsoleState,
    parts::{FormBody, view_of},
    routes::account::enrolment::{self, Codes},
    session_cookies, step_up,
};

#[derive(Deserialize)]
pub(super) struct EnrolForm {
    code: SecretString,
    next: Option<String>,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, Query(next): NextQuery) -> Outcome {
    let next = next.path();
    if let Some(elsewhere) = session_cookies::belongs_elsewhere(&visitor, SessionState::OwesEnrolment, next.as_ref()) {
        return Ok(elsewhere);
    }
    page(&state, &visitor, next.as_ref(), &FormView::new()).await
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<EnrolForm>,
) -> Outcome {
    let next = next_of(form.next.as_deref());
    if let Some(elsewhere) = session_cookies::belongs_elsewhere(&visitor, SessionState::OwesEnrolment, next.as_ref()) {
        return Ok(elsewhere);
    }
    let device = visitor.device.clone();
    let session = step_up::session(&visitor)?;
    match state.identity.confirm_totp(&visitor.caller, session, &form.code, None, device).await {
        Ok(enrolled) => {
            let path = session_cookies::next_page(enrolled.session.facts.state, next.as_ref());
            let codes = Codes::new(&enrolled.recovery_codes, "Go on", path);
            let mut response = Page::new(&visitor, "Keep these recovery codes").width(Width::Card).body(&codes)?;
            session_cookies::set(&mut response, &enrolled.session, state.now());
            Ok(response)
        }
        Err(error) if error.kind() == Kind::Unauthenticated => Ok(see_other("/sign-in")),
        Err(error) => page(&state, &visitor, next.as_ref(), &view_of(FormView::new(), error)?).await,
    }
}

async fn page(state: &ConsoleState, visitor: &Visitor, next: Option<&ReturnPath>, view: &FormView) -> Outcome {
    let waiting = state.identity.begin_totp(&visitor.caller, step_up::session(visitor)?).await?;
    let form = FormBody::new("/sign-in/enrol", &visitor.csrf, "Confirm")
        .before(enrolment::steps(&waiting)?)
        .hidden("next", next_value(next))
        .field(&view.fill(enrolment::code_field()))
        .after(sign_out::small_form(&visitor.csrf, "Stop and sign out")?);
    Page::new(visitor, "Set up your second factor")
        .lead("A role of yours requires it. It takes a minute, once.")
        .width(Width::Card)
        .errors(view.summary())
        .body(&form)
}
