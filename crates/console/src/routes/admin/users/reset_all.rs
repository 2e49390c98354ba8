//! Everybody must choose a new password: for the day after a breach.

use axum::extract::State;
use palisade_base::{Error, SecretString};
use palisade_identity::policy::permit_change_users;
use palisade_web::{FormView, Html, Outcome, Page, ProtectedForm, Visitor, Width, component::Confirm, see_other};
use serde::Deserialize;

use super::crumbs;
use crate::{ConsoleState, parts::view_of, step_up};

#[derive(Deserialize)]
pub(super) struct ResetForm {
    proof: SecretString,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    page(&state, &visitor, &FormView::new()).await
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<ResetForm>,
) -> Outcome {
    match reset(&state, &visitor, &form.proof).await {
        // The own session ended with all the others.
        Ok(_) => Ok(see_other("/sign-in")),
        Err(error) => page(&state, &visitor, &view_of(FormView::new(), error)?).await,
    }
}

async fn reset(state: &ConsoleState, visitor: &Visitor, proof: &SecretString) -> Result<i64, Error> {
    step_up::check(state, visitor, proof).await?;
    let permit = permit_change_users(&visitor.caller)?;
    state.identity.require_password_change_of_all(&visitor.caller, &permit).await
}

async fn page(state: &ConsoleState, visitor: &Visitor, view: &FormView) -> Outcome {
    let confirm = Confirm::new("/admin/users/reset-passwords", &visitor.csrf, "Reset all passwords", "/admin/security/sessions")
        .effect("Everybody, you included, is signed out at once.")
        .effect("At the next sign-in each person gives their present password and second factor, and must then choose a new password.")
        .effect("API keys go on working. Revoke them one by one where they may be known to somebody.")
        .field(view.fill(step_up::field(state, visitor).await?));
    Page::new(visitor, "Reset all passwords")
        .crumbs(crumbs())
        .width(Width::Reading)
        .errors(view.summary())
        .body_html(&Html::from_component(&confirm))
}
