//! Signing one user out everywhere.

use axum::extract::State;
use palisade_base::UserId;
use palisade_identity::{
    model::UserDetail,
    policy::{permit_end_sessions, permit_read_users},
};
use palisade_web::{
    Failure, Fields, Html, Notice, Outcome, Page, PathId, ProtectedForm, Visitor, Width, component::Confirm,
    see_other_with,
};

use super::act::user_crumbs;
use crate::{ConsoleState, words};

async fn user_of(state: &ConsoleState, visitor: &Visitor, id: UserId) -> Result<UserDetail, Failure> {
    Ok(state.identity.user_detail(&permit_read_users(&visitor.caller)?, id).await?)
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, PathId(id): PathId<UserId>) -> Outcome {
    let user = user_of(&state, &visitor, id).await?;
    let name = &user.row.display_name;
    let own = format!("/admin/users/{id}");
    let live = words::count(i64::try_from(user.sessions.len()).unwrap_or(i64::MAX), "session ends", "sessions end");
    let confirm = Confirm::new(format!("{own}/end-sessions"), &visitor.csrf, "End all sessions", &own)
        .effect(format!("{live}: {name} is signed out everywhere within a second."))
        .effect("What was typed and not saved there is lost. They can sign in again.");
    Page::new(&visitor, format!("End the sessions of {name}"))
        .crumbs(user_crumbs(&user))
        .width(Width::Reading)
        .body_html(&Html::from_component(&confirm))
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    PathId(id): PathId<UserId>,
    ProtectedForm(_): ProtectedForm<Fields>,
) -> Outcome {
    let permit = permit_end_sessions(&visitor.caller)?;
    let ended = state.identity.end_sessions_of(&visitor.caller, &permit, id).await?;
    let notice = Notice::ok(format!("{} ended.", words::count(ended, "session", "sessions")));
    Ok(see_other_with(format!("/admin/users/{id}"), &notice))
}
