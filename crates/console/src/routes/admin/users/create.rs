//! Adding a user, for somebody of the directory or somebody new.

use axum::extract::{Query, State};
use palisade_base::{Error, FieldError, PersonId, SecretString};
use palisade_identity::{
    model::{EmailAddress, InitialPassword, NewUser, PersonOf, User, UserName},
    policy::permit_create_users,
};
use palisade_records::directory::{NewPerson, find_person};
use palisade_web::{
    Failure, Fields, FormView, Html, Notice, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{Choice, Field},
    decode_fields, see_other_with,
};
use serde::Deserialize;

use super::crumbs;
use crate::{
    ConsoleState,
    parts::{FormBody, paragraph, view_of},
};

#[derive(Deserialize)]
pub(super) struct Whose {
    /// Somebody of the directory; where it is missing, a new person is entered.
    person: Option<PersonId>,
}

#[derive(Deserialize)]
struct UserForm {
    /// Read before the rest, since it decides what the form shows.
    #[serde(rename = "person")]
    _person: Option<String>,
    #[serde(default)]
    given_name: String,
    #[serde(default)]
    family_name: String,
    #[serde(default)]
    phone: String,
    user_name: String,
    #[serde(default)]
    email: String,
    way_in: WayIn,
    password: Option<SecretString>,
}

/// How a new user gets in.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum WayIn {
    Link,
    Password,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, Query(whose): Query<Whose>) -> Outcome {
    page(&state, &visitor, whose.person, &FormView::new()).await
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    let person = fields.text("person").filter(|text| !text.is_empty()).map(str::parse::<PersonId>);
    let person = person.transpose().map_err(|_| Error::not_found())?;
    match create(&state, &visitor, &fields, person).await {
        Ok((user, way_in)) => Ok(added(&user, way_in)),
        Err(error) => page(&state, &visitor, person, &view_of(FormView::kept(&fields), error)?).await,
    }
}

fn added(user: &User, way_in: WayIn) -> axum::response::Response {
    let id = user.id;
    match way_in {
        WayIn::Password => {
            let notice = Notice::ok(
                "The user is added. At the first sign-in they choose a password of their own. Now give them a role.",
            );
            see_other_with(format!("/admin/users/{id}"), &notice)
        }
        WayIn::Link => {
            let notice = Notice::ok(
                "The user is added. Make the link with which they choose a password; then give them a role.",
            );
            see_other_with(format!("/admin/users/{id}/do/password-link"), &notice)
        }
    }
}

async fn create(
    state: &ConsoleState,
    visitor: &Visitor,
    fields: &Fields,
    person: Option<PersonId>,
) -> Result<(User, WayIn), Error> {
    let form: UserForm = decode_fields(fields)?;
    let permit = permit_create_users(&visitor.caller)?;
    let new = read(&form, person)?;
    let user = state.identity.create_user(&visitor.caller, &permit, new).await?;
    Ok((user, form.way_in))
}

/// All that is wrong at once.
fn read(form: &UserForm, person: Option<PersonId>) -> Result<NewUser, Error> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let user_name = UserName::parse(&form.user_name)
        .map_err(|message| wrong.push(FieldError { field: "user_name".into(), message }))
        .ok();
    let email = (!form.email.trim().is_empty()).then(|| EmailAddress::parse(&form.email)).transpose();
    let email = email.map_err(|message| wrong.push(FieldError { field: "email".into(), message })).ok();
    let person = match person {
        Some(id) => Some(PersonOf::Existing(id)),
        None => NewPerson::parse(&form.given_name, &form.family_name, &form.email, &form.phone)
            .map(PersonOf::New)
            .map_err(|error| wrong.extend(error.fields().iter().filter(|e| e.field != "email").cloned()))
            .ok(),
    };
    let password = match (form.way_in, &form.password) {
        (WayIn::Link, _) => Some(InitialPassword::None),
        (WayIn::Password, Some(password)) => Some(InitialPassword::Temporary(password.clone())),
        (WayIn::Password, None) => {
            let message = "Type the first password, or choose the link.".to_owned();
            wrong.push(FieldError { field: "password".into(), message });
            None
        }
    };
    match (person, user_name, email, password, wrong.is_empty()) {
        (Some(person), Some(user_name), Some(email), Some(password), true) => {
            Ok(NewUser { person, user_name, email, password })
        }
        _ => Err(Error::invalid(wrong)),
    }
}

async fn page(state: &ConsoleState, visitor: &Visitor, person: Option<PersonId>, view: &FormView) -> Outcome {
    let ways = [
        Choice::new("link", "A link with which they choose a password")
            .hint("Works once, for 24 hours. Nobody else ever knows the password."),
        Choice::new("password", "A first password that you type")
            .hint("They must choose another at the first sign-in."),
    ];
    let fields = [
        Field::text("user_name", "User name")
            .hint("Letters a to z, digits, and . _ - only.")
            .autocomplete("off")
            .max_length(64),
        Field::email("email", "E-mail address").hint("A second name to sign in with.").max_length(254).optional(),
        Field::radios("way_in", "How they get in for the first time", ways).value("link"),
        Field::password("password", "First password").hint("Only if you chose it above.").autocomplete("new-password"),
    ];
    let mut form = FormBody::new("/admin/users/new", &visitor.csrf, "Add the user")
        .before(intro(state, person).await?)
        .back("Cancel", "/admin/users");
    form = match person {
        Some(id) => form.hidden("person", id.to_string()),
        None => form.fields(person_fields().map(|field| view.fill(field))),
    };
    let form = form.fields(fields.into_iter().map(|field| view.fill(field)));
    Page::new(visitor, "Add a user").crumbs(crumbs()).width(Width::Reading).errors(view.summary()).body(&form)
}

async fn intro(state: &ConsoleState, person: Option<PersonId>) -> Result<Html, Failure> {
    let Some(id) = person else {
        return paragraph(
            "This enters a new person into the directory. The user gets no role yet; you give one afterwards.",
        );
    };
    let mut conn = state.store.read().await?;
    let person = find_person(&mut conn, id).await?.ok_or_else(Error::not_found)?;
    paragraph(&format!("The user is for {}. They get no role yet; you give one afterwards.", person.name()))
}

fn person_fields() -> [Field; 3] {
    [
        Field::text("given_name", "Given name").max_length(100).required(),
        Field::text("family_name", "Family name").max_length(100).required(),
        Field::phone("phone", "Telephone").max_length(40).optional(),
    ]
}
