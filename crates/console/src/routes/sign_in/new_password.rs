//! Choosing a new password because the old one has run out or was set by somebody else.

use axum::extract::{Query, State};
use palisade_base::{Error, Kind, SecretString, auth::SessionState};
use palisade_identity::settings::PasswordPolicy;
use palisade_web::{
    Failure, FormView, Outcome, Page, ProtectedForm, ReturnPath, Visitor, Width, component::Field, see_other,
};
use serde::Deserialize;

use super::{NextQuery, next_of, next_value, sign_out};
use crate::{
    ConsoleState,
    parts::{FormBody, view_of},
    session_cookies, step_up,
};

#[derive(Deserialize)]
pub(super) struct NewPasswordForm {
    new_password: SecretString,
    again: SecretString,
    next: Option<String>,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, Query(next): NextQuery) -> Outcome {
    let next = next.path();
    if let Some(elsewhere) = session_cookies::belongs_elsewhere(&visitor, SessionState::OwesPassword, next.as_ref()) {
        return Ok(elsewhere);
    }
    page(&state, &visitor, next.as_ref(), &FormView::new()).await
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<NewPasswordForm>,
) -> Outcome {
    let next = next_of(form.next.as_deref());
    if let Some(elsewhere) = session_cookies::belongs_elsewhere(&visitor, SessionState::OwesPassword, next.as_ref()) {
        return Ok(elsewhere);
    }
    let device = visitor.device.clone();
    let session = step_up::session(&visitor)?;
    let chosen = match same_twice(&form.new_password, &form.again) {
        Ok(()) => state.identity.choose_password(&visitor.caller, session, &form.new_password, device).await,
        Err(error) => Err(error),
    };
    match chosen {
        Ok(session) => Ok(session_cookies::go_on(&session, next.as_ref(), state.now())),
        Err(error) if error.kind() == Kind::Unauthenticated => Ok(see_other("/sign-in")),
        Err(error) => page(&state, &visitor, next.as_ref(), &view_of(FormView::new(), error)?).await,
    }
}

async fn page(state: &ConsoleState, visitor: &Visitor, next: Option<&ReturnPath>, view: &FormView) -> Outcome {
    let fields = new_password_fields(state).await?;
    let form = FormBody::new("/sign-in/new-password", &visitor.csrf, "Save the password")
        .hidden("next", next_value(next))
        .fields(fields.into_iter().map(|field| view.fill(field)))
        .after(sign_out::small_form(&visitor.csrf, "Stop and sign out")?);
    Page::new(visitor, "Choose a new password")
        .lead("The old one has run out, or was given to you by somebody else.")
        .width(Width::Card)
        .errors(view.summary())
        .body(&form)
}

/// The two fields for a new password, with the rules that are in force under the first.
pub(crate) async fn new_password_fields(state: &ConsoleState) -> Result<[Field; 2], Failure> {
    let policy = state.identity.settings::<PasswordPolicy>().await?.value;
    Ok([
        Field::password("new_password", "New password").hint(rules(&policy)).autocomplete("new-password").required(),
        Field::password("again", "The same once more").autocomplete("new-password").required(),
    ])
}

/// Whether somebody typed the same password twice.
pub(crate) fn same_twice(new: &SecretString, again: &SecretString) -> Result<(), Error> {
    if new.expose() == again.expose() {
        return Ok(());
    }
    Err(Error::field("again", "This is not the same as the new password. Type both again."))
}

/// The policy in a sentence or two.
pub(crate) fn rules(policy: &PasswordPolicy) -> String {
    let wanted = [
        (policy.require_upper, "an upper-case letter"),
        (policy.require_lower, "a lower-case letter"),
        (policy.require_digit, "a digit"),
        (policy.require_special, "a special character"),
    ];
    let wanted: Vec<_> = wanted.into_iter().filter(|(needed, _)| *needed).map(|(_, what)| what).collect();
    let classes = if wanted.is_empty() { String::new() } else { format!(", with {}", in_words(&wanted)) };
    format!(
        "At least {} characters{classes}. Not one that is known from breaches, and not your name.",
        policy.min_length
    )
}

fn in_words(list: &[&str]) -> String {
    match list {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
