//! One user: who, how they sign in, what they may do, where they are signed in; and what can be done about it.

use axum::extract::State;
use palisade_base::{Scope, UserId};
use palisade_identity::{
    model::{Grant, UserDetail, UserStatus},
    permissions::{GRANT_UPDATE, SESSION_END, USER_UPDATE},
    policy::permit_read_users,
};
use palisade_web::{
    Html, Outcome, Page, PathId, Visitor,
    component::{ActionForm, Badge, ButtonLink, Cell, EmptyState, Facts, Head, Row, Table},
};

use super::{act::Act, crumbs};
use crate::{ConsoleState, parts::Sections, routes::account::key_state, words};

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, PathId(id): PathId<UserId>) -> Outcome {
    let permit = permit_read_users(&visitor.caller)?;
    let user = state.identity.user_detail(&permit, id).await?;
    let may = |permission| visitor.caller.authority.allows(&permission, Scope::All);
    let mut sections = Sections::new().part(&facts(&visitor, &user));
    if may(USER_UPDATE) {
        sections = sections.part(&acts(&user));
    }
    let mut roles = vec![Html::from_component(&grant_table(&state, &visitor, &user, may(GRANT_UPDATE)))];
    if may(GRANT_UPDATE) {
        let path = format!("/admin/users/{id}/roles");
        roles.push(Html::from_component(&ButtonLink::second("Give a role", path)));
    }
    let mut sessions = vec![Html::from_component(&session_table(&visitor, &user))];
    if may(SESSION_END) && !user.sessions.is_empty() {
        let path = format!("/admin/users/{id}/end-sessions");
        sessions.push(Html::from_component(&ButtonLink::second("End all sessions", path)));
    }
    let sections = sections
        .under("Roles", roles)
        .under("Signed in now", sessions)
        .under("API keys", [Html::from_component(&key_table(&visitor, &user, may(USER_UPDATE)))]);
    Page::new(&visitor, &user.row.display_name).crumbs(crumbs()).body(&sections)
}

fn facts(visitor: &Visitor, detail: &UserDetail) -> Facts {
    let user = &detail.row.user;
    let factor = match detail.factor.totp_since {
        Some(_) => Badge::ok("Authenticator app"),
        None => Badge::plain("None"),
    };
    let mut facts = Facts::new()
        .component("State", &words::user_state(&detail.row, visitor.now))
        .text("User name", user.user_name.as_str())
        .text("E-mail address to sign in with", user.email.as_ref().map_or("", |email| email.as_str()))
        .component("Second factor", &factor);
    if let Some(until) = detail.row.locked_until.filter(|until| *until > visitor.now) {
        facts = facts.component("Locked for strangers until", &words::when(visitor, until));
    }
    if detail.factor.totp_since.is_some() {
        facts = facts.text("Recovery codes left", detail.factor.recovery_codes_left.to_string());
    }
    for (label, at) in [
        ("Password set", user.password_changed_at),
        ("Last sign-in", user.last_sign_in_at),
        ("Made", Some(user.created_at)),
    ] {
        facts = match at {
            Some(at) => facts.component(label, &words::when(visitor, at)),
            None => facts.text(label, "Never"),
        };
    }
    facts
}

/// What can be done to this user in its present state.
fn acts(detail: &UserDetail) -> Html {
    let id = detail.row.user.id;
    let disabled = detail.row.user.status == UserStatus::Disabled;
    let offered = Act::ALL.into_iter().filter(|act| match act {
        Act::Disable => !disabled,
        Act::Enable => disabled,
        Act::Unlock => detail.row.locked_until.is_some(),
        Act::ResetFactor => detail.factor.totp_since.is_some(),
        Act::RequirePassword => !disabled && !detail.row.user.must_change_password,
        Act::PasswordLink => !disabled,
    });
    let names = ButtonLink::second("Change names", format!("/admin/users/{id}/names"));
    let buttons = offered.map(|act| ButtonLink::second(act.verb(), format!("/admin/users/{id}/do/{}", act.name())));
    let buttons = std::iter::once(names).chain(buttons).map(|button| Html::from_component(&button));
    crate::parts::button_row(buttons)
}

fn grant_table(state: &ConsoleState, visitor: &Visitor, detail: &UserDetail, may_take: bool) -> Table {
    let heads = ["Role", "On", "State", "Given"].map(Head::new);
    let empty =
        EmptyState::new("No role", "Without a role this user can sign in, see their own account, and nothing else.");
    Table::new("Roles", heads.into_iter().chain([Head::new("Take").hidden()]))
        .rows(detail.row.grants.iter().map(|grant| grant_row(state, visitor, grant, may_take)))
        .empty(empty)
}

fn grant_row(state: &ConsoleState, visitor: &Visitor, grant: &Grant, may_take: bool) -> Row {
    let badge = match grant.state {
        palisade_identity::model::GrantState::Active => Badge::ok("In force"),
        palisade_identity::model::GrantState::Pending => Badge::warn("Waits for a second factor"),
    };
    let take = ButtonLink::second("Take", format!("/admin/users/{}/roles/{}/take", grant.user, grant.role)).small();
    Row::new([
        Cell::text(&grant.role_name),
        Cell::text(state.site_label(&grant.site)),
        Cell::badge(&badge),
        Cell::when(&words::when(visitor, grant.granted_at)),
        Cell::html(if may_take { Html::from_component(&take) } else { Html::empty() }),
    ])
}

fn session_table(visitor: &Visitor, detail: &UserDetail) -> Table {
    let rows = detail.sessions.iter().map(|row| {
        let program = row.device_name.clone().unwrap_or_else(|| words::agent(row.agent.as_deref()));
        Row::new([
            Cell::text(program),
            Cell::text(row.address.as_deref().unwrap_or("–")),
            Cell::when(&words::when(visitor, row.created_at)),
            Cell::when(&words::when(visitor, row.last_used_at)),
        ])
    });
    Table::new("Live sessions", ["With", "From", "Since", "Last used"].map(Head::new))
        .rows(rows)
        .empty(EmptyState::new("Not signed in", "This user has no live session."))
}

fn key_table(visitor: &Visitor, detail: &UserDetail, may_revoke: bool) -> Table {
    let rows = detail.keys.iter().map(|key| {
        let usable = key.revoked_at.is_none() && key.expires_at > visitor.now;
        let revoke =
            ActionForm::new(format!("/admin/users/{}/keys/revoke", detail.row.user.id), &visitor.csrf, "Revoke")
                .of(&key.name)
                .with("key", key.id.to_string())
                .small();
        Row::new([
            Cell::text(&key.name),
            key.last_used_at.map_or_else(Cell::none, |at| Cell::when(&words::when(visitor, at))),
            Cell::html(key_state(visitor, key)),
            Cell::html(if usable && may_revoke { Html::from_component(&revoke) } else { Html::empty() }),
        ])
    });
    Table::new(
        "API keys",
        [Head::new("Name"), Head::new("Last used"), Head::new("State"), Head::new("Revoke").hidden()],
    )
    .rows(rows)
    .empty(EmptyState::new("No API keys", "Keys are made by their owners, under Account > API keys."))
}
