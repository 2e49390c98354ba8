//! What an administrator does to one user: each says first what will happen, and asks who sits there.

use axum::extract::{Path, State};
use palisade_base::{Error, SecretString, UserId};
use palisade_identity::{
    model::UserDetail,
    policy::{permit_change_users, permit_read_users},
};
use palisade_web::{
    Failure, FormView, Html, Notice, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{Breadcrumbs, ButtonLink, Callout, Confirm, SecretOnce, Tone},
    see_other_with,
};
use serde::Deserialize;

use super::crumbs;
use crate::{
    ConsoleState,
    parts::{Sections, view_of},
    step_up, words,
};

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Unlock,
    PasswordLink,
    RequirePassword,
    ResetFactor,
    Disable,
    Enable,
}

impl Act {
    pub(super) const ALL: [Self; 6] =
        [Self::Unlock, Self::PasswordLink, Self::RequirePassword, Self::ResetFactor, Self::Enable, Self::Disable];

    /// As in the address.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Unlock => "unlock",
            Self::PasswordLink => "password-link",
            Self::RequirePassword => "require-new-password",
            Self::ResetFactor => "reset-factor",
            Self::Disable => "disable",
            Self::Enable => "enable",
        }
    }

    pub(super) const fn verb(self) -> &'static str {
        match self {
            Self::Unlock => "Unlock",
            Self::PasswordLink => "Make a password link",
            Self::RequirePassword => "Require a new password",
            Self::ResetFactor => "Reset second factor",
            Self::Disable => "Disable",
            Self::Enable => "Enable",
        }
    }

    /// Taking away asks for a proof; giving back what was there does not, except where it opens a way in.
    const fn needs_proof(self) -> bool {
        !matches!(self, Self::Unlock)
    }

    fn effects(self, user: &UserDetail) -> Vec<String> {
        let name = &user.row.display_name;
        let sessions = match user.sessions.len() {
            0 => format!("{name} has no live session now."),
            n => format!(
                "{name} is signed out at once ({}).",
                words::count(i64::try_from(n).unwrap_or(i64::MAX), "session", "sessions")
            ),
        };
        match self {
            Self::Unlock => vec![format!("Failed tries are forgotten: {name} can sign in again from anywhere.")],
            Self::PasswordLink => vec![
                format!("You get a link with which {name} chooses a new password. It works once, for 24 hours."),
                "Whoever has the link can do that, so hand it over in a safe way. It does not stand for the second factor.".to_owned(),
            ],
            Self::RequirePassword => {
                vec![format!("{name} must choose a new password at the next sign-in."), sessions]
            }
            Self::ResetFactor => vec![
                format!("The authenticator app and the recovery codes of {name} stop working."),
                "Roles that require a second factor allow nothing until a new one is set up.".to_owned(),
                sessions,
            ],
            Self::Disable => vec![
                format!("{name} can no longer sign in, anywhere. Their API keys stop."),
                sessions,
                "Nothing is deleted; enabling gives everything back.".to_owned(),
            ],
            Self::Enable => vec![format!("{name} can sign in again, with the roles that they hold.")],
        }
    }

    fn done(self, name: &str) -> String {
        match self {
            Self::Unlock => format!("{name} can sign in again from anywhere."),
            Self::PasswordLink => String::new(),
            Self::RequirePassword => format!("{name} must choose a new password at the next sign-in."),
            Self::ResetFactor => format!("The second factor of {name} is reset."),
            Self::Disable => format!("{name} is disabled and signed out everywhere."),
            Self::Enable => format!("{name} can sign in again."),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ActForm {
    proof: Option<SecretString>,
}

/// The user and the act that an address names.
async fn named(state: &ConsoleState, visitor: &Visitor, id: &str, act: &str) -> Result<(UserDetail, Act), Failure> {
    let act = Act::ALL.into_iter().find(|known| known.name() == act).ok_or_else(Error::not_found)?;
    let id: UserId = id.parse().map_err(|_| Error::not_found())?;
    let permit = permit_read_users(&visitor.caller)?;
    Ok((state.identity.user_detail(&permit, id).await?, act))
}

pub(super) async fn show(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path((id, act)): Path<(String, String)>,
) -> Outcome {
    let (user, act) = named(&state, &visitor, &id, &act).await?;
    page(&state, &visitor, &user, act, &FormView::new()).await
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Path((id, act)): Path<(String, String)>,
    ProtectedForm(form): ProtectedForm<ActForm>,
) -> Outcome {
    let (user, act) = named(&state, &visitor, &id, &act).await?;
    match perform(&state, &visitor, &user, act, form.proof).await {
        Ok(Some(link)) => link_page(&visitor, &user, &link),
        Ok(None) => {
            let notice = Notice::ok(act.done(&user.row.display_name));
            Ok(see_other_with(format!("/admin/users/{}", user.row.user.id), &notice))
        }
        Err(error) => page(&state, &visitor, &user, act, &view_of(FormView::new(), error)?).await,
    }
}

/// Does it; gives the link, where that is what was asked for.
async fn perform(
    state: &ConsoleState,
    visitor: &Visitor,
    user: &UserDetail,
    act: Act,
    proof: Option<SecretString>,
) -> Result<Option<String>, Error> {
    let permit = permit_change_users(&visitor.caller)?;
    if act.needs_proof() {
        step_up::check(state, visitor, &proof.unwrap_or_else(|| SecretString::new(String::new()))).await?;
    }
    let (caller, id, identity) = (&visitor.caller, user.row.user.id, &state.identity);
    match act {
        Act::Unlock => identity.unlock_user(caller, &permit, id).await?,
        Act::RequirePassword => identity.require_password_change(caller, &permit, id).await?,
        Act::ResetFactor => identity.reset_factor(caller, &permit, id).await?,
        Act::Disable => identity.disable_user(caller, &permit, id).await?,
        Act::Enable => identity.enable_user(caller, &permit, id).await?,
        Act::PasswordLink => {
            let link = identity.issue_password_link(caller, &permit, id).await?;
            return Ok(Some(format!("{}/sign-in/reset/{}", state.config.base_url, link.token.reveal())));
        }
    }
    Ok(None)
}

async fn page(state: &ConsoleState, visitor: &Visitor, user: &UserDetail, act: Act, view: &FormView) -> Outcome {
    let id = user.row.user.id;
    let own = format!("/admin/users/{id}");
    let mut confirm = Confirm::new(format!("{own}/do/{}", act.name()), &visitor.csrf, act.verb(), &own);
    for effect in act.effects(user) {
        confirm = confirm.effect(effect);
    }
    if act.needs_proof() {
        confirm = confirm.field(view.fill(step_up::field(state, visitor).await?));
    }
    if !matches!(act, Act::Disable | Act::ResetFactor | Act::RequirePassword) {
        confirm = confirm.harmless();
    }
    let title = format!("{}: {}", act.verb(), user.row.display_name);
    Page::new(visitor, title)
        .crumbs(user_crumbs(user))
        .width(Width::Reading)
        .errors(view.summary())
        .body_html(&Html::from_component(&confirm))
}

/// The way to a page below one user's.
pub(super) fn user_crumbs(user: &UserDetail) -> Breadcrumbs {
    crumbs().link(&user.row.display_name, format!("/admin/users/{}", user.row.user.id))
}

fn link_page(visitor: &Visitor, user: &UserDetail, link: &str) -> Outcome {
    let name = &user.row.display_name;
    let back = ButtonLink::second("Done", format!("/admin/users/{}", user.row.user.id));
    let sections = Sections::new()
        .part(&Callout::new(
            Tone::Warn,
            "Copy it now: it is not shown again. Whoever opens it first can set the password.",
        ))
        .part(&SecretOnce::new("link", format!("The password link for {name}, for 24 hours"), link))
        .part(&back);
    Page::new(visitor, "Hand over this link").crumbs(user_crumbs(user)).width(Width::Reading).body(&sections)
}
