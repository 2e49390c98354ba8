//! The second step: a code of the app, or a recovery code.

use axum::extract::{Query, State};
use palisade_base::{Kind, SecretString, auth::SessionState};
use palisade_web::{
    FormView, Html, Outcome, Page, ProtectedForm, ReturnPath, Visitor, Width,
    component::{Disclosure, Field},
    see_other,
};
use serde::Deserialize;

use super::{NextQuery, next_of, next_value, sign_out, wrong_code};
use crate::{
    ConsoleState,
    parts::{FormBody, paragraph, view_of},
    session_cookies, step_up,
};

#[derive(Deserialize)]
pub(super) struct FactorForm {
    code: SecretString,
    next: Option<String>,
}

pub(super) async fn show(visitor: Visitor, Query(next): NextQuery) -> Outcome {
    let next = next.path();
    if let Some(elsewhere) = session_cookies::belongs_elsewhere(&visitor, SessionState::OwesFactor, next.as_ref()) {
        return Ok(elsewhere);
    }
    page(&visitor, next.as_ref(), &FormView::new())
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<FactorForm>,
) -> Outcome {
    let next = next_of(form.next.as_deref());
    if let Some(elsewhere) = session_cookies::belongs_elsewhere(&visitor, SessionState::OwesFactor, next.as_ref()) {
        return Ok(elsewhere);
    }
    let device = visitor.device.clone();
    match state.identity.give_factor(&visitor.caller, step_up::session(&visitor)?, &form.code, device).await {
        Ok(session) => Ok(session_cookies::go_on(&session, next.as_ref(), state.now())),
        // The sign-in was stopped; the sign-in page says why to whoever holds its cookie.
        Err(error) if error.kind() == Kind::Unauthenticated => wrong_code(&visitor, Ok(see_other("/sign-in"))),
        Err(error) => wrong_code(&visitor, page(&visitor, next.as_ref(), &view_of(FormView::new(), error)?)),
    }
}

fn page(visitor: &Visitor, next: Option<&ReturnPath>, view: &FormView) -> Outcome {
    let code =
        Field::code("code", "Code").hint("Six digits from your authenticator app, or a recovery code.").max_length(64);
    let code = if view.has_errors() { code } else { code.focused() };
    let lost = paragraph(
        "Use one of the recovery codes that you kept when you set the app up; each works once. Without those, ask an \
         administrator to reset your second factor.",
    )?;
    let after = Html::concat([
        Html::from_component(&Disclosure::new("The phone is lost or broken", lost)),
        sign_out::small_form(&visitor.csrf, "Stop and sign out")?,
    ]);
    let form = FormBody::new("/sign-in/factor", &visitor.csrf, "Go on")
        .hidden("next", next_value(next))
        .field(&view.fill(code))
        .after(after);
    Page::new(visitor, "Second factor").width(Width::Card).errors(view.summary()).body(&form)
}
