//! Changing the own password.

use axum::extract::State;
use palisade_base::{Error, SecretString};
use palisade_identity::model::NewSession;
use palisade_web::{FormView, Notice, Outcome, ProtectedForm, Visitor, Width, component::Field, see_other_with};
use serde::Deserialize;

use super::{page, permit};
use crate::{
    ConsoleState,
    parts::{FormBody, view_of},
    routes::sign_in::{new_password_fields, same_twice},
    session_cookies, step_up,
};

#[derive(Deserialize)]
pub(super) struct PasswordForm {
    present_password: SecretString,
    new_password: SecretString,
    again: SecretString,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    form(&state, &visitor, &FormView::new()).await
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(sent): ProtectedForm<PasswordForm>,
) -> Outcome {
    match change(&state, &visitor, &sent).await {
        Ok(session) => {
            let notice = Notice::ok("The password is changed. Your other sessions have ended.");
            let mut response = see_other_with("/account/password", &notice);
            session_cookies::set(&mut response, &session, state.now());
            Ok(response)
        }
        Err(error) => form(&state, &visitor, &view_of(FormView::new(), error)?).await,
    }
}

async fn change(state: &ConsoleState, visitor: &Visitor, sent: &PasswordForm) -> Result<NewSession, Error> {
    same_twice(&sent.new_password, &sent.again)?;
    let session = step_up::session(visitor)?;
    let permit = palisade_identity::policy::permit_own_account(&visitor.caller, session)?;
    state.identity.change_password(&visitor.caller, session, &permit, &sent.present_password, &sent.new_password).await
}

async fn form(state: &ConsoleState, visitor: &Visitor, view: &FormView) -> Outcome {
    permit(visitor)?;
    let present = Field::password("present_password", "Present password").autocomplete("current-password").required();
    let fields = std::iter::once(present).chain(new_password_fields(state).await?).map(|field| view.fill(field));
    let form = FormBody::new("/account/password", &visitor.csrf, "Change the password").fields(fields);
    page(visitor, "Password", "/account/password")
        .lead("Changing it ends your sessions on other devices.")
        .width(Width::Reading)
        .errors(view.summary())
        .body(&form)
}
