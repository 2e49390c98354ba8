//! The names that a user signs in with.

use axum::extract::State;
use palisade_base::{Error, UserId};
use palisade_identity::{
    model::{EmailAddress, UserDetail, UserName},
    policy::{permit_change_users, permit_read_users},
};
use palisade_web::{
    Fields, FormView, Notice, Outcome, Page, PathId, ProtectedForm, Visitor, Width, component::Field, decode_fields,
    see_other_with,
};
use serde::Deserialize;

use super::act::user_crumbs;
use crate::{
    ConsoleState,
    parts::{FormBody, view_of},
};

#[derive(Deserialize)]
struct NamesForm {
    version: i64,
    user_name: String,
    #[serde(default)]
    email: String,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, PathId(id): PathId<UserId>) -> Outcome {
    let user = state.identity.user_detail(&permit_read_users(&visitor.caller)?, id).await?;
    let names = &user.row.user;
    let view = FormView::new()
        .value("user_name", names.user_name.as_str())
        .value("email", names.email.as_ref().map_or("", |email| email.as_str()));
    page(&visitor, &user, &view)
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    PathId(id): PathId<UserId>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    let user = state.identity.user_detail(&permit_read_users(&visitor.caller)?, id).await?;
    match rename(&state, &visitor, id, &fields).await {
        Ok(()) => Ok(see_other_with(format!("/admin/users/{id}"), &Notice::ok("The names are changed."))),
        Err(error) => page(&visitor, &user, &view_of(FormView::kept(&fields), error)?),
    }
}

async fn rename(state: &ConsoleState, visitor: &Visitor, id: UserId, fields: &Fields) -> Result<(), Error> {
    let form: NamesForm = decode_fields(fields)?;
    let user_name = UserName::parse(&form.user_name).map_err(|message| Error::field("user_name", message))?;
    let email = (!form.email.trim().is_empty()).then(|| EmailAddress::parse(&form.email)).transpose();
    let email = email.map_err(|message| Error::field("email", message))?;
    let permit = permit_change_users(&visitor.caller)?;
    state.identity.rename_user(&visitor.caller, &permit, id, form.version, user_name, email).await
}

fn page(visitor: &Visitor, user: &UserDetail, view: &FormView) -> Outcome {
    let own = format!("/admin/users/{}", user.row.user.id);
    let fields = [
        Field::text("user_name", "User name").max_length(64).autocomplete("off").required(),
        Field::email("email", "E-mail address").hint("A second name to sign in with.").max_length(254).optional(),
    ];
    let form = FormBody::new(format!("{own}/names"), &visitor.csrf, "Save")
        .hidden("version", user.row.user.version.to_string())
        .fields(fields.into_iter().map(|field| view.fill(field)))
        .back("Cancel", own);
    Page::new(visitor, format!("Names of {}", user.row.display_name))
        .crumbs(user_crumbs(user))
        .width(Width::Reading)
        .errors(view.summary())
        .body(&form)
}
