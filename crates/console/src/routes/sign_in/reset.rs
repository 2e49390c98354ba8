//! Choosing a password with a link that an administrator gave.

use axum::extract::{Path, State};
use palisade_base::{Error, PlainToken, SecretString};
use palisade_identity::model::UserName;
use palisade_web::{
    FormView, Notice, Outcome, Page, ProtectedForm, Visitor, Width, component::Field, path_segment, see_other_with,
};
use serde::Deserialize;

use super::{
    failed_link,
    link::alive_or,
    new_password::{new_password_fields, same_twice},
    password::dead_link,
};
use crate::{
    ConsoleState,
    parts::{FormBody, is_about_input},
};

#[derive(Deserialize)]
pub(super) struct ResetForm {
    /// The browser's password store wants to know whose password it is; we know it by the link.
    #[serde(rename = "user_name")]
    _user_name: Option<String>,
    new_password: SecretString,
    again: SecretString,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, Path(text): Path<String>) -> Outcome {
    let user = match check(&state, &text).await {
        Ok((_, user)) => user,
        Err(error) => return failed_link(error),
    };
    page(&state, &visitor, &text, &user, &FormView::new()).await
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path(text): Path<String>,
    ProtectedForm(form): ProtectedForm<ResetForm>,
) -> Outcome {
    let (token, user) = match check(&state, &text).await {
        Ok(found) => found,
        Err(error) => return failed_link(error),
    };
    match set(&state, &visitor, &token, &form).await {
        Ok(()) => Ok(see_other_with("/sign-in", &Notice::ok("The password is set. Sign in with it now."))),
        Err(error) if is_about_input(&error) => {
            page(&state, &visitor, &text, &user, &FormView::new().failed(&error)).await
        }
        Err(error) => Err(alive_or(error)),
    }
}

/// The link, and whose it is.
async fn check(state: &ConsoleState, text: &str) -> Result<(PlainToken, UserName), Error> {
    let token = PlainToken::from_client(text).ok_or_else(dead_link)?;
    let user = state.identity.check_password_link(&token).await?;
    Ok((token, user))
}

async fn set(state: &ConsoleState, visitor: &Visitor, token: &PlainToken, form: &ResetForm) -> Result<(), Error> {
    same_twice(&form.new_password, &form.again)?;
    state.identity.open_password_link(token, &form.new_password, visitor.caller.origin.clone()).await
}

async fn page(state: &ConsoleState, visitor: &Visitor, token: &str, user: &UserName, view: &FormView) -> Outcome {
    let name = Field::text("user_name", "User name").value(user.as_str()).autocomplete("username").read_only();
    let form = FormBody::new(format!("/sign-in/reset/{}", path_segment(token)), &visitor.csrf, "Save the password")
        .field(&name)
        .fields(new_password_fields(state).await?.into_iter().map(|field| view.fill(field)));
    Page::new(visitor, "Choose your password").width(Width::Card).errors(view.summary()).body(&form)
}
