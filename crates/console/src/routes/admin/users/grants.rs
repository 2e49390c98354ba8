//! Giving roles to a user, and taking them away.

use axum::extract::{Path, State};
use palisade_base::{Error, RoleId, SecretString, UserId};
use palisade_identity::{
    model::{FactorRule, Grant, GrantState, RoleDetail, UserDetail},
    policy::{permit_give_roles, permit_read_roles, permit_read_users},
};
use palisade_web::{
    Failure, Fields, FormView, Html, Notice, Outcome, Page, PathId, ProtectedForm, Visitor, Width,
    component::{Choice, Confirm, Field},
    decode_fields, see_other_with,
};
use serde::Deserialize;

use super::act::user_crumbs;
use crate::{
    ConsoleState,
    parts::{FormBody, paragraph, view_of},
    step_up, words,
};

#[derive(Deserialize)]
struct GiveForm {
    role: Option<RoleId>,
    proof: SecretString,
}

#[derive(Deserialize)]
pub(super) struct TakeForm {
    proof: SecretString,
}

async fn user_of(state: &ConsoleState, visitor: &Visitor, id: UserId) -> Result<UserDetail, Failure> {
    Ok(state.identity.user_detail(&permit_read_users(&visitor.caller)?, id).await?)
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, PathId(id): PathId<UserId>) -> Outcome {
    let user = user_of(&state, &visitor, id).await?;
    page(&state, &visitor, &user, &FormView::new()).await
}

pub(super) async fn give(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    PathId(id): PathId<UserId>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    let user = user_of(&state, &visitor, id).await?;
    match grant(&state, &visitor, id, &fields).await {
        Ok(GrantState::Active) => Ok(done(id, &Notice::ok("The role is given."))),
        Ok(GrantState::Pending) => {
            let name = &user.row.display_name;
            Ok(done(
                id,
                &Notice::warn(format!("The role is given, and waits until {name} has set up a second factor.")),
            ))
        }
        Err(error) => page(&state, &visitor, &user, &view_of(FormView::kept(&fields), error)?).await,
    }
}

async fn grant(state: &ConsoleState, visitor: &Visitor, id: UserId, fields: &Fields) -> Result<GrantState, Error> {
    let form: GiveForm = decode_fields(fields)?;
    let role = form.role.ok_or_else(|| Error::field("role", "Choose a role."))?;
    step_up::check(state, visitor, &form.proof).await?;
    let permit = permit_give_roles(&visitor.caller)?;
    state.identity.grant_role(&visitor.caller, &permit, id, role).await
}

fn done(id: UserId, notice: &Notice) -> axum::response::Response {
    see_other_with(format!("/admin/users/{id}"), notice)
}

async fn page(state: &ConsoleState, visitor: &Visitor, user: &UserDetail, view: &FormView) -> Outcome {
    let roles = state.identity.list_roles(&permit_read_roles(&visitor.caller)?).await?;
    let own = format!("/admin/users/{}", user.row.user.id);
    let offered = roles.iter().filter(|detail| user.row.grants.iter().all(|held| held.role != detail.role.id));
    let choices: Vec<_> = offered.map(|detail| choice(state, detail)).collect();
    let title = format!("Give a role to {}", user.row.display_name);
    let page = Page::new(visitor, title).crumbs(user_crumbs(user)).width(Width::Reading).errors(view.summary());
    if choices.is_empty() {
        return page.body_html(&paragraph("This user holds every role that there is.")?);
    }
    let form = FormBody::new(format!("{own}/roles"), &visitor.csrf, "Give the role")
        .field(&view.fill(Field::radios("role", "Role", choices)))
        .field(&view.fill(step_up::field(state, visitor).await?))
        .back("Cancel", own);
    page.body(&form)
}

fn choice(state: &ConsoleState, detail: &RoleDetail) -> Choice {
    let role = &detail.role;
    let label = format!("{} ({})", role.name, state.site_label(&role.site));
    let factor = match role.factor {
        FactorRule::Required => " Needs a second factor.",
        FactorRule::Recommended | FactorRule::Optional => "",
    };
    Choice::new(role.id.to_string(), label).hint(format!("{}{factor}", role.description))
}

/// The user and the role that an address names.
async fn held(state: &ConsoleState, visitor: &Visitor, id: &str, role: &str) -> Result<(UserDetail, Grant), Failure> {
    let id: UserId = id.parse().map_err(|_| Error::not_found())?;
    let role: RoleId = role.parse().map_err(|_| Error::not_found())?;
    let user = user_of(state, visitor, id).await?;
    let grant = user.row.grants.iter().find(|grant| grant.role == role).cloned().ok_or_else(Error::not_found)?;
    Ok((user, grant))
}

pub(super) async fn ask_to_take(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path((id, role)): Path<(String, String)>,
) -> Outcome {
    let (user, grant) = held(&state, &visitor, &id, &role).await?;
    take_page(&state, &visitor, &user, &grant, &FormView::new()).await
}

pub(super) async fn take(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path((id, role)): Path<(String, String)>,
    ProtectedForm(form): ProtectedForm<TakeForm>,
) -> Outcome {
    let (user, grant) = held(&state, &visitor, &id, &role).await?;
    match revoke(&state, &visitor, &grant, &form.proof).await {
        Ok(()) => Ok(done(grant.user, &Notice::ok(format!("The role {} is taken.", grant.role_name)))),
        Err(error) => take_page(&state, &visitor, &user, &grant, &view_of(FormView::new(), error)?).await,
    }
}

async fn revoke(state: &ConsoleState, visitor: &Visitor, grant: &Grant, proof: &SecretString) -> Result<(), Error> {
    step_up::check(state, visitor, proof).await?;
    let permit = permit_give_roles(&visitor.caller)?;
    state.identity.revoke_role(&visitor.caller, &permit, grant.user, grant.role).await
}

async fn take_page(
    state: &ConsoleState,
    visitor: &Visitor,
    user: &UserDetail,
    grant: &Grant,
    view: &FormView,
) -> Outcome {
    let own = format!("/admin/users/{}", user.row.user.id);
    let name = &user.row.display_name;
    let path = format!("{own}/roles/{}/take", grant.role);
    let confirm = Confirm::new(path, &visitor.csrf, "Take the role", &own)
        .effect(format!("{name} can no longer do what {} allows, within a second.", grant.role_name))
        .effect(match user.row.grants.len() {
            1 => format!("{name} then holds no role at all: only their own account is left to them."),
            n => format!(
                "{name} keeps {}.",
                words::count(i64::try_from(n - 1).unwrap_or(1), "other role", "other roles")
            ),
        })
        .field(view.fill(step_up::field(state, visitor).await?));
    Page::new(visitor, format!("Take {} from {name}", grant.role_name))
        .crumbs(user_crumbs(user))
        .width(Width::Reading)
        .errors(view.summary())
        .body_html(&Html::from_component(&confirm))
}
