//! The first administrator, by the link that was printed at the host.

use axum::extract::{Path, State};
use palisade_base::{Error, FieldError, PlainToken, SecretString};
use palisade_identity::model::{EmailAddress, NewAdministrator, NewSession, UserName};
use palisade_records::directory::NewPerson;
use palisade_web::{FormView, Outcome, Page, ProtectedForm, Visitor, Width, component::Field, path_segment};
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
    session_cookies,
};

#[derive(Deserialize)]
pub(super) struct SetUpForm {
    given_name: String,
    family_name: String,
    #[serde(default)]
    email: String,
    user_name: String,
    new_password: SecretString,
    again: SecretString,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, Path(text): Path<String>) -> Outcome {
    if let Err(error) = check(&state, &text).await {
        return failed_link(error);
    }
    page(&state, &visitor, &text, &FormView::new()).await
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path(text): Path<String>,
    ProtectedForm(form): ProtectedForm<SetUpForm>,
) -> Outcome {
    let token = match check(&state, &text).await {
        Ok(token) => token,
        Err(error) => return failed_link(error),
    };
    match complete(&state, &visitor, &token, &form).await {
        Ok(session) => Ok(session_cookies::go_on(&session, None, state.now())),
        Err(error) if is_about_input(&error) => page(&state, &visitor, &text, &kept(&form).failed(&error)).await,
        Err(error) => Err(alive_or(error)),
    }
}

async fn check(state: &ConsoleState, text: &str) -> Result<PlainToken, Error> {
    let token = PlainToken::from_client(text).ok_or_else(dead_link)?;
    state.identity.check_set_up_link(&token).await?;
    Ok(token)
}

fn kept(form: &SetUpForm) -> FormView {
    FormView::new()
        .value("given_name", &form.given_name)
        .value("family_name", &form.family_name)
        .value("email", &form.email)
        .value("user_name", &form.user_name)
}

async fn complete(
    state: &ConsoleState,
    visitor: &Visitor,
    token: &PlainToken,
    form: &SetUpForm,
) -> Result<NewSession, Error> {
    let new = read(form)?;
    state.identity.complete_set_up(token, new, visitor.caller.origin.clone()).await.map_err(rename_password_field)
}

/// All that is wrong at once, not one thing after the other.
fn read(form: &SetUpForm) -> Result<NewAdministrator, Error> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let person = NewPerson::parse(&form.given_name, &form.family_name, &form.email, "");
    if let Err(error) = &person {
        wrong.extend_from_slice(error.fields());
    }
    let user_name = UserName::parse(&form.user_name);
    if let Err(message) = &user_name {
        wrong.push(FieldError { field: "user_name".into(), message: message.clone() });
    }
    if let Err(error) = same_twice(&form.new_password, &form.again) {
        wrong.extend_from_slice(error.fields());
    }
    let email = (!form.email.trim().is_empty()).then(|| EmailAddress::parse(&form.email)).transpose();
    match (person, user_name, email, wrong.is_empty()) {
        (Ok(person), Ok(user_name), Ok(email), true) => {
            Ok(NewAdministrator { person, user_name, email, password: form.new_password.clone() })
        }
        (_, _, Err(message), true) => Err(Error::field("email", message)),
        _ => Err(Error::invalid(wrong)),
    }
}

/// Services call the field `password`; the form has two of them.
fn rename_password_field(error: Error) -> Error {
    if !error.fields().iter().any(|field| field.field == "password") {
        return error;
    }
    let rename = |field: &FieldError| {
        let name = if field.field == "password" { "new_password".into() } else { field.field.clone() };
        FieldError { field: name, message: field.message.clone() }
    };
    Error::invalid(error.fields().iter().map(rename).collect())
}

async fn page(state: &ConsoleState, visitor: &Visitor, token: &str, view: &FormView) -> Outcome {
    let fields = [
        Field::text("given_name", "Given name").autocomplete("given-name").max_length(100).required(),
        Field::text("family_name", "Family name").autocomplete("family-name").max_length(100).required(),
        Field::email("email", "E-mail address").autocomplete("email").max_length(254).optional(),
        Field::text("user_name", "User name").autocomplete("username").max_length(64).required(),
    ];
    let form = FormBody::new(format!("/set-up/{}", path_segment(token)), &visitor.csrf, "Go on")
        .fields(fields.into_iter().chain(new_password_fields(state).await?).map(|field| view.fill(field)));
    Page::new(visitor, "Welcome to Palisade")
        .lead("You become the first administrator. Next you set up your second factor.")
        .width(Width::Card)
        .errors(view.summary())
        .body(&form)
}
